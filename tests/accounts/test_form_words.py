"""What forms ask for and how they complain: examples that work, problems that name their field."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.forms.base import phone_field
from accounts.forms.profile import ProfileForm

pytestmark = pytest.mark.django_db


def test_the_example_of_a_phone_number_is_one():
    field = phone_field()
    for words in (field.help_text, field.error_messages["invalid"]):
        example = re.search(r"\+[\d ]+\d", str(words)).group()

        assert field.clean(example).is_valid()


def test_an_empty_registration_names_every_field_in_its_summary():
    page = Client().post("/accounts/signup/", {}).content.decode()
    summary = page.partition('id="error-summary"')[2].partition("</ul>")[0]

    assert "This field is required" not in page
    for words in ("full name", "e-mail address", "contact number", "company", "country", "username", "password", "date of birth"):
        assert words in summary.lower()


def test_the_summary_is_where_reading_goes_on():
    assert 'tabindex="-1" id="error-summary" autofocus' in Client().post("/accounts/signup/", {}).content.decode()


def test_the_profile_asks_in_its_own_words_too():
    for name, field in ProfileForm.base_fields.items():
        assert not field.required or "This field" not in str(field.error_messages["required"]), name
