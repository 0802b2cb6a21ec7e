"""Questions, refusals and decisions: what each verb does, where it refuses, and what nobody learns from its mail."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import enqueue, run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.models import OutboxMessage
from requests_app.answers.authorities import entries
from requests_app.answers.grounds import GROUNDS, Ground, grounds_for
from requests_app.answers.letters import sections_of
from requests_app.domain import (
    agree_to_refusal,
    ask_person,
    collect_again,
    complete_despite_failure,
    decide_request,
    drop_refusal,
    go_on_without_reply,
    refuse_request,
    release_bundle,
    reopen_request,
    reply_to_question,
    retry_failed,
    take_up,
)
from requests_app.domain.answers import ANSWER_LENGTH, open_question, remind_of_question
from requests_app.domain.reviews import may_be_reviewed
from requests_app.enums import Kind, Outcome, Status, StepStatus
from requests_app.errors import (
    ChannelMissing,
    GroundMissing,
    IllegalMove,
    LostRace,
    NotAllowed,
    ReasonMissing,
    RefusalChanged,
    SecondPersonNeeded,
    TooLong,
)
from requests_app.models import Authority, Bundle, ProposedRefusal, Question, Step, TimelineEvent
from requests_app.transitions import Event
from tests.factories.accounts import make_staff
from tests.factories.requests import fresh, staff_actor, worked
from tests.requests_app.answers.helpers import complaint, mails, person, proposal, refused
from tests.requests_app.test_proof import file, know, mailed, prove

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


# Questions -------------------------------------------------------------------------------------------------------------


def test_a_question_stands_encrypted_with_the_request_and_not_in_the_mail() -> None:
    request = complaint()

    ask_person(request, question="Which mail was it?", actor=staff_actor())

    stored = fresh(request)
    question = open_question(stored)
    assert (stored.status, question.asked.note) == (Status.WAITING, "Which mail was it?")
    raw = TimelineEvent.objects.filter(pk=question.asked_id).extra(select={"raw": "note"}).values_list("raw", flat=True).get()
    assert b"Which mail" not in bytes(raw)
    mail = OutboxMessage.objects.get(kind="requests.question")
    assert "Which mail" not in mail.body
    assert request.ref in mail.body


@pytest.mark.parametrize(("kind", "target"), [("complaint", Status.TRIAGE), ("access", Status.ATTENTION)])
def test_an_answer_leads_the_request_back_into_its_work(kind: str, target: Status) -> None:
    request = worked(kind=kind)
    ask_person(request, question="Which year?", actor=staff_actor())

    reply_to_question(request, words="Last year.", actor=person(request))

    assert fresh(request).status == target
    assert open_question(request) is None
    assert TimelineEvent.objects.get(request=request, event=Event.REPLY).note == "Last year."


def test_an_erasure_is_planned_anew_with_the_answer() -> None:
    request = worked(kind="erasure")
    assert request.status == Status.APPROVAL
    ask_person(request, question="The shop as well?", actor=staff_actor())
    reply_to_question(request, words="Yes.", actor=person(request))

    run_until_idle()

    assert fresh(request).status == Status.APPROVAL


def test_staff_type_in_an_answer_and_say_how_it_came() -> None:
    request, colleague = complaint(), staff_actor()
    ask_person(request, question="Which year?", actor=colleague)

    with pytest.raises(ChannelMissing):
        reply_to_question(request, words="Last year.", actor=colleague)
    reply_to_question(request, words="Last year.", channel="phone", actor=colleague)

    event = TimelineEvent.objects.get(request=request, event=Event.REPLY)
    assert (event.actor_kind, event.details) == ("staff", {"channel": "phone"})


def test_nobody_else_answers_and_nothing_is_asked_or_answered_without_words() -> None:
    request = complaint()
    with pytest.raises(ReasonMissing):
        ask_person(request, question="  ", actor=staff_actor())
    ask_person(request, question="Which year?", actor=staff_actor())

    with pytest.raises(NotAllowed):
        reply_to_question(request, words="Mine.", actor=person(complaint()))
    with pytest.raises(ReasonMissing):
        reply_to_question(request, words="\n", actor=person(request))
    with pytest.raises(IllegalMove):
        ask_person(request, question="And which month?", actor=staff_actor())

    assert Question.objects.filter(request=request).count() == 1


def test_the_person_is_reminded_once_and_only_then_do_staff_go_on_without_them(settings: Any) -> None:
    settings.ASK_REMINDER_DAYS = 7
    request = complaint()
    ask_person(request, question="Which year?", actor=staff_actor())
    with pytest.raises(IllegalMove):
        go_on_without_reply(request, actor=staff_actor())
    Question.objects.update(asked_at=clock.now() - timedelta(days=8))

    question = open_question(request)
    assert [remind_of_question(question, actor=SYSTEM) for _ in range(2)] == [True, False]
    with pytest.raises(IllegalMove):
        go_on_without_reply(request, actor=staff_actor())
    Question.objects.update(reminded_at=clock.now() - timedelta(days=8))
    go_on_without_reply(request, actor=staff_actor())

    assert fresh(request).status == Status.TRIAGE
    assert mails(request) == ["requests.acknowledgement", "requests.question", "requests.question_reminder"]


def test_the_periodic_job_reminds_those_whose_days_are_over() -> None:
    late, early = complaint(), complaint()
    for request in (late, early):
        ask_person(request, question="Which year?", actor=staff_actor())
    Question.objects.filter(request=late).update(asked_at=clock.now() - timedelta(days=8))
    with transaction.atomic():
        enqueue("requests.remind_of_questions", key="now", payload={})
    run_until_idle()

    assert [bool(open_question(request).reminded_at) for request in (late, early)] == [True, False]


def test_a_finished_copy_about_which_the_person_was_asked_is_collected_anew_and_not_finished_twice() -> None:
    request = worked()
    ask_person(request, question="Which year?", actor=staff_actor())
    reply_to_question(request, words="Last year.", actor=person(request))

    with pytest.raises(IllegalMove):
        retry_failed(request, actor=staff_actor())
    with pytest.raises(IllegalMove):
        complete_despite_failure(request, reason="Why not.", actor=staff_actor())
    collect_again(request, actor=staff_actor())
    run_until_idle()

    assert fresh(request).status == Status.REVIEW


def test_a_copy_for_which_no_source_held_anything_says_so() -> None:
    request = worked(kind="portability")
    Step.objects.filter(bundle__request=request).update(status=StepStatus.NOTHING_HELD)

    release_bundle(request, actor=staff_actor())

    assert fresh(request).outcome == Outcome.NOTHING_HELD


@pytest.mark.obligation("R-01")
def test_somebody_of_whom_nothing_is_held_is_told_so_by_letter_with_what_is_told_of_the_request(monkeypatch: Any) -> None:
    monkeypatch.setattr("requests_app.domain.proof.may_hold", lambda *_arguments: True)  # a database outside might have
    proof = file(kind="access")
    request = prove(proof, mailed(proof))
    run_until_idle()

    release_bundle(fresh(request), actor=staff_actor())

    stored = fresh(request)
    assert stored.outcome == Outcome.NOTHING_HELD
    assert "We hold nothing about you." in stored.letter
    assert "How long we keep it" in stored.letter
    assert not may_be_reviewed(stored)


def test_who_has_asked_before_is_given_what_is_held_of_that() -> None:
    know()
    proof = file(kind="complaint")
    prove(proof, mailed(proof))
    again = file(kind="access")
    request = prove(again, mailed(again))
    run_until_idle()

    release_bundle(fresh(request), actor=staff_actor())

    assert (fresh(request).outcome, fresh(request).letter) == (Outcome.FULFILLED, None)


def test_an_address_that_was_known_before_is_something_held() -> None:
    know(proven=True)
    proof = file(kind="access")
    request = prove(proof, mailed(proof))
    run_until_idle()

    release_bundle(fresh(request), actor=staff_actor())

    assert fresh(request).outcome == Outcome.FULFILLED


# Refusals --------------------------------------------------------------------------------------------------------------


def test_every_ground_fits_a_kind_and_every_kind_has_a_ground() -> None:
    assert set(GROUNDS) == set(Ground)
    assert all(facts.kinds and str(facts.words) for facts in GROUNDS.values())
    assert all(grounds_for(kind) for kind in Kind)
    assert grounds_for(Kind.REVIEW) == [Ground.UPHELD]


@pytest.mark.obligation("R-07")
def test_the_letter_says_why_and_names_review_authority_and_court() -> None:
    request = complaint(country="DE")

    refuse_request(request, ground=Ground.EXCESSIVE, reasoning="It is the ninth this week.", actor=staff_actor())

    stored = fresh(request)
    sections = {section.heading: " ".join(section.paragraphs) for section in sections_of(stored.letter)}
    assert list(sections) == [
        "Our decision",
        "Why",
        "You can have this looked at again",
        "What the laws that apply to you add",  # the other law of the operator
        "You can complain to an authority",
        "You can go to court",
        "Questions",
    ]
    assert "It is the ninth this week." in sections["Why"]
    assert "12(5)" in sections["Why"]
    assert "https://www.bfdi.bund.de" in sections["You can complain to an authority"]
    assert "Article 79" in sections["You can go to court"]
    assert (stored.status, stored.outcome, stored.refusal_ground) == (Status.CLOSED, Outcome.REFUSED, "manifestly_excessive")
    assert stored.decided_at == stored.answered_at == stored.closed_at


def test_a_country_without_an_authority_is_told_so_in_the_letter() -> None:
    request = complaint(country="VA")

    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="No.", actor=staff_actor())

    assert "We know of no such authority in your country" in fresh(request).letter


def test_the_mail_about_a_decision_holds_nothing_of_it() -> None:
    request = refused()

    mail = OutboxMessage.objects.get(ticket=request.ref, kind="requests.decision")
    assert "Monday" not in mail.body
    assert "unfounded" not in mail.body


@pytest.mark.parametrize(
    ("ground", "reasoning"), [(Ground.LEGAL_DUTY, "The tax law."), (Ground.UPHELD, "No."), ("invented", "No."), (Ground.UNFOUNDED, "  ")]
)
def test_a_ground_of_another_right_or_without_reasoning_refuses_nothing(ground: str, reasoning: str) -> None:
    request = complaint()

    with pytest.raises(GroundMissing):
        refuse_request(request, ground=ground, reasoning=reasoning, actor=staff_actor())

    assert fresh(request).status == Status.TRIAGE


def test_refusing_needs_the_permission_and_happens_once() -> None:
    request, stale = complaint(), None
    stale = fresh(request)
    with pytest.raises(NotAllowed):
        refuse_request(request, ground=Ground.UNFOUNDED, reasoning="No.", actor=Actor.for_user(make_staff(password=None, factor=False)))
    refused(request=request)

    with pytest.raises(LostRace):
        refuse_request(stale, ground=Ground.UNFOUNDED, reasoning="No.", actor=staff_actor())
    assert TimelineEvent.objects.filter(request=request, event=Event.REFUSE).count() == 1


def test_a_refused_copy_leaves_no_bundle_behind() -> None:
    request = worked()

    refuse_request(request, ground=Ground.OTHERS, reasoning="It is about your neighbour.", actor=staff_actor())

    assert not Bundle.objects.filter(request=request, shredded_at=None).exists()


def test_four_eyes_let_a_refusal_wait_for_somebody_else(settings: Any) -> None:
    settings.REFUSAL_FOUR_EYES = True
    request, first, second = complaint(), staff_actor(), staff_actor()

    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="You asked the same on Monday.", actor=first)
    waits = fresh(request).status
    with pytest.raises(SecondPersonNeeded):
        agree_to_refusal(request, digest=proposal(request), actor=first)
    agree_to_refusal(request, digest=proposal(request), actor=second)

    stored = fresh(request)
    assert (waits, stored.status) == (Status.TRIAGE, Status.CLOSED)
    assert stored.decided_by_id == int(second.ref)
    assert not ProposedRefusal.objects.exists()
    assert AuditEntry.objects.filter(ticket=request.ref, verb="requests.refusal_proposed").count() == 1


def test_a_proposed_refusal_can_be_given_back(settings: Any) -> None:
    settings.REFUSAL_FOUR_EYES = True
    request = complaint()
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="No.", actor=staff_actor())

    drop_refusal(request, actor=staff_actor())

    with pytest.raises(IllegalMove):
        agree_to_refusal(request, digest="", actor=staff_actor())
    assert mails(request) == ["requests.acknowledgement"]


def test_who_agrees_agrees_to_what_they_read(settings: Any) -> None:
    settings.REFUSAL_FOUR_EYES = True
    request = complaint()
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="You asked on Monday.", actor=staff_actor())
    read = proposal(request)
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="You never asked.", actor=staff_actor())

    for digest in (read, ""):
        with pytest.raises(RefusalChanged):
            agree_to_refusal(request, digest=digest, actor=staff_actor())
    agree_to_refusal(request, digest=proposal(request), actor=staff_actor())

    assert "You never asked." in fresh(request).letter


def test_reasons_that_were_put_together_stay_whole_and_what_is_typed_is_refused_rather_than_cut() -> None:
    request = complaint()
    long = "\n\n".join(f"Reason {number} " + "x" * 990 for number in range(9))
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning=long, actor=staff_actor())

    assert "Reason 8" in fresh(request).letter
    with pytest.raises(TooLong):
        decide_request(complaint(), outcome=Outcome.FULFILLED, answer="a" * (ANSWER_LENGTH + 1), actor=staff_actor())


# Decisions -------------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("G-10")
def test_a_question_is_answered_by_a_letter() -> None:
    request = complaint(country="FR")

    decide_request(request, outcome=Outcome.FULFILLED, answer="It came from the shop.\n\n## We stopped it.", actor=staff_actor())

    stored = fresh(request)
    sections = sections_of(stored.letter)
    assert (stored.status, stored.outcome) == (Status.CLOSED, Outcome.FULFILLED)
    assert sections[0].paragraphs[1:] == ["It came from the shop.", "We stopped it."]
    assert "CNIL" in stored.letter
    assert mails(request) == ["requests.acknowledgement", "requests.decision"]


@pytest.mark.parametrize("kind", ["access", "erasure"])
def test_only_what_is_decided_in_words_is_decided_so(kind: str) -> None:
    request = complaint()
    request.kind = kind

    with pytest.raises(IllegalMove):
        decide_request(request, outcome=Outcome.FULFILLED, answer="Yes.", actor=staff_actor())


def test_an_answered_question_that_was_opened_again_is_taken_up() -> None:
    request = complaint()
    decide_request(request, outcome=Outcome.FULFILLED, answer="Yes.", actor=staff_actor())
    reopen_request(request, missing="You forgot the second half.", actor=person(request))

    take_up(request, actor=staff_actor())

    assert fresh(request).status == Status.TRIAGE


# The directory ---------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-07")
def test_the_directory_covers_the_countries_that_people_live_in() -> None:
    eea = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IS IE IT LV LI LT LU MT NL NO PL PT RO SK SI ES SE"
    others = "GB CH MY SG BR US CA AU NZ JP KR IN ZA TH PH ID HK TW IL TR AE AR MX"

    rows = list(Authority.objects.all())

    assert {row.country.code for row in rows} >= {*eea.split(), *others.split()}
    assert all(row.web_address.startswith("https://") and row.how_to_file and row.checked_on for row in rows)
    assert {row.region for row in rows if row.country.code == "CA"} >= {"", "Québec"}
    for row in rows:
        row.full_clean()
    assert len({entry["key"] for entry in entries()}) == len(rows)
