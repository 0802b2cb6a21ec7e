"""The demo's conversations and forms."""

from __future__ import annotations

import pytest

from privacycenter.records.demo import make_records
from privacycenter.records.models import FormSubmission, Interaction
from tests.records.builders import SYSTEM

pytestmark = pytest.mark.django_db


def test_demo_records_are_the_same_each_time_whoever_else_is_there():
    first = make_records([("email", "ada@example.com")], per_person=10, actor=SYSTEM)

    again = make_records([("email", "grace@example.com"), ("email", "ada@example.com")], per_person=12, actor=SYSTEM)

    assert (first, again) == (10, 14)
    assert (Interaction.objects.count(), FormSubmission.objects.count()) == (12, 12)
