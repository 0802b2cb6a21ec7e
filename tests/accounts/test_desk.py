"""Accounts at the desk: roles, freezing, giving back."""

from __future__ import annotations

from html import unescape

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.urls import reverse

from accounts.client import Client
from accounts.domain import freeze_account, set_roles
from accounts.errors import LastAdministrator, StaffOnly
from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.kernel.actor import Actor
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
