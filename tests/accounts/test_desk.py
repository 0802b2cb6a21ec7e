"""Accounts at the desk: roles, freezing, giving back."""

from __future__ import annotations

import re
from html import unescape

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.test import Client as Browser
from django.urls import reverse

from accounts.client import Client
from accounts.domain import freeze_account, set_roles, unfreeze_account
from accounts.errors import AdministratorOnly, LastAdministrator, OwnAccount, StaffOnly
from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.kernel.actor import Actor
from privacycenter.mail.models import OutboxMessage
from privacycenter.subjects.errors import IdentifierTaken
from requests_app.roles import AGENT, AUDITOR, DPO
from tests.factories.accounts import make_account, make_staff, signed_in

pytestmark = pytest.mark.django_db


def staff_in(role: str) -> User:
    user = make_staff()
    user.groups.add(Group.objects.get(name=role))
    return user


@pytest.fixture
def administrator():
    return make_staff(is_superuser=True)


def change_url(user):
    return reverse("admin:accounts_user_change", args=[user.pk])


def test_administrator_gives_a_role_and_the_account_signs_in_anew(administrator):
    person = make_account()
    theirs = signed_in(person)
    agent = Group.objects.get(name=AGENT)

    response = signed_in(administrator).post(change_url(person), {"is_staff": "on", "groups": [agent.pk]})

    person.refresh_from_db()
    assert (response.status_code, person.is_staff, list(person.groups.all())) == (302, True, [agent])
    assert theirs.get("/dashboard/").status_code == 302
    entry = AuditEntry.objects.get(verb="accounts.roles_changed")
    assert entry.parameters == {"staff": True, "roles": AGENT}


def test_taking_staff_rights_takes_every_role(administrator):
    agent = staff_in(AGENT)

    signed_in(administrator).post(change_url(agent), {"groups": [Group.objects.get(name=AGENT).pk]})

    agent.refresh_from_db()
    assert (agent.is_staff, agent.groups.count()) == (False, 0)


def test_administrator_can_not_lock_themself_out(administrator):
    response = signed_in(administrator).post(change_url(administrator), {"groups": []}, follow=True)

    administrator.refresh_from_db()
    assert administrator.is_staff
    assert str(LastAdministrator.message) in unescape(response.content.decode())


@pytest.mark.parametrize("role", [DPO, AGENT, AUDITOR])
def test_no_role_hands_out_roles(role):
    staff, person = staff_in(role), make_account()

    signed_in(staff).post(change_url(person), {"is_staff": "on"})

    person.refresh_from_db()
    assert not person.is_staff
    with pytest.raises(StaffOnly):
        set_roles(person, is_staff=True, roles=[], actor=Actor.for_user(staff))


def test_data_protection_officer_freezes_and_gives_back_after_proof():
    person, officer = make_account(email="ada@example.com"), signed_in(staff_in(DPO))
    freeze, give_back = (reverse(f"admin:accounts_user_{name}", args=[person.pk]) for name in ("freeze", "unfreeze"))

    assert officer.get(freeze).status_code == 200
    officer.post(freeze, {"reason": "reported"})
    person.refresh_from_db()
    assert person.is_frozen
    assert "Give account back" in officer.get(change_url(person)).content.decode()

    assert "enter" in officer.post(give_back, {"reason": "proven_call", "address": "no address"}).content.decode().lower()
    officer.post(give_back, {"reason": "proven_call", "address": "ada.new@example.com"})

    person.refresh_from_db()
    assert not person.is_frozen
    assert list(EmailAddress.objects.filter(user=person).values_list("email", "verified")) == [("ada.new@example.com", True)]


@pytest.mark.parametrize("role", [AGENT, AUDITOR])
@pytest.mark.parametrize("name", ["freeze", "unfreeze"])
def test_other_roles_neither_freeze_nor_give_back(role, name):
    person = make_account()
    if name == "unfreeze":
        freeze_account(person, because="reported", client=Client(), actor=Actor.system("tests"))
    url = reverse(f"admin:accounts_user_{name}", args=[person.pk])

    response = signed_in(staff_in(role)).post(url, {"reason": "reported", "address": "a@example.com"})

    person.refresh_from_db()
    assert (response.status_code, person.is_frozen) == (403, name == "unfreeze")


def test_lists_and_pages_of_accounts_show_no_personal_data(administrator):
    person = make_account(username="ada", email="ada@example.com", full_name="Ada Lovelace")
    staff = signed_in(administrator)

    for url in (reverse("admin:accounts_user_changelist"), change_url(person)):
        page = staff.get(url).content.decode()
        assert not [secret for secret in ("Ada Lovelace", "ada@example.com") if secret in page]
        assert f"#{person.pk} a•••" in page


def test_roles_are_read_only(administrator):
    role = Group.objects.get(name=DPO)

    page = signed_in(administrator).get(reverse("admin:auth_group_change", args=[role.pk]))

    assert page.status_code == 200
    assert "Can freeze and unfreeze accounts" in page.content.decode()
    assert b'name="_save"' not in page.content


def test_data_protection_officer_can_not_take_over_the_administrator_by_giving_the_account_back(administrator):
    officer = staff_in(DPO)
    freeze_account(administrator, because="test", client=Client(), actor=Actor.system("tests"))
    url = reverse("admin:accounts_user_unfreeze", args=[administrator.pk])

    page = signed_in(officer).post(url, {"reason": "proven_call", "address": "officer@example.org"}, follow=True)

    administrator.refresh_from_db()
    assert administrator.is_frozen
    assert not EmailAddress.objects.filter(email="officer@example.org").exists()
    assert str(AdministratorOnly.message) in unescape(page.content.decode())


def test_staff_freeze_no_other_staff_unless_they_are_administrators(administrator):
    officer, agent = staff_in(DPO), staff_in(AGENT)

    for target in (agent, administrator):
        with pytest.raises(AdministratorOnly):
            freeze_account(target, because="test", client=Client(), actor=Actor.for_user(officer))
    freeze_account(agent, because="test", client=Client(), actor=Actor.for_user(administrator))
    unfreeze_account(agent, proven_address="a@example.org", reason="x", client=Client(), actor=Actor.for_user(administrator))

    assert not User.objects.exclude(frozen_at=None).exists()


def test_nobody_freezes_or_gives_back_their_own_account(administrator):
    actor = Actor.for_user(administrator)

    with pytest.raises(OwnAccount):
        freeze_account(administrator, because="test", client=Client(), actor=actor)
    freeze_account(administrator, because="test", client=Client(), actor=Actor.system("tests"))
    with pytest.raises(OwnAccount):
        unfreeze_account(administrator, proven_address="a@example.org", reason="x", client=Client(), actor=actor)


def test_every_address_the_account_had_is_told_that_it_was_given_away_and_can_freeze_it():
    person, officer = make_account(email="first@example.com"), signed_in(staff_in(DPO))
    EmailAddress.objects.create(user=person, email="second@example.com", verified=True, primary=False)
    freeze_account(person, because="test", client=Client(), actor=Actor.system("tests"))
    url = reverse("admin:accounts_user_unfreeze", args=[person.pk])

    officer.post(url, {"reason": "proven_call", "address": "new@example.com"})

    told = {mail.to: mail.body for mail in OutboxMessage.objects.filter(kind="accounts.credential_changed")}
    assert set(told) == {"first@example.com", "second@example.com"}
    assert all("gave your account to somebody" in body for body in told.values())
    link = re.search(r"^http://localhost:8000(/\S+)$", told["second@example.com"], re.MULTILINE).group(1)
    Browser().post(link)
    person.refresh_from_db()
    assert person.is_frozen


def test_an_address_of_somebody_else_is_refused_in_words_and_changes_nothing():
    person, officer = make_account(email="ada@example.com"), signed_in(staff_in(DPO))
    make_account(email="taken@example.com")
    freeze_account(person, because="test", client=Client(), actor=Actor.system("tests"))
    url = reverse("admin:accounts_user_unfreeze", args=[person.pk])

    page = officer.post(url, {"reason": "proven_call", "address": "Taken@example.com"}, follow=True)

    person.refresh_from_db()
    assert person.is_frozen
    assert str(IdentifierTaken.message) in unescape(page.content.decode())
    assert list(EmailAddress.objects.filter(user=person).values_list("email", flat=True)) == ["ada@example.com"]
