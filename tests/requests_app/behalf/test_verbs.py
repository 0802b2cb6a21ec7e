"""Asking for somebody else: who is asked, what is needed before anything happens, and what stops it later."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail

from accounts.models import User
from privacycenter.datamap.models import RetentionRule
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.storage import storage
from privacycenter.mail.models import OutboxMessage
from privacycenter.subjects.domain import create_subject
from requests_app.attachments import check_file
from requests_app.behalf.confirming import confirm_representation, decline_representation, find_link
from requests_app.behalf.deciding import accept_representation, end_authority, refuse_representation
from requests_app.behalf.documents import decide_identity, send_documents
from requests_app.behalf.errors import NotForAnother, NotReady, ProofNoLongerStands
from requests_app.behalf.filing import file_for_another, file_for_another_by_address
from requests_app.behalf.standing import obstacle_of
from requests_app.behalf.stopping import stop_by_represented
from requests_app.domain import ask_person, file_by_address, open_download, prove_identity, release_bundle, withdraw_request
from requests_app.domain.people import actor_for, actor_of_requester, address_of
from requests_app.domain.representing import of_age_on
from requests_app.domain.retention import RULE, forget_requests
from requests_app.domain.splitting import see_to_requests
from requests_app.enums import Behalf, Kind, Outcome, Status
from requests_app.errors import BundleLocked, IllegalMove, NotAllowed, NotEnoughProof, ReasonMissing, TooManyCodes, WrongCode
from requests_app.fulfilment import housekeeping
from requests_app.levels import NEEDED, Level, is_enough
from requests_app.models import IdentityProof, ProofDocument, Representation, Request, TimelineEvent
from tests.factories.accounts import make_account
from tests.factories.behalf import (
    NOBODY,
    PERSON,
    accepted_for,
    after_notice,
    confirmed_for,
    filed_for,
    link_of,
    represented,
    see_documents,
    submitted_for,
)
from tests.factories.requests import fresh, staff_actor, worked
from tests.requests_app.desk.test_entering import entered, proven
from tests.requests_app.test_proof import know, mailed

pytestmark = pytest.mark.django_db
PAPER = check_file(name="paper.txt", content=b"I am who I say.")


def mails(kind: str) -> list[OutboxMessage]:
    return list(OutboxMessage.objects.filter(kind=kind))


# Filing ----------------------------------------------------------------------------------------------------------------


def test_a_signed_in_requester_is_the_one_who_filed_and_it_belongs_to_nobody_yet() -> None:
    user = make_account(password=None)
    request = filed_for("child", user=user)

    assert (request.filed_by, request.subject, request.status, request.behalf) == (user.subject, None, Status.RECEIVED, Behalf.CHILD)
    assert list(Request.objects.listed_for(user.subject_id)) == [request]
    assert list(Request.objects.of(user.subject_id)) == []
    assert request.representation.of_age_on == "2036-03-04"


@pytest.mark.parametrize("known", [True, False])
def test_filing_does_and_says_the_same_whether_the_person_is_known(known: bool, django_assert_num_queries: Any) -> None:
    if known:
        make_account(email=PERSON, password=None)
    user = make_account(password=None)

    with django_assert_num_queries(22):
        file_for_another(kind="access", user=user, represented=represented(), actor=actor_for(user.subject))


@pytest.mark.parametrize(
    ("behalf", "more", "why"),
    [
        ("agent", {"person_address": ""}, "no_address"),
        ("agent", {"capacity": "heir"}, "capacity"),
        ("agent", {"person_address": "Rita@Example.com"}, "own_address"),
        ("child", {"born_on": None}, "no_birthday"),
        ("child", {"born_on": date(1990, 1, 1)}, "of_age"),
    ],
)
def test_what_can_not_be_asked_in_this_way_is_refused_with_the_reason(behalf: str, more: dict[str, Any], why: str) -> None:
    user = make_account(email="rita@example.com", password=None)

    with pytest.raises(NotForAnother) as caught:
        filed_for(behalf, user=user, **more)

    assert caught.value.why == why
    assert not Request.objects.exists()


@pytest.mark.parametrize(("born", "of_age"), [(date(2012, 2, 29), date(2030, 3, 1)), (date(2010, 12, 31), date(2028, 12, 31))])
def test_the_day_on_which_a_child_comes_of_age(born: date, of_age: date) -> None:
    assert of_age_on(born) == of_age


def test_a_code_shows_who_asks_and_nothing_about_the_person() -> None:
    proof = file_for_another_by_address(
        kind="access", address="rita@example.com", represented=represented(), client="192.0.2.1", actor=NOBODY
    )
    request = prove_identity(proof, code=mailed(proof), actor=NOBODY)

    request = fresh(request)
    assert (request.status, request.subject, request.contact) == (Status.RECEIVED, None, "rita@example.com")
    assert request.filed_by is not None
    assert address_of(request) == "rita@example.com"
    assert not mails("requests.represented")  # before the authority is here nobody is troubled


def test_nobody_is_flooded_by_people_who_say_that_they_act_for_them() -> None:
    for number in range(5):
        filed_for("agent", user=make_account(email=f"a{number}@example.com", username=f"a{number}", password=None))

    with pytest.raises(TooManyCodes):
        filed_for("agent", user=make_account(email="b@example.com", username="b", password=None))


# The person says yes or no ---------------------------------------------------------------------------------------------


def test_only_a_person_whom_we_know_is_written_to_and_the_agent_sees_no_difference() -> None:
    unknown = submitted_for("agent", person_address="nobody@example.com")
    know(PERSON)
    known = submitted_for("agent", user=make_account(username="rob", email="rob@example.com", password=None))

    assert [message.ticket for message in mails("requests.represented")] == [known.ref]
    for request in (unknown, known):
        assert request.representation.asked_at is not None
        assert [event.event for event in TimelineEvent.objects.filter(request=request)] == ["received"]


def test_the_mail_goes_out_once_and_names_nobody() -> None:
    know(PERSON)
    request = submitted_for("agent")
    send_documents(request, files={"authority": [PAPER]}, actor=actor_of_requester(request))
    run_until_idle()

    [message] = [message for message in mail.outbox if message.to == [PERSON]]
    assert "Rita" not in str(message.body)
    assert link_of(request).public_id in str(message.body)


@pytest.mark.parametrize(("kind", "status"), [("complaint", Status.TRIAGE), ("access", Status.RECEIVED)])
def test_their_yes_is_enough_where_the_level_says_so_else_staff_look_next(kind: str, status: Status) -> None:
    know(PERSON)
    request = confirmed_for(kind=kind)

    assert request.status == status
    assert request.representation.confirmed_at is not None
    assert Representation.objects.waiting_for_desk().exists() == (status == Status.RECEIVED)
    with pytest.raises(WrongCode):
        confirm_representation(link_of(request), user=None, actor=NOBODY)


def test_a_person_with_an_account_says_yes_only_after_signing_in_and_nobody_else_does() -> None:
    holder = make_account(username="paul", email=PERSON, password=None)
    request = submitted_for("agent")
    other = make_account(username="olga", email="olga@example.com", password=None)

    for user in (None, other):
        with pytest.raises(WrongCode):
            confirm_representation(link_of(request), user=user, actor=NOBODY)
    confirm_representation(link_of(request), user=holder, actor=actor_for(holder.subject))

    assert fresh(request).representation.confirmed_at is not None


def test_their_no_ends_it_and_the_agent_learns_no_more_than_by_silence() -> None:
    know(PERSON)
    declined = submitted_for("agent")
    decline_representation(link_of(declined))
    # A no at once would tell that the address is known: it waits as if nobody had answered.
    assert (fresh(declined).status, len(mails("requests.not_confirmed"))) == (Status.RECEIVED, 0)
    assert fresh(declined).representation.declined_at is not None
    silent = submitted_for("agent", user=make_account(username="rob", email="rob@example.com", password=None))
    with clock.stopped_at(clock.now() + timedelta(days=15)):
        housekeeping._lapse()

    said = [
        (message.subject.replace(message.ticket, ""), message.body.replace(message.ticket, ""))
        for message in mails("requests.not_confirmed")
    ]
    assert len(said) == 2
    assert len(set(said)) == 1
    assert {(fresh(each).status, fresh(each).outcome) for each in (declined, silent)} == {(Status.CLOSED, Outcome.NOT_VERIFIED)}
    assert find_link(link_of(declined).public_id) is None
    with pytest.raises(WrongCode):
        decline_representation(link_of(declined))


def test_what_waits_for_staff_does_not_lapse_and_what_waits_for_documents_does() -> None:
    waiting, empty = (
        submitted_for("child"),
        filed_for("deceased", user=make_account(username="rob", email="rob@example.com", password=None)),
    )
    with clock.stopped_at(clock.now() + timedelta(days=2)):
        housekeeping._lapse()
    assert fresh(empty).status == Status.RECEIVED

    with clock.stopped_at(clock.now() + timedelta(days=15)):
        housekeeping._lapse()
        housekeeping._forget()

    assert (fresh(waiting).status, fresh(empty).status) == (Status.RECEIVED, Status.CLOSED)


def test_a_code_of_the_agent_confirms_nothing() -> None:
    know(PERSON)
    request = submitted_for("agent")

    with pytest.raises(WrongCode):
        prove_identity(link_of(request), code="link", actor=NOBODY)


# Staff look ------------------------------------------------------------------------------------------------------------


def test_nothing_begins_before_the_documents_are_seen_and_the_person_has_confirmed() -> None:
    actor = staff_actor()
    given = {"identifier_kind": "email", "identifier": PERSON, "actor": actor}
    know(PERSON)
    whys = []
    unsent = filed_for("child")
    with pytest.raises(NotReady) as caught:
        accept_representation(unsent, note="x", **given)
    whys.append(caught.value.why)
    agent = submitted_for("agent", user=make_account(username="rob", email="rob@example.com", password=None))
    with pytest.raises(NotReady) as caught:
        accept_representation(agent, note="x", **given)
    whys.append(caught.value.why)
    heir = submitted_for("deceased", user=make_account(username="ruth", email="ruth@example.com", password=None))
    with pytest.raises(NotReady) as caught:
        accept_representation(heir, note="x", **given)
    whys.append(caught.value.why)
    see_documents(heir, actor=actor)
    with pytest.raises(ReasonMissing):
        accept_representation(heir, note=" ", **given)
    with pytest.raises(NotReady) as caught:
        accept_representation(heir, identifier_kind="email", identifier="ruth@example.com", note="x", actor=actor)
    whys.append(caught.value.why)
    with pytest.raises(NotAllowed):
        accept_representation(heir, identifier_kind="email", identifier=PERSON, note="x", actor=actor_of_requester(heir))
    accept_representation(heir, note="Both papers.", **given)

    assert whys == ["unsent", "unconfirmed", "unseen", "same_person"]
    assert fresh(heir).status == Status.COLLECTING
    assert TimelineEvent.objects.get(request=heir, event="proven").details == {"method": "entitled"}
    with pytest.raises(IllegalMove):
        accept_representation(fresh(heir), note="x", **given)


def test_both_documents_are_needed_for_somebody_who_has_died() -> None:
    request = filed_for("deceased")
    send_documents(request, files={"death": [PAPER], "entitlement": []}, actor=actor_of_requester(request))
    assert fresh(request).representation.submitted_at is None

    send_documents(request, files={"death": [], "entitlement": [PAPER]}, actor=actor_of_requester(request))

    assert fresh(request).representation.submitted_at is not None


def test_a_refused_proof_closes_it_with_the_reason() -> None:
    request = submitted_for("child")
    refuse_representation(request, reason="The paper names another child.", actor=staff_actor())

    assert (fresh(request).status, fresh(request).outcome) == (Status.CLOSED, Outcome.NOT_VERIFIED)
    assert TimelineEvent.objects.get(request=request, event="declined").note == "The paper names another child."
    assert mails("requests.not_confirmed")


def test_the_answer_goes_to_the_requester_and_never_to_the_person() -> None:
    make_account(username="paul", email=PERSON, password=None)
    rita = make_account(username="rita", email="rita@example.com", password=None)
    request = after_notice(accepted_for("child", user=rita))
    release_bundle(request, actor=staff_actor())
    run_until_idle()

    request = fresh(request)
    assert address_of(request) == "rita@example.com"
    # The person is told that somebody acts for them, and gets nothing else of it.
    assert ["Somebody acts for you" in message.subject for message in mail.outbox if message.to == [PERSON]] == [True]
    assert {message.kind for message in OutboxMessage.objects.all()} >= {"requests.acknowledgement", "requests.ready"}
    assert open_download(request, session_key="k", actor=actor_of_requester(request))


def test_the_contact_that_staff_were_given_counts_although_the_person_has_an_account() -> None:
    make_account(username="paul", email=PERSON, password=None)
    by_code = proven(entered(behalf="deceased"), identifier=PERSON, method="entitled", contact="Heir@Example.com")
    heir = make_account(username="hans", email="hans@example.com", password=None)
    signed_in = proven(entered(behalf="deceased", kind="portability"), identifier=PERSON, method="entitled", contact="hans@example.com")
    by_letter = proven(entered(behalf="deceased", kind="erasure"), identifier=PERSON, method="entitled")

    assert address_of(fresh(by_code)) == "heir@example.com"
    assert (fresh(signed_in).filed_by, address_of(fresh(signed_in))) == (heir.subject, "hans@example.com")
    assert address_of(fresh(by_letter)) == ""


# What stops it ---------------------------------------------------------------------------------------------------------


def test_the_person_stops_it_and_nobody_else_does_so_for_them() -> None:
    paul = make_account(username="paul", email=PERSON, password=None)
    request = accepted_for("child")
    with pytest.raises(NotAllowed):
        stop_by_represented(request, actor=actor_of_requester(request))
    with pytest.raises(NotAllowed):
        withdraw_request(request, actor=actor_for(create_subject(actor=Actor.system("tests"))))

    stop_by_represented(request, actor=actor_for(paul.subject))

    request = fresh(request)
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.WITHDRAWN)
    assert mails("requests.not_confirmed")


def end(request: Request) -> None:
    end_authority(request, note="She called: it is over.", actor=staff_actor())


def come_of_age(request: Request) -> None:
    Representation.objects.filter(request=request).update(of_age_on=clock.now().date().isoformat())


def freeze(request: Request) -> None:
    User.objects.filter(subject=request.filed_by).update(frozen_at=clock.now())


@pytest.mark.parametrize(
    ("behalf", "stop", "why"), [("agent", end, "authority_ended"), ("child", come_of_age, "of_age"), ("child", freeze, "frozen")]
)
def test_a_proof_that_no_longer_stands_gives_nothing_out(behalf: str, stop: Any, why: str) -> None:
    know(PERSON)
    request = accepted_for(behalf)
    assert obstacle_of(request) == ""
    stop(request)

    assert obstacle_of(fresh(request)) == why
    with pytest.raises(ProofNoLongerStands):
        release_bundle(fresh(request), actor=staff_actor())
    assert fresh(request).status == Status.REVIEW


def test_a_bundle_that_was_released_stays_shut_once_the_authority_ended() -> None:
    know(PERSON)
    request = accepted_for("agent")
    release_bundle(request, actor=staff_actor())
    Representation.objects.filter(request=request).update(ended_at=clock.now())

    with pytest.raises(BundleLocked):
        open_download(fresh(request), session_key="k", actor=actor_of_requester(request))


# Documents -------------------------------------------------------------------------------------------------------------


def test_documents_go_when_the_request_ends_and_that_they_were_seen_stays() -> None:
    request = submitted_for("child")
    actor = staff_actor()
    see_documents(request, actor=actor)
    document = ProofDocument.objects.get(request=request)
    assert storage().size(document.object_name) == document.sealed_size
    refuse_representation(request, reason="No.", actor=actor)
    run_until_idle()

    document.refresh_from_db()
    assert (document.key, document.original_name, str(document.seen_by_id)) == (None, None, actor.ref)
    assert document.removed_at is not None
    assert document.seen_at is not None
    with pytest.raises(FileNotFoundError):
        storage().size(document.object_name)


@pytest.mark.parametrize(("until", "is_gone"), [("decided", True), ("ended", False)])
def test_identity_is_asked_for_with_a_reason_pauses_the_clock_and_is_decided(settings: Any, until: str, is_gone: bool) -> None:
    settings.IDENTITY_DOCUMENTS_UNTIL, settings.OPERATOR_REGIMES = until, ["gdpr"]
    request = worked()
    person, actor = actor_for(request.subject), staff_actor()
    with pytest.raises(IllegalMove):
        send_documents(request, files={"identity": [PAPER]}, actor=person)
    ask_person(request, question="The address is new to us.", about="identity", wants_document=True, actor=actor)
    assert fresh(request).paused_at is not None
    send_documents(fresh(request), files={"identity": [PAPER]}, actor=person)

    request = fresh(request)
    assert (request.status, request.paused_at, obstacle_of(request)) == (Status.ATTENTION, None, "identity_open")
    with pytest.raises(NotReady):
        decide_identity(request, is_accepted=True, reason="Fits.", actor=actor)
    see_documents(request, actor=actor)
    with pytest.raises(ReasonMissing):
        decide_identity(request, is_accepted=True, reason=" ", actor=actor)
    decide_identity(request, is_accepted=True, reason="Fits.", actor=actor)

    document = ProofDocument.objects.get(request=request)
    assert obstacle_of(request) == ""
    assert (document.removed_at is not None, document.key is None) == (is_gone, is_gone)
    withdraw_request(fresh(request), actor=person)
    document.refresh_from_db()
    assert document.key is None


def test_a_refused_identity_tells_why_and_blocks_the_answer() -> None:
    request = worked()
    actor = staff_actor()
    ask_person(request, question="Who?", about="identity", wants_document=True, actor=actor)
    send_documents(fresh(request), files={"identity": [PAPER]}, actor=actor_for(request.subject))
    see_documents(fresh(request), actor=actor)
    decide_identity(fresh(request), is_accepted=False, reason="It is not yours.", actor=actor)

    assert fresh(request).messages.get().body == "It is not yours."
    assert obstacle_of(fresh(request)) == "identity"


def test_what_was_said_of_the_person_goes_where_it_never_began_and_later_with_the_request() -> None:
    request, begun = (
        submitted_for("child"),
        accepted_for("child", user=make_account(username="rob", email="rob@example.com", password=None)),
    )
    refuse_representation(request, reason="No.", actor=staff_actor())
    withdraw_request(begun, actor=actor_of_requester(begun))

    told, kept = fresh(request).representation, fresh(begun).representation
    assert (told.person_name, told.person_address, told.of_age_on, told.requester_name) == (None, None, None, "Rita Requester")
    assert (kept.person_name, kept.person_address) == ("Paul Person", PERSON)
    RetentionRule.objects.update_or_create(key=RULE, defaults={"title": "R", "period_days": 1096, "text": "t", "legal_ground": "g"})
    with clock.stopped_at(clock.now() + timedelta(days=2000)):
        forget_requests(limit=10, actor=Actor.system("tests"))

    kept, begun = fresh(begun).representation, fresh(begun)
    assert (kept.person_name, kept.requester_name, begun.filed_by, begun.contact) == (None, None, None, None)
    assert kept.accepted_at is not None


def test_two_who_were_taken_for_one_are_told_apart_and_each_keeps_what_they_asked_for_others() -> None:
    proof = file_for_another_by_address(
        kind="access", address="rita@example.com", represented=represented(), client="192.0.2.1", actor=NOBODY
    )
    request = prove_identity(proof, code=mailed(proof), actor=NOBODY)
    old, new = fresh(request).filed_by, create_subject(actor=Actor.system("tests"))

    see_to_requests(old, new, [("email", "rita@example.com")], Actor.system("tests"))

    assert fresh(request).filed_by == new


# Levels ----------------------------------------------------------------------------------------------------------------


def test_every_right_has_its_levels_and_what_is_asked_for_another_never_takes_less() -> None:
    assert set(NEEDED) == set(Kind)
    assert all(needed.other >= needed.own for needed in NEEDED.values())
    for kind in ("access", "portability", "erasure", "rectification"):
        assert NEEDED[Kind(kind)].other is Level.CHECKED
    assert not is_enough("document", kind="complaint", behalf="agent")
    assert is_enough("authority", kind="erasure", behalf="agent")


def test_a_request_for_another_without_a_representation_is_opened_by_no_code() -> None:
    with pytest.raises(NotEnoughProof):
        entered(behalf="agent", address="agent@example.com")
    proof = file_by_address(kind="access", address="agent@example.com", client="192.0.2.1", actor=NOBODY)
    Request.objects.update(behalf="agent")

    with pytest.raises(WrongCode):
        prove_identity(IdentityProof.objects.get(pk=proof.pk), code=mailed(proof), actor=NOBODY)
