"""Requests that staff type in: counted from the day they came, proven by what staff saw or by the person themselves."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences import gate
from privacycenter.preferences.domain import choose
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.subjects.models import Identifier
from privacycenter.subjects.queries import restrictions_of
from requests_app.domain import prove_identity
from requests_app.domain.entering import enter_request, prove_by_staff
from requests_app.enums import Outcome, Status
from requests_app.errors import AlreadyOpen, IllegalMove, NotAChoice, NotAllowed, NotEnoughProof, NotReceivedYet, ReasonMissing, WrongCode
from requests_app.fulfilment import housekeeping
from requests_app.limits.asking import purposes_to_object
from requests_app.limits.decided import sources_in
from requests_app.models import IdentityProof, Message, Request, TimelineEvent
from requests_app.roles import AUDITOR, DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.preferences import PERSON, make_person, make_topic, presented
from tests.factories.requests import filed, fresh, staff_actor, with_role
from tests.requests_app.test_proof import know

pytestmark = pytest.mark.django_db
LIST = "/admin/requests_app/request/"


def today() -> date:
    return timezone.localdate(clock.now())


def entered(**more: Any) -> Request:
    values = {"kind": "access", "channel": "letter", "received_on": today() - timedelta(days=3), "words": "My file, please."}
    return enter_request(**values | more, actor=staff_actor())


def proven(request: Request, **more: Any) -> Request:
    values = {"identifier_kind": "email", "identifier": "ana@example.com", "method": "document", "note": "Passport seen at the counter."}
    return prove_by_staff(request, **values | more, actor=staff_actor())


def test_the_clock_counts_from_the_day_it_came_and_it_belongs_to_nobody_before_it_is_proven() -> None:
    request = entered()
    assert (request.status, request.subject, timezone.localdate(request.received_at)) == (
        Status.RECEIVED,
        None,
        today() - timedelta(days=3),
    )

    proven(request)
    later = entered(kind="portability", received_on=today())
    proven(later, identifier="ben@example.com")

    request, later = fresh(request), fresh(later)
    assert request.is_open
    assert request.due_at < later.due_at
    assert Identifier.objects.proven().filter(value="ana@example.com", subject=request.subject).exists()
    assert TimelineEvent.objects.get(request=request, event="proven").details == {"method": "document"}
    assert [message.body for message in Message.objects.filter(request=request)] == ["Passport seen at the counter."]
    run_until_idle()
    assert any(request.ref in message.subject or request.ref in str(message.body) for message in mail.outbox)


@pytest.mark.parametrize(
    ("kind", "behalf", "method", "is_enough"),
    [
        ("access", "self", "known_address", False),
        ("erasure", "self", "known_address", False),
        ("access", "self", "callback", True),
        ("complaint", "self", "known_address", True),
        ("complaint", "agent", "document", False),
        ("access", "agent", "authority", True),
        ("access", "deceased", "entitled", True),
        ("access", "child", "document", False),
    ],
)
def test_what_reveals_or_destroys_or_is_for_another_takes_stronger_proof(kind: str, behalf: str, method: str, is_enough: bool) -> None:
    request = entered(kind=kind, behalf=behalf)

    if is_enough:
        proven(request, method=method, contact="agent@example.com")
        assert fresh(request).is_open
        return
    with pytest.raises(NotEnoughProof):
        proven(request, method=method)
    assert fresh(request).status == Status.RECEIVED


def test_who_may_what_may_not_be_entered_and_what_is_proven_already() -> None:
    auditor = Actor.for_user(with_role(make_staff(password=None), AUDITOR))
    with pytest.raises(NotAllowed):
        enter_request(kind="access", channel="letter", received_on=today(), actor=auditor)
    for day in (today() + timedelta(days=1), today() - timedelta(days=400)):
        with pytest.raises(NotReceivedYet):
            entered(received_on=day)
    with pytest.raises(IllegalMove):
        entered(channel="account")
    request = entered()
    with pytest.raises(ReasonMissing):
        proven(request, note=" ")
    with pytest.raises(NotAllowed):
        prove_by_staff(request, identifier_kind="email", identifier="a@example.com", method="document", note="x", actor=auditor)
    proven(request)
    with pytest.raises(IllegalMove):
        proven(fresh(request))
    with pytest.raises(IllegalMove):
        proven(filed())


def test_a_second_open_one_of_its_kind_is_named() -> None:
    first = proven(entered())

    with pytest.raises(AlreadyOpen) as caught:
        proven(entered())
    assert caught.value.ref == first.ref


def test_the_owner_of_the_address_confirms_it_themselves() -> None:
    owner = make_account(email="ana@example.com", password=None)
    request = entered(address="Ana@Example.com")
    run_until_idle()
    link = f"/requests/confirm/{IdentityProof.objects.get().public_id}/"
    assert link in str(mail.outbox[-1].body)

    signed_in(owner, fresh=True).post(link)

    assert fresh(request).subject == owner.subject


def test_the_desk_enters_and_proves() -> None:
    client = signed_in(with_role(make_staff(password=None), DPO), fresh=True)
    form = {
        "channel": "phone",
        "received_on": today().isoformat(),
        "kind": "complaint",
        "behalf": "self",
        "words": "Where?",
        "language": "en",
    }

    wrong = client.post(f"{LIST}enter/", form | {"received_on": (today() + timedelta(days=2)).isoformat()})
    right = client.post(f"{LIST}enter/", form)
    request = Request.objects.get()
    shown = client.get(f"{LIST}{request.pk}/change/").content.decode()
    client.post(
        f"{LIST}{request.pk}/prove/",
        {"identifier_kind": "email", "identifier": "ana@example.com", "method": "known_address", "note": "Wrote from it in May."},
    )

    assert wrong.status_code == 422
    assert "Where?</textarea>" in wrong.content.decode()
    assert right.status_code == 302
    assert "It is them: begin the work" in shown
    assert "Where?" not in shown  # their words are personal: they take a reason
    assert fresh(request).is_open
    auditor = signed_in(with_role(make_staff(password=None), AUDITOR), fresh=True)
    assert auditor.get(f"{LIST}enter/").status_code == 403
    assert Client().get(f"{LIST}enter/").status_code == 302


# Limits on the use of data -----------------------------------------------------------------------------------------------------


PROOF = {"identifier_kind": "email", "identifier": "ana@example.com", "method": "known_address", "note": "Wrote from it in May."}


def desk() -> Client:
    return signed_in(with_role(make_staff(password=None), DPO), fresh=True)


def sheet(kind: str, **more: Any) -> dict[str, Any]:
    came = (today() - timedelta(days=3)).isoformat()
    return {"channel": "letter", "received_on": came, "kind": kind, "behalf": "self", "words": "Stop.", "language": "en"} | more


def test_what_else_a_right_asks_is_shown_before_anything_is_entered_and_nothing_typed_is_lost() -> None:
    client = desk()

    first = client.post(f"{LIST}enter/", sheet("restriction"))
    second = client.post(f"{LIST}enter/", sheet("restriction", asked_for="restriction"))
    other = client.post(f"{LIST}enter/", sheet("objection", asked_for="restriction", **{"asked-ground": "claim"}))

    assert (first.status_code, second.status_code, other.status_code) == (200, 422, 200)
    assert not Request.objects.exists()
    for page in (first, second):
        assert "Stop.</textarea>" in page.content.decode()
        assert "Why should the data not be used?" in page.content.decode()
    assert "Choose a ground." in second.content.decode()
    assert "What do they object to?" in other.content.decode()
    assert "What do they object to?" in client.get(f"{LIST}enter/?kind=objection").content.decode()
    assert client.get(f"{LIST}enter/?kind=nothing").status_code == 200


@pytest.mark.parametrize(
    ("kind", "field", "part"), [("withdrawal", "asked-what", "topics.events"), ("restriction", "asked-categories", "forms")]
)
def test_everything_is_entered_only_where_staff_say_so(kind: str, field: str, part: str) -> None:
    make_topic("events", title="Events")
    client, more = desk(), {"asked_for": kind, "asked-ground": "claim"}

    for wrong in ([], ["everything", part]):
        answer = client.post(f"{LIST}enter/", sheet(kind, **more, **{field: wrong}))
        assert answer.status_code == 422
    assert not Request.objects.exists()

    client.post(f"{LIST}enter/", sheet(kind, **more, **{field: ["everything"]}))
    assert not {"purposes", "topics", "categories"} & {name for name, value in Request.objects.get().choices.items() if value}


def test_the_right_is_chosen_first_so_that_all_it_asks_stands_on_one_page() -> None:
    client = desk()
    first, next_page = (client.get(f"{LIST}enter/{query}").content.decode() for query in ("", "?kind=withdrawal"))
    assert "Next" in first
    assert "How it came" not in first
    assert "How it came" in next_page
    assert "All consents that stand" in next_page


def test_a_restriction_by_letter_counts_from_the_day_it_came_and_restricts_with_the_proof() -> None:
    client = desk()
    typed = sheet("restriction", asked_for="restriction", **{"asked-ground": "accuracy", "asked-categories": ["forms"]})
    client.post(f"{LIST}enter/", typed)
    request = Request.objects.get()
    ticket = client.get(f"{LIST}{request.pk}/change/").content.decode()
    assert "Forms you filled in" in ticket
    assert "It is disputed whether the data is right" in ticket or "Something you hold about me is wrong" in ticket

    client.post(f"{LIST}{request.pk}/prove/", PROOF)

    request = fresh(request)
    assert (request.channel, timezone.localdate(request.received_at), request.status) == (
        "letter",
        today() - timedelta(days=3),
        Status.TRIAGE,
    )
    assert {row.source for row in restrictions_of(request.subject)} == set(sources_in(["forms"]))


def test_an_objection_by_phone_stops_with_the_proof_and_is_weighed() -> None:
    client, purpose = desk(), purposes_to_object()[0].key
    client.post(f"{LIST}enter/", sheet("objection", asked_for="objection", channel="phone", **{"asked-to": ["direct_marketing", purpose]}))
    request = Request.objects.get()
    assert request.choices == {"marketing": True, "purposes": [purpose]}
    assert "Not proven yet" in client.get(f"{LIST}{request.pk}/change/").content.decode()

    client.post(f"{LIST}{request.pk}/prove/", PROOF)

    request = fresh(request)
    assert request.status == Status.TRIAGE
    assert not gate.may(request.subject, purpose).allowed
    assert not gate.may(request.subject, "news_and_offers").allowed
    event = ConsentEvent.objects.filter(purpose=purpose).latest("id")
    assert (event.kind, event.method, event.evidence) == ("objected", "staff", request.ref)


def test_a_withdrawal_by_mail_takes_back_what_was_ticked_with_a_receipt_for_each() -> None:
    make_topic()
    make_topic("events", title="Events")
    person = make_person("ana@example.com")
    scopes = [Scope("news_and_offers", "product_news"), Scope("news_and_offers", "events")]
    choose(party_of(person), on=scopes, presented=presented(), actor=PERSON)
    client = desk()
    client.post(f"{LIST}enter/", sheet("withdrawal", asked_for="withdrawal", channel="email", **{"asked-what": ["topics.events"]}))
    request = Request.objects.get()
    assert request.choices == {"topics": ["events"]}
    ticket = client.get(f"{LIST}{request.pk}/change/").content.decode()
    assert "It ends with the proof." in ticket

    client.post(f"{LIST}{request.pk}/prove/", PROOF)

    request = fresh(request)
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.FULFILLED)
    events = ConsentEvent.objects.filter(event_id__in=request.choices["events"])
    assert [(event.topic, event.kind, event.method, event.evidence) for event in events] == [("events", "withdrawn", "staff", request.ref)]
    assert gate.may(person, "news_and_offers", topic="product_news", channel="email").allowed


@pytest.mark.parametrize(
    ("kind", "choices", "field"),
    [
        ("restriction", {}, "ground"),
        ("restriction", {"ground": "child"}, "ground"),
        ("restriction", {"ground": "claim", "categories": ["shoes"]}, "categories"),
        ("objection", {"purposes": []}, "purposes"),
        ("withdrawal", {"topics": ["no_such"]}, "topics"),
        ("access", {"ground": "claim"}, "ground"),
    ],
)
def test_choices_that_a_right_does_not_offer_are_refused(kind: str, choices: dict[str, Any], field: str) -> None:
    with pytest.raises(NotAChoice) as caught:
        entered(kind=kind, choices=choices)

    assert caught.value.field == field
    assert not Request.objects.exists()


@pytest.mark.parametrize("kind", ["review", "child"])
def test_what_has_a_page_of_its_own_is_not_entered_here(kind: str) -> None:
    with pytest.raises(IllegalMove):
        entered(kind=kind)


def test_what_was_typed_comes_back_after_signing_in_again() -> None:
    client = Client()
    client.post(f"{LIST}enter/", sheet("restriction", asked_for="restriction", **{"asked-ground": "claim", "asked-categories": ["forms"]}))
    client.force_login(with_role(make_staff(password=None), DPO))

    page = client.get(f"{LIST}enter/").content.decode()

    assert "Stop.</textarea>" in page
    assert page.count("checked") == 3  # the channel, the ground, the category
    client.post(f"{LIST}enter/", sheet("complaint"))
    assert Request.objects.count() == 1
    assert "Stop.</textarea>" not in client.get(f"{LIST}enter/").content.decode()


def test_a_proof_that_is_not_complete_keeps_what_was_typed() -> None:
    request = entered()

    answer = desk().post(f"{LIST}{request.pk}/prove/", {"identifier_kind": "email", "note": "Long words about it."})

    assert answer.status_code == 422
    assert "Long words about it.</textarea>" in answer.content.decode()
    proven(request)
    assert desk().get(f"{LIST}{request.pk}/prove/").status_code == 302


def test_an_old_letter_waits_from_the_day_it_was_entered() -> None:
    request = entered(received_on=today() - timedelta(days=60))
    keep_house_now()
    waiting = fresh(request).status
    with clock.stopped_at(clock.now() + timedelta(days=15)):
        keep_house_now()

    assert (waiting, fresh(request).status) == (Status.RECEIVED, Status.CLOSED)


def keep_house_now() -> None:
    housekeeping._lapse()


def test_no_code_proves_what_is_asked_for_somebody_else() -> None:
    with pytest.raises(NotEnoughProof):
        entered(behalf="child", kind="erasure", address="guardian@example.com")

    assert not Request.objects.exists()


def test_a_code_that_was_mailed_opens_nothing_once_staff_proved_somebody_else() -> None:
    know("mallory@example.com")
    request = entered(address="mallory@example.com")
    proof = IdentityProof.objects.get()
    run_until_idle()
    code = next(line.strip() for line in str(mail.outbox[-1].body).splitlines() if line.startswith("    "))
    proven(request)

    with pytest.raises(WrongCode):
        prove_identity(proof, code=code, actor=Actor(ActorKind.ANONYMOUS))


def test_an_identifier_that_was_proven_for_somebody_else_at_the_same_moment_is_no_other_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def lose(**_named: Any) -> None:
        raise IntegrityError("proven once")

    request = entered(kind="access")
    monkeypatch.setattr("requests_app.domain.entering.subject_for_proven", lose)

    with pytest.raises(IntegrityError, match="proven once"):
        proven(request)
