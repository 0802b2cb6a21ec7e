"""An account that is erased: an empty row that nobody can use, and a person who may come back as somebody new."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from accounts.domain.erasing import PREFIX
from accounts.enums import DATA_PROTECTION_OFFICER
from accounts.models import User
from accounts.sources import ProfileSource, SessionSource
from privacycenter.kernel import clock
from privacycenter.kernel.sources import CannotChange, CannotErase, Erased, FieldChange, Treatment
from privacycenter.subjects.models import Identifier, Subject
from requests_app.roles import DPO
from tests.accounts.test_codes import at_once
from tests.accounts.test_registration import answers
from tests.factories.accounts import PASSWORD, make_account, signed_in
from tests.factories.requests import make_dpo, with_role

pytestmark = pytest.mark.django_db
SOURCE, SESSIONS = ProfileSource(), SessionSource()


def locator_of(user: User) -> dict[str, int]:
    return {"account": user.pk}


def erase(user: User) -> Erased:
    return SOURCE.erase(locator_of(user), Treatment.ANONYMISE)


def values_of(user: User) -> dict[str, Any]:
    return User.objects.values().get(pk=user.pk)


@pytest.mark.obligation("R-03")
def test_an_erased_account_names_nobody_and_opens_to_nobody() -> None:
    user = make_account(username="ada", email="ada@example.com")
    client = signed_in(user)

    assert erase(user) == Erased(anonymised=1)

    left = values_of(user)
    assert [name for name, value in left.items() if "ada" in str(value).lower() or "person" in str(value).lower()] == []
    assert (left["is_active"], left["full_name"], left["phone"], left["last_login"]) == (False, "", "", None)
    assert client.get("/accounts/profile/").status_code == 302
    for login in ("ada", "ada@example.com", left["username"]):
        there = Client()
        there.post("/accounts/login/", {"login": login, "password": PASSWORD})
        assert "_auth_user_id" not in there.session


def test_placeholders_differ_from_each_other_and_can_be_had_by_nobody() -> None:
    users = [make_account() for _ in range(3)]

    for user in users:
        erase(user)

    names = set(User.objects.values_list("username", flat=True))
    assert len(names) == 3
    assert all(name.startswith(PREFIX) and len(name) == len(PREFIX) + 32 for name in names)


def test_who_was_erased_registers_again_as_a_new_person_with_the_same_name_and_address() -> None:
    user = make_account(username="ada", email="ada@example.com")
    user.emailaddress_set.all().delete()
    Identifier.objects.filter(subject=user.subject).delete()
    erase(user)

    Client().post("/accounts/signup/", answers())

    new = User.objects.get(username="ada")
    assert (new.pk != user.pk, new.subject_id != user.subject_id) == (True, True)


def test_a_closed_account_keeps_the_day_it_was_closed_and_is_erased_all_the_same() -> None:
    user = make_account()
    closed_at = clock.now()
    User.objects.filter(pk=user.pk).update(is_active=False, closed_at=closed_at)

    erase(user)

    assert (values_of(user)["closed_at"], SOURCE.verify_erased(locator_of(user))) == (closed_at, 0)


def test_an_account_can_be_kept_but_not_deleted() -> None:
    user = make_account()
    before = values_of(user)

    with pytest.raises(CannotErase) as refused:
        SOURCE.erase(locator_of(user), Treatment.DELETE)
    kept = SOURCE.erase(locator_of(user), Treatment.RETAIN)

    assert (refused.value.code, kept, values_of(user)) == ("unfit_treatment", Erased(retained=1), before)


def test_with_its_sessions_an_account_is_shut_so_that_nothing_fills_up_again() -> None:
    user, other = make_account(username="ada"), make_account()
    client = signed_in(user)

    SESSIONS.erase(locator_of(user), Treatment.DELETE)

    assert client.get("/accounts/profile/").status_code == 302
    there = Client()
    there.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    assert "_auth_user_id" not in there.session
    assert (values_of(user)["full_name"], values_of(other)["is_active"]) == (user.full_name, True)


class TestTheLastOne:
    def test_the_role_is_the_one_of_the_desk(self) -> None:
        assert Group.objects.filter(name=DATA_PROTECTION_OFFICER).exists()
        assert DPO == DATA_PROTECTION_OFFICER

    @pytest.mark.obligation("R-03")
    def test_the_last_officer_is_refused_beforehand_and_when_it_is_done(self) -> None:
        officer = make_dpo()
        gone = make_dpo()
        User.objects.filter(pk=gone.pk).update(is_active=False)

        with pytest.raises(CannotErase) as refused:
            erase(officer)

        with pytest.raises(CannotErase):
            SESSIONS.erase(locator_of(officer), Treatment.DELETE)
        assert SOURCE.obstacle(locator_of(officer)) == refused.value.code == "last_data_protection_officer"
        assert SESSIONS.obstacle(locator_of(officer)) == "last_data_protection_officer"
        assert values_of(officer)["is_active"]

    def test_the_last_administrator_is_refused(self) -> None:
        chief = make_account(is_staff=True, is_superuser=True)

        assert SOURCE.obstacle(locator_of(chief)) == "last_administrator"

    def test_with_another_officer_there_is_no_obstacle_and_afterwards_none_to_a_second_run(self) -> None:
        officer, other = make_dpo(), make_dpo()

        erase(officer)

        assert [SOURCE.obstacle(locator_of(each)) for each in (officer, other)] == ["", "last_data_protection_officer"]
        assert erase(officer) == Erased()

    def test_customers_colleagues_and_nobody_are_no_obstacle(self) -> None:
        agent = with_role(make_account(is_staff=True), "Privacy agent")

        assert [SOURCE.obstacle(each) for each in (locator_of(make_account()), locator_of(agent), {})] == ["", "", ""]

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize(("source", "treatment"), [(SOURCE, Treatment.ANONYMISE), (SESSIONS, Treatment.DELETE)])
    def test_of_two_officers_who_are_erased_at_once_one_stays(self, source: Any, treatment: Treatment) -> None:
        officers = [make_dpo(), make_dpo()]

        def attempt(number: int) -> str:
            try:
                source.erase(locator_of(officers[number]), treatment)
            except CannotErase as error:
                return error.code
            return "erased"

        assert sorted(at_once(attempt, 2)) == ["erased", "last_data_protection_officer"]


@pytest.mark.obligation("R-02")
class TestCorrecting:
    def test_the_profile_is_corrected_and_the_contact_number_that_identifies_follows(self) -> None:
        user = make_account()
        old = {"full_name": "Ada Byron", "phone": "+60321234567"}
        key = str(user.pk)
        changes = [
            FieldChange(key, "full_name", " Ada Lovelace "),
            FieldChange(key, "phone", "+44 20 7946 0958"),
            FieldChange(key, "company", None),
            FieldChange(key, "country", "GB"),
        ]

        assert (SOURCE.rectify(locator_of(user), changes), SOURCE.rectify(locator_of(user), changes)) == (1, 0)

        now = values_of(user)
        assert (now["full_name"], str(now["phone"]), now["company"], str(now["country"])) == ("Ada Lovelace", "+442079460958", "", "GB")
        phones = Identifier.objects.filter(subject=user.subject, kind="phone").values_list("value", "proven_at")
        assert list(phones) == [("+442079460958", None)]
        assert old["full_name"] != now["full_name"]

    @pytest.mark.parametrize(
        ("field", "value", "code"),
        [
            ("full_name", "4111 1111 1111 1111", "invalid_value"),
            ("full_name", "x" * 201, "invalid_value"),
            ("full_name", "Ada\u202e", "invalid_value"),
            ("phone", "12", "invalid_value"),
            ("phone", {"number": 1}, "invalid_value"),
            ("country", "Atlantis", "invalid_value"),
            ("username", "ada", "read_only"),
            ("email", "ada@example.com", "read_only"),
            ("password", "secret", "unknown_field"),
            ("shoe_size", "42", "unknown_field"),
        ],
    )
    def test_what_must_not_be_stored_is_refused_and_nothing_changes(self, field: str, value: Any, code: str) -> None:
        user = make_account()
        before = values_of(user)

        with pytest.raises(CannotChange) as refused:
            SOURCE.rectify(locator_of(user), [FieldChange(str(user.pk), "company", "Other"), FieldChange(str(user.pk), field, value)])

        assert (refused.value.code, values_of(user)) == (code, before)

    def test_nobody_elses_record_is_within_reach(self) -> None:
        user, other = make_account(), make_account()

        for key in (str(other.pk), "no number", ""):
            with pytest.raises(CannotChange) as refused:
                SOURCE.rectify(locator_of(user), [FieldChange(key, "company", "Other")])
            assert refused.value.code == "unknown_record"
        assert Subject.objects.count() == 2
