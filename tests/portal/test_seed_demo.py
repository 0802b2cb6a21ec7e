from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from accounts.models import User
from privacycenter.audit.sealing import seal_all, verify
from privacycenter.datamap.models import ConnectorSource
from privacycenter.portal import demo
from privacycenter.records.models import FormSubmission, Interaction
from requests_app.enums import Kind
from requests_app.models import ChildReport, Correction, ErasurePlan, Receiver, Request

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.fixture(autouse=True)
def _as_in_the_demo(settings):
    settings.DEBUG = True


def _seed(**options: Any) -> dict[str, Any]:
    out = StringIO()
    call_command("seed_demo", as_json=True, stdout=out, **options)
    return dict(json.loads(out.getvalue()))


def test_the_demo_has_everybody_their_data_and_requests_in_many_states():
    answer = _seed(people=12, records_per_person=4)

    assert answer["added"] == {"customers": 12, "records": 52, "choices": 12, "requests": 13}
    assert Interaction.objects.count() + FormSubmission.objects.count() == 52
    assert ConnectorSource.objects.count() == 3
    assert set(Request.objects.values_list("status", flat=True)) == {"received", "collecting", "ready", "closed", "triage", "approval"}
    assert set(Request.objects.values_list("kind", flat=True)) == set(Kind.values) - {Kind.WITHDRAWAL, Kind.REVIEW, Kind.CHILD}
    plan = ErasurePlan.objects.get()
    assert (plan.proposed_by.username, plan.approved_by, plan.obstacle) == ("agent", None, "")
    assert Correction.objects.count() == 2
    assert (ChildReport.objects.count(), Receiver.objects.get().state) == (1, "proposed")
    assert User.objects.filter(username="dpo", is_staff=True, is_superuser=False, groups__name="Data protection officer").exists()
    assert User.objects.get(username="amira").check_password(demo.PASSWORD)


def test_a_second_run_adds_only_what_is_missing():
    _seed(people=12, records_per_person=2)

    again, more = _seed(people=12, records_per_person=2), _seed(people=13, records_per_person=2)

    assert again["added"] == {"customers": 0, "records": 0, "choices": 0, "requests": 0}
    assert more["added"] == {"customers": 1, "records": 2, "choices": 1, "requests": 0}


def test_the_trail_of_the_demo_is_whole():
    _seed(people=11, records_per_person=1)

    seal_all()

    assert verify().is_intact


def test_the_same_seed_makes_the_same_people():
    first, same, other = (list(demo.people(30, seed=seed)) for seed in (1, 1, 2))

    assert first == same
    assert first != other
    assert len({person.username for person in first}) == 30
    assert [person.phone for person in first] == [person.phone for person in same]


def test_people_with_a_published_password_are_not_made_in_production(settings):
    settings.DEBUG = False

    with pytest.raises(CommandError) as refusal:
        _seed()

    assert refusal.value.returncode == 2
    assert not User.objects.exists()
