"""Objection: everything stops at once; direct marketing for good, the rest until its balance is struck."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from privacycenter.datamap.models import Purpose
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences import gate
from privacycenter.preferences.domain import lift_objection, object_to
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of
from privacycenter.subjects.domain import add_identifier, create_subject
from privacycenter.subjects.models import Subject
from requests_app.domain import prove_identity
from requests_app.domain.people import actor_for
from requests_app.enums import Outcome, Status
from requests_app.errors import NotAllowed, ReasonMissing
from requests_app.limits.asking import purposes_to_object
from requests_app.limits.errors import NothingChosen
from requests_app.limits.objecting import TAKEN_BACK_A_DAY, decide_objection
from requests_app.models import IdentityProof, Request
from requests_app.roles import AUDITOR
from requests_app.templatetags.requests_words import request_state
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.preferences import make_person, presented
from tests.factories.requests import fresh, staff_actor, with_role
from tests.requests_app.limits.helpers import asked, at_desk, days_later

pytestmark = pytest.mark.django_db


@pytest.fixture
def purposes() -> list[str]:
    keys = [purpose.key for purpose in purposes_to_object()]
    assert len(keys) > 1
    return keys


def may_use(request: Request, purpose: str) -> bool:
    return gate.may(Subject.objects.get(pk=request.subject_id), purpose).allowed


@pytest.mark.obligation("R-06")
def test_an_objection_to_direct_marketing_stops_it_and_closes_itself() -> None:
    request = asked("objection", marketing=True, purposes=[])

    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.FULFILLED)
    assert request.decided_by is None
    for purpose in Purpose.objects.filter(is_direct_marketing=True):
        assert gate.may(request.subject, purpose.key).rule is gate.Rule.OBJECTION
    assert OutboxMessage.objects.filter(kind="requests.decision", ticket=request.ref).count() == 1


@pytest.mark.obligation("R-06")
def test_other_purposes_stop_while_they_are_weighed_and_stay_stopped_where_the_objection_stands(purposes: list[str]) -> None:
    request = asked("objection", marketing=True, purposes=purposes[:2])
    assert request.status == Status.TRIAGE
    assert not any(may_use(request, purpose) for purpose in purposes[:2])

    for wrong in ({}, {purposes[0]: "upheld"}, dict.fromkeys(purposes[:2], "perhaps")):
        with pytest.raises(NothingChosen):
            decide_objection(request, balances=wrong, letter="Yes.", actor=staff_actor())
    with pytest.raises(ReasonMissing):
        decide_objection(request, balances=dict.fromkeys(purposes[:2], "upheld"), letter="", actor=staff_actor())
    decide_objection(request, balances=dict.fromkeys(purposes[:2], "upheld"), letter="You are right.", actor=staff_actor())

    request = fresh(request)
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.FULFILLED)
    assert "You are right." in request.letter
    run_until_idle()
    days_later(30)
    assert not any(may_use(request, purpose) for purpose in purposes[:2])


@pytest.mark.obligation("R-06")
def test_what_is_outweighed_goes_on_only_after_the_person_was_told_why(purposes: list[str]) -> None:
    request = asked("objection", marketing=False, purposes=purposes[:2])

    balances = {purposes[0]: "compelling", purposes[1]: "upheld"}
    decide_objection(request, balances=balances, letter="Fraud would go unseen.", actor=staff_actor())
    run_until_idle()

    assert fresh(request).outcome == Outcome.IN_PART
    assert request_state(fresh(request)) == "Upheld in part, with the reasons"
    assert not may_use(request, purposes[0])
    days_later(4)
    assert may_use(request, purposes[0])
    assert not may_use(request, purposes[1])
    event = ConsentEvent.objects.filter(purpose=purposes[0]).latest("id")
    assert (event.kind, event.actor_kind, event.method, event.reason) == (
        "objection_lifted",
        "staff",
        "staff",
        "compelling_grounds",
    )


def test_an_objection_that_is_outweighed_whole_is_a_refusal_with_its_ground(purposes: list[str]) -> None:
    request = asked("objection", marketing=False, purposes=purposes[:1])

    decide_objection(request, balances={purposes[0]: "compelling"}, letter="Fraud would go unseen.", actor=staff_actor())

    request = fresh(request)
    assert (request.outcome, request.refusal_ground) == (Outcome.REFUSED, "compelling_grounds")
    rights = ("have this looked at again", "complain to an authority", "go to court")
    assert all(words in request.letter for words in ("Fraud would go unseen.", *rights))
    run_until_idle()
    days_later(4)
    assert may_use(request, purposes[0])


def test_only_who_may_work_on_requests_decides(purposes: list[str]) -> None:
    request = asked("objection", marketing=False, purposes=purposes[:1])
    auditor = Actor.for_user(with_role(make_staff(password=None, factor=False), AUDITOR))

    for actor in (auditor, actor_for(request.subject), Actor(ActorKind.ANONYMOUS)):
        with pytest.raises(NotAllowed):
            decide_objection(fresh(request), balances={purposes[0]: "upheld"}, letter="Yes.", actor=actor)


@pytest.mark.obligation("R-06")
def test_an_objection_on_the_page_of_choices_comes_to_the_desk_once_and_goes_when_taken_back(purposes: list[str]) -> None:
    user = make_account(password=None)
    client, page = signed_in(user), reverse("portal:object")
    for _twice in range(2):
        client.post(page, {"purpose": purposes[0], "action": "object"})

    request = Request.objects.get(kind="objection")
    assert (request.status, request.subject, request.choices) == (
        Status.TRIAGE,
        user.subject,
        {"purposes": [purposes[0]], "marketing": False, "from_choices": True},
    )
    marketing = Purpose.objects.filter(is_direct_marketing=True, legal_basis="legitimate_interests").first()
    if marketing is not None:
        client.post(page, {"purpose": marketing.key, "action": "object"})
    assert Request.objects.filter(kind="objection").count() == 1

    client.post(page, {"purpose": purposes[0], "action": "take_back"})

    assert fresh(request).outcome == Outcome.WITHDRAWN
    assert may_use(request, purposes[0])


def test_who_has_not_shown_who_they_are_is_asked_to_confirm_and_then_weighed(purposes: list[str], client: Client) -> None:
    party = party_of(("email", "nobody@example.com"))
    add_identifier(create_subject(actor=staff_actor()), kind="email", value="nobody@example.com", source="test", actor=staff_actor())

    for _again in range(8):
        object_to(party, purposes[0], presented=presented(), actor=Actor(ActorKind.ANONYMOUS))

    assert not gate.may(("email", "nobody@example.com"), purposes[0]).allowed
    request = Request.objects.get()
    assert (request.status, request.subject, request.channel) == (Status.RECEIVED, None, "address")
    run_until_idle()
    code = re.search(r"\b[A-Z0-9]{4}-[A-Z0-9]{4}\b", str(mail.outbox[-1].body))
    assert code is not None
    prove_identity(IdentityProof.objects.get(), code=code.group(), actor=Actor(ActorKind.ANONYMOUS))
    request = fresh(request)
    assert (request.status, request.contact, request.choices["purposes"]) == (Status.TRIAGE, "nobody@example.com", [purposes[0]])


def test_somebody_without_an_address_objects_without_a_request(purposes: list[str]) -> None:
    object_to(party_of(("phone", "+36301234567")), purposes[0], presented=presented(), actor=Actor(ActorKind.ANONYMOUS))

    assert not Request.objects.exists()


def choose(client: Client, purpose: str, action: str = "object") -> None:
    assert client.post(reverse("portal:object"), {"purpose": purpose, "action": action}).status_code == 302


def test_what_is_objected_to_at_a_time_is_one_request_and_each_can_be_taken_back(purposes: list[str]) -> None:
    user = make_account(password=None)
    client = signed_in(user)
    choose(client, purposes[0])
    choose(client, purposes[1])

    request = Request.objects.get()
    assert request.choices["purposes"] == purposes[:2]
    choose(client, purposes[0], "take_back")
    assert (fresh(request).status, fresh(request).choices["purposes"]) == (Status.TRIAGE, [purposes[1]])
    with pytest.raises(NothingChosen):
        decide_objection(request, balances=dict.fromkeys(purposes[:2], "upheld"), letter="Yes.", actor=staff_actor())
    decide_objection(fresh(request), balances={purposes[1]: "upheld"}, letter="Yes.", actor=staff_actor())
    assert may_use(request, purposes[0])
    assert not may_use(request, purposes[1])


def test_what_was_filed_about_marketing_as_well_is_done_when_the_rest_is_taken_back(purposes: list[str]) -> None:
    user = make_account(password=None)
    request = asked("objection", user, marketing=True, purposes=purposes[:1])

    choose(signed_in(user), purposes[0], "take_back")

    assert (fresh(request).status, fresh(request).outcome) == (Status.CLOSED, Outcome.FULFILLED)
    assert not may_use(request, "news_and_offers")


def test_back_and_forth_stops_at_once_each_time_but_reaches_the_desk_a_few_times_a_day(purposes: list[str]) -> None:
    user = make_account(password=None)
    client = signed_in(user)
    for _each in range(TAKEN_BACK_A_DAY + 3):
        choose(client, purposes[0])
        choose(client, purposes[0], "take_back")
    choose(client, purposes[0])

    assert not gate.may(user.subject, purposes[0]).allowed
    assert Request.objects.count() == TAKEN_BACK_A_DAY
    with clock.stopped_at(clock.now() + timedelta(days=1, minutes=1)):
        run_until_idle()
    request = Request.objects.open().get()
    assert (request.subject, request.choices["purposes"]) == (user.subject, [purposes[0]])


def test_what_was_taken_back_in_the_end_is_not_weighed_the_day_after(purposes: list[str]) -> None:
    client = signed_in(make_account(password=None))
    for _each in range(TAKEN_BACK_A_DAY + 2):
        choose(client, purposes[0])
        choose(client, purposes[0], "take_back")

    with clock.stopped_at(clock.now() + timedelta(days=1, minutes=1)):
        run_until_idle()

    assert not Request.objects.open().exists()


def test_somebody_without_an_account_is_answered_at_the_proven_address(purposes: list[str]) -> None:
    person = make_person("ada@example.com")

    object_to(party_of(person), purposes[0], presented=presented(), actor=actor_for(person))

    request = Request.objects.get()
    assert (request.channel, request.contact) == ("address", "ada@example.com")
    lift_objection(party_of(person), purposes[0], presented=presented(), actor=actor_for(person))
    assert fresh(request).outcome == Outcome.WITHDRAWN


def test_staff_weigh_on_the_ticket_and_the_person_reads_why(purposes: list[str]) -> None:
    user = make_account(password=None)
    request = asked("objection", user, words="My shifts.", marketing=True, purposes=purposes[:1])
    (_user, desk), url = at_desk(), reverse("admin:requests_app_request_limit", args=[request.pk, "balance"])
    ticket = desk.get(reverse("admin:requests_app_request_change", args=[request.pk])).content.decode()
    assert Purpose.objects.get(key=purposes[0]).balancing_note in ticket.replace("&#x27;", "'")
    assert "My shifts." not in ticket

    assert desk.post(url, {"letter": "We think so too."}).status_code == 422
    assert desk.post(url, {f"balance_{purposes[0]}": "upheld", "letter": "We think so too."}).status_code == 302

    page = signed_in(user).get(reverse("requests:detail", args=[request.ref])).content.decode()
    assert "We think so too." in page
    assert "Your objection stands: it stays stopped." in page
    assert page.count("We think so too.") == 1
    assert "complain to a supervisory authority" in page


def test_the_form_shows_each_purpose_with_its_balancing_note(purposes: list[str]) -> None:
    client = signed_in(make_account(password=None), fresh=True)
    page = client.get(reverse("requests:new") + "?kind=objection").content.decode().replace("&#x27;", "'")

    assert all(Purpose.objects.get(key=key).balancing_note in page for key in purposes)
    assert client.post(reverse("requests:new"), {"kind": "objection"}).status_code == 422
    client.post(reverse("requests:new"), {"kind": "objection", "asked-to": ["direct_marketing", purposes[0]]})
    assert Request.objects.get().choices == {"marketing": True, "purposes": [purposes[0]]}
