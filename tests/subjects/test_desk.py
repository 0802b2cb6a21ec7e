"""People at the desk: looking, proving, merging and splitting."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from privacycenter.audit.queries import entries_about, looks_at
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.mail.personal_data import MessageSource
from privacycenter.subjects import domain, queries
from privacycenter.subjects.errors import CannotSplit
from privacycenter.subjects.models import Subject
from requests_app.enums import Channel, Kind, Outcome, Status
from requests_app.models import Request
from requests_app.roles import AGENT, AUDITOR, DPO
from tests.factories.accounts import make_staff, signed_in

pytestmark = pytest.mark.django_db
SYSTEM, STAFF = Actor.system("tests"), Actor(ActorKind.STAFF, "7")


def person(address: str) -> Subject:
    subject = domain.create_subject(actor=SYSTEM)
    domain.add_identifier(subject, kind="email", value=address, source="test", proven=True, actor=SYSTEM)
    return subject


def staff_in(role: str):
    user = make_staff()
    user.groups.add(Group.objects.get(name=role))
    return signed_in(user)


def url(name: str, subject: Subject) -> str:
    return reverse(f"admin:subjects_subject_{name}", args=[subject.pk])


@pytest.fixture
def officer():
    return staff_in(DPO)


def test_addresses_open_once_after_a_reason_and_the_look_is_on_record(officer):
    ada = person("ada@example.com")
    closed = officer.get(url("change", ada)).content.decode()

    refused = officer.post(url("show", ada), {}).content.decode()
    shown = officer.post(url("show", ada), {"reason": "proof"}).content.decode()

    assert ["ada@example.com" in page for page in (closed, refused, shown, officer.get(url("change", ada)).content.decode())] == [
        False,
        False,
        True,
        False,
    ]
    assert [entry.verb for entry in looks_at(str(ada.public_id))] == ["subjects.identifiers_shown"]


def test_proven_customer_number_finds_the_person(officer):
    ada = person("ada@example.com")

    officer.post(url("prove", ada), {"kind": "customer_number", "value": "K-17", "proof": "contract"})

    assert queries.subject_with("customer_number", "K-17") == ada


def test_number_that_somebody_else_has_proven_is_refused_in_words(officer):
    ada, bob = person("ada@example.com"), person("bob@example.com")

    page = officer.post(url("prove", bob), {"kind": "email", "value": "ada@example.com", "proof": "call"}).content.decode()

    assert "already belongs to somebody else" in page
    assert queries.subject_with("email", "ada@example.com") == ada


def test_merge_keeps_what_was_written_about_both(officer):
    ada, bob = person("ada@example.com"), person("bob@example.com")
    before = entries_about(*queries.public_ids(ada)).count() + entries_about(*queries.public_ids(bob)).count()

    officer.post(url("merge", ada), {"other": str(bob.public_id), "reason": "same_person"})

    ada.refresh_from_db()
    assert ada.former_ids == [str(bob.public_id)]
    assert entries_about(*queries.public_ids(ada)).count() == before + 2
    assert MessageSource().locate(ada)["subjects"] == [str(ada.public_id), str(bob.public_id)]


@pytest.mark.parametrize("other", ["nonsense", "5a0f5c3e-0000-4000-8000-000000000001"])
def test_merge_with_nobody_is_refused_in_words(officer, other):
    page = officer.post(url("merge", person("ada@example.com")), {"other": other, "reason": "same_person"}).content.decode()

    assert "Nobody has this id" in page


def test_split_makes_a_new_person(officer):
    ada = person("ada@example.com")
    second = domain.add_identifier(ada, kind="email", value="bob@example.com", source="test", proven=True, actor=SYSTEM)

    response = officer.post(url("split", ada), {"identifiers": [second.pk]}, follow=True)

    assert "This is the new person" in response.content.decode()
    assert queries.subject_with("email", "bob@example.com") not in {ada, None}


def filed(subject: Subject, *, status: Status, contact: str) -> Request:
    moment = clock.now()
    ended = {"outcome": Outcome.WITHDRAWN, "closed_at": moment} if status == Status.CLOSED else {}
    shared = {"kind": Kind.ACCESS, "channel": Channel.ADDRESS, "received_at": moment, "verified_at": moment, "due_at": moment}
    return Request.objects.create(subject=subject, status=status, contact=contact, **shared, **ended)


def test_split_is_refused_while_a_request_is_under_way():
    ada = person("ada@example.com")
    second = domain.add_identifier(ada, kind="email", value="bob@example.com", source="test", proven=True, actor=SYSTEM)
    filed(ada, status=Status.COLLECTING, contact="bob@example.com")

    with pytest.raises(CannotSplit, match="under way"):
        domain.split_subject(ada, identifiers=[second], reason="two_people", actor=STAFF)

    assert queries.subject_with("email", "bob@example.com") == ada


def test_finished_request_goes_with_the_address_it_came_from():
    ada = person("ada@example.com")
    second = domain.add_identifier(ada, kind="email", value="bob@example.com", source="test", proven=True, actor=SYSTEM)
    own, other = (filed(ada, status=Status.CLOSED, contact=address) for address in ("ada@example.com", "bob@example.com"))

    new = domain.split_subject(ada, identifiers=[second], reason="two_people", actor=STAFF)

    own.refresh_from_db()
    other.refresh_from_db()
    assert (own.subject, other.subject) == (ada, new)


@pytest.mark.parametrize("role", [AGENT, AUDITOR])
@pytest.mark.parametrize("name", ["show", "prove", "merge", "split"])
def test_other_roles_change_and_see_nothing(role, name):
    ada = person("ada@example.com")

    response = staff_in(role).post(url(name, ada), {"reason": "proof"})

    assert response.status_code == 403
    assert not looks_at(str(ada.public_id)).exists()
