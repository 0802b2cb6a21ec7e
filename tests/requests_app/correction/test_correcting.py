"""Rectification: gathered by the person, decided field by field, made all or none, answered, and told to those who had the old value."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import registry
from privacycenter.mail.models import OutboxMessage
from privacycenter.records.models import Interaction
from requests_app.correction import applying
from requests_app.correction.annotations import annotate
from requests_app.correction.deciding import decide, drop_added, order_corrections, refuse_corrections, resume_corrections
from requests_app.correction.errors import AlreadyNoted, CannotCorrect, NotAllRefused, Undecided
from requests_app.correction.proposing import add_for_person, drafts_of, expire_drafts, fill_in, propose
from requests_app.correction.reading import find_source, page_of
from requests_app.domain import withdraw_request
from requests_app.domain.people import actor_for
from requests_app.domain.recipients import note_notice
from requests_app.domain.stops import lift_stop, stop_work
from requests_app.enums import CorrectionKind, Decision, NoticeState, NoticeWay, Outcome, Status
from requests_app.errors import IllegalMove, NotAllowed, ReasonMissing
from requests_app.models import Annotation, Correction, RecipientNotice, Request
from tests.factories.accounts import make_account
from tests.factories.corrections import CALLS, DictSource, a_call, decided, draft, ordered, sent
from tests.factories.requests import archive_of, bundle_of, filed, fresh, staff_actor, worked

pytestmark = pytest.mark.django_db


@pytest.fixture
def amira() -> Any:
    return make_account(password=None, email="amira@example.com", username="amira")


def summary_of(call: Interaction) -> str:
    call.refresh_from_db()
    return str(call.summary)


# Gathering -------------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-02")
def test_what_is_gathered_outlives_the_session_and_goes_along_with_the_request(amira) -> None:
    call = a_call(amira)
    ready = draft(amira, call)
    unfinished = propose(amira.subject, source=CALLS, record_key=str(call.pk), field="body")

    request = sent(amira, "And my name is misspelt in your letters.")

    assert request.status == Status.TRIAGE
    assert [each.pk for each in Correction.objects.filter(request=request)] == [ready.pk]
    assert [each.pk for each in drafts_of(amira.subject)] == [unfinished.pk]
    assert (fresh(request).words, summary_of(call)) == ("And my name is misspelt in your letters.", "Moved to flat 12 b")


def test_the_same_value_is_gathered_once_and_keeps_what_was_typed(amira) -> None:
    call = a_call(amira)

    assert propose(amira.subject, source=CALLS, record_key=str(call.pk), field="summary") == draft(amira, call)


def test_drafts_that_nobody_touches_are_removed_after_the_days_of_the_setting(amira, settings) -> None:
    settings.CORRECTION_DRAFT_DAYS = 90
    other = make_account(password=None, email="b@example.com")
    draft(other, a_call(other))
    sent(other)
    draft(amira, a_call(amira))
    touched = draft(amira, a_call(amira, "Asked for an offer"), "Asked for nothing")
    begun = clock.now()

    with clock.stopped_at(begun + timedelta(days=89)):
        fill_in(touched, value="Asked for two", reason="", actor=actor_for(amira.subject))
        assert expire_drafts(limit=10) == 0
    with clock.stopped_at(begun + timedelta(days=91)):
        assert expire_drafts(limit=10) == 1

    assert drafts_of(amira.subject) == [touched]
    assert Correction.objects.exclude(request=None).count() == 1


def test_somebody_elses_record_can_neither_be_read_nor_proposed(amira) -> None:
    theirs = a_call(make_account(password=None, email="b@example.com"), "A secret of theirs")
    assert str(theirs.pk) in {row.key for row in page_of(find_source(CALLS), theirs_subject(theirs), 1).rows}

    with pytest.raises(CannotCorrect) as caught:
        propose(amira.subject, source=CALLS, record_key=str(theirs.pk), field="summary")

    assert caught.value.code == "unknown_record"
    assert page_of(find_source(CALLS), amira.subject, 1).rows == ()


def theirs_subject(call: Interaction) -> Any:
    from privacycenter.subjects.queries import subject_with  # app ready

    return subject_with(call.identifier_kind, call.identifier_value)


@pytest.mark.parametrize(
    ("source", "record", "field", "code"),
    [
        (CALLS, "999999", "summary", "unknown_record"),
        (CALLS, "not a number", "summary", "unknown_record"),
        (CALLS, None, "channel", "read_only"),
        (CALLS, None, "nothing_such", "unknown_field"),
        ("no.such_source", "1", "x", "unknown_record"),
        ("accounts.profile", None, "full_name", "read_only"),  # the person changes it without us
    ],
)
def test_what_can_t_be_corrected_says_why(amira, source: str, record: str | None, field: str, code: str) -> None:
    call = a_call(amira)

    with pytest.raises(CannotCorrect) as caught:
        propose(amira.subject, source=source, record_key=str(call.pk) if record is None else record, field=field)

    assert caught.value.code == code
    assert drafts_of(amira.subject) == []


def test_the_source_is_asked_whether_it_takes_a_value_and_nothing_is_changed_by_asking(amira) -> None:
    call = a_call(amira)

    with pytest.raises(CannotCorrect) as caught:
        draft(amira, call, "My card is 4111 1111 1111 1111")

    assert caught.value.code == "invalid_value"
    assert summary_of(call) == "Moved to flat 12 b"
    draft(amira, call)
    assert summary_of(call) == "Moved to flat 12 b"


def test_a_source_that_is_stopped_is_not_read(amira) -> None:
    call = a_call(amira)
    stop_work(source_key=CALLS, reason="leak", actor=staff_actor())

    with pytest.raises(CannotCorrect, match="stopped"):
        propose(amira.subject, source=CALLS, record_key=str(call.pk), field="summary")


def test_a_page_of_records_costs_the_same_however_many_there_are(amira) -> None:
    def cost() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            page_of(find_source(CALLS), amira.subject, 1)
        return len(queries)

    a_call(amira)
    first = cost()
    for number in range(2, 13):
        a_call(amira, f"Call {number}")

    assert (first, cost()) == (3, 3)
    pages = [page_of(find_source(CALLS), amira.subject, number) for number in (1, 2, 3)]
    assert [(len(page.rows), page.has_next) for page in pages] == [(10, True), (2, False), (0, False)]


# Deciding --------------------------------------------------------------------------------------------------------------


def test_each_correction_is_decided_by_staff_with_a_reason_where_it_is_refused(amira) -> None:
    draft(amira, a_call(amira))
    request = sent(amira)
    correction = Correction.objects.get(request=request)

    with pytest.raises(NotAllowed):
        decide(correction, is_accepted=True, actor=actor_for(amira.subject))
    with pytest.raises(ReasonMissing):
        decide(correction, is_accepted=False, reason=" ", actor=staff_actor())
    with pytest.raises(Undecided):
        order_corrections(request, actor=staff_actor())
    decide(correction, is_accepted=False, reason="It is right.", actor=staff_actor())
    with pytest.raises(Undecided):
        order_corrections(request, actor=staff_actor())
    decide(correction, is_accepted=True, actor=staff_actor())

    correction.refresh_from_db()
    assert (correction.decision, correction.decision_reason) == (Decision.ACCEPTED, None)
    entries = AuditEntry.objects.filter(verb="requests.correction_decided").order_by("pk").values_list("parameters", flat=True)
    assert [entry["decision"] for entry in entries] == ["refused", "accepted"]
    assert {entry["field"] for entry in entries} == {f"{CALLS}.summary"}


@pytest.mark.parametrize("status", sorted(set(Status.values) - {Status.TRIAGE, Status.ATTENTION}))
def test_nothing_is_decided_or_added_in_another_state(amira, status: str) -> None:
    call = a_call(amira)
    draft(amira, call)
    request, actor = sent(amira), staff_actor()
    correction = Correction.objects.get(request=request)
    outcome = Outcome.FULFILLED if status in Status.ANSWERED else ""
    Request.objects.filter(pk=request.pk).update(status=status, outcome=outcome)
    request = fresh(request)

    for act in (
        lambda: decide(correction, is_accepted=True, actor=actor),
        lambda: add_for_person(request, source=CALLS, record_key=str(call.pk), field="body", actor=actor),
        lambda: drop_added(correction, actor=actor),
    ):
        with pytest.raises(IllegalMove):
            act()
    assert Correction.objects.get().decision == Decision.PENDING


def test_only_staff_who_may_work_order_go_on_and_add(amira) -> None:
    call = a_call(amira)
    draft(amira, call)
    request = sent(amira)
    decided(request, True)
    person = actor_for(amira.subject)

    for act in (
        lambda: order_corrections(request, actor=person),
        lambda: add_for_person(request, source=CALLS, record_key=str(call.pk), field="body", actor=person),
        lambda: order_corrections(request, actor=Actor.for_user(make_account(password=None, is_staff=True))),
    ):
        with pytest.raises(NotAllowed):
            act()
    with pytest.raises(IllegalMove):
        resume_corrections(request, actor=staff_actor())
    assert fresh(request).status == Status.TRIAGE


def test_staff_make_corrections_from_what_the_person_wrote_and_can_take_them_back(amira) -> None:
    call = a_call(amira)
    request, actor = sent(amira, "You wrote flat 12 b. It is 21 b."), staff_actor()

    added = add_for_person(request, source=CALLS, record_key=str(call.pk), field="summary", actor=actor)
    with pytest.raises(IllegalMove):
        decide(added, is_accepted=True, actor=actor)  # nothing is proposed yet
    fill_in(added, value="Moved to flat 21 b", reason="", actor=actor)
    decided(request, True)
    with pytest.raises(IllegalMove):
        drop_added(added, actor=actor)
    ordered(request)
    run_until_idle()

    assert (fresh(request).outcome, summary_of(call)) == (Outcome.FULFILLED, "Moved to flat 21 b")


@pytest.mark.obligation("R-02")
def test_when_every_correction_is_refused_the_letter_has_the_reason_of_each(amira) -> None:
    draft(amira, a_call(amira))
    draft(amira, a_call(amira, "Asked for an offer"), "Asked for nothing")
    request = sent(amira)
    decided(request, True, False)
    with pytest.raises(NotAllRefused):
        refuse_corrections(request, actor=staff_actor())

    decided(request, False, False)
    refuse_corrections(request, actor=staff_actor())

    request = fresh(request)
    assert (request.status, request.outcome, request.refusal_ground) == (Status.CLOSED, Outcome.REFUSED, "accurate_as_it_is")
    assert (request.letter or "").count("Your lease says 12 b.") == 2
    assert "Moved to flat" not in (request.letter or "")


# Making them -----------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-02")
def test_accepted_ones_are_made_in_full_and_in_part_and_the_person_is_told(amira) -> None:
    call, other = a_call(amira), a_call(amira, "Asked for an offer")
    draft(amira, call)
    draft(amira, other, "Asked for nothing")
    request = sent(amira)
    decided(request, True, False)
    ordered(request)
    assert fresh(request).status == Status.CORRECTING

    run_until_idle()

    request = fresh(request)
    assert (request.status, request.outcome) == (Status.CLOSED, Outcome.IN_PART)
    assert (summary_of(call), summary_of(other)) == ("Moved to flat 21 b", "Asked for an offer")
    made, kept = Correction.objects.filter(request=request)
    assert (made.applied_at is not None, kept.applied_at) == (True, None)
    assert "Your lease says 12 b." in (request.letter or "")
    assert OutboxMessage.objects.filter(kind="requests.decision").count() == 1
    entry = AuditEntry.objects.get(verb="requests.corrected")
    assert "flat" not in str(entry.parameters)


def test_a_value_that_changed_meanwhile_is_shown_to_staff_and_not_overwritten(amira) -> None:
    call, other = a_call(amira), a_call(amira, "Asked for an offer")
    draft(amira, call)
    draft(amira, other, "Asked for nothing")
    request = sent(amira)
    decided(request, True, True)
    Interaction.objects.filter(pk=call.pk).update(summary="Moved to flat 33 c")
    ordered(request)

    run_until_idle()

    first, second = Correction.objects.filter(request=request)
    assert fresh(request).status == Status.ATTENTION
    assert (first.error_code, first.found, first.applied_at) == ("conflict", '"Moved to flat 33 c"', None)
    assert (summary_of(call), summary_of(other), second.applied_at) == ("Moved to flat 33 c", "Asked for an offer", None)

    decide(first, is_accepted=True, actor=staff_actor())  # seen, and decided once more
    resume_corrections(fresh(request), actor=staff_actor())
    run_until_idle()

    assert (fresh(request).outcome, summary_of(call), summary_of(other)) == (
        Outcome.FULFILLED,
        "Moved to flat 21 b",
        "Asked for nothing",
    )


def test_when_one_source_of_this_database_does_not_take_its_value_nothing_is_changed(amira) -> None:
    call = a_call(amira)
    source = DictSource("tests.here", in_database=True)
    with registry.temporarily(source):
        draft(amira, call)
        draft(amira, "a", "21 b", source="tests.here", field="flat")
        source.rows["a"]["flat"] = "12 b"  # a dictionary does not roll back what was tried out
        request = sent(amira)
        decided(request, True, True)
        Correction.objects.filter(source_key="tests.here").update(proposed='"refuse me"')
        ordered(request)

        run_until_idle()

    assert fresh(request).status == Status.ATTENTION
    assert summary_of(call) == "Moved to flat 12 b"
    assert list(Correction.objects.values_list("error_code", "applied_at").order_by("pk")) == [("", None), ("invalid_value", None)]
    assert not RecipientNotice.objects.exists()


def test_a_source_outside_that_does_not_answer_is_tried_again_and_then_shown_to_staff(amira, monkeypatch) -> None:
    source = DictSource()
    with registry.temporarily(source):
        draft(amira, "a", "21 b", source="tests.outside", field="flat")
        request = sent(amira)
        decided(request, True)
        source.broken = True
        ordered(request)
        applying.give_up(request.pk, code="lost_worker")  # what the queue does after the last try
        assert fresh(request).status == Status.ATTENTION
        assert Correction.objects.get().error_code == "lost_worker"
        source.broken = False
        resume_corrections(fresh(request), actor=staff_actor())

        run_until_idle()

    assert (fresh(request).outcome, source.rows["a"]["flat"], source.changes) == (Outcome.FULFILLED, "21 b", 1)


def test_a_change_outside_that_was_made_and_not_noted_is_not_made_twice(amira) -> None:
    source = DictSource()
    with registry.temporarily(source):
        draft(amira, "a", "21 b", source="tests.outside", field="flat")
        request = sent(amira)
        decided(request, True)
        source.rows["a"]["flat"] = "21 b"  # a worker died here
        ordered(request)

        run_until_idle()

    assert (fresh(request).outcome, source.changes) == (Outcome.FULFILLED, 0)


def test_a_stop_holds_the_work_and_lifting_it_orders_it_again(amira) -> None:
    call, actor = a_call(amira), staff_actor()
    draft(amira, call)
    request = sent(amira)
    decided(request, True)
    stop = stop_work(source_key=CALLS, reason="leak", actor=actor)
    ordered(request)
    run_until_idle()
    assert (fresh(request).status, summary_of(call)) == (Status.CORRECTING, "Moved to flat 12 b")

    lift_stop(stop, actor=actor)
    run_until_idle()

    assert (fresh(request).status, summary_of(call)) == (Status.CLOSED, "Moved to flat 21 b")


def test_what_is_being_corrected_can_t_be_withdrawn_and_what_is_not_yet_can(amira) -> None:
    draft(amira, a_call(amira))
    request = sent(amira)
    decided(request, True)
    ordered(request)

    with pytest.raises(IllegalMove):
        withdraw_request(fresh(request), actor=actor_for(amira.subject))


# Recipients and notes --------------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-02")
def test_recipients_of_the_old_value_are_noted_and_what_came_of_telling_them(amira) -> None:
    draft(amira, a_call(amira))
    request, actor = sent(amira), staff_actor()
    decided(request, True)
    ordered(request)
    run_until_idle()
    notice = RecipientNotice.objects.get(request=request)
    assert (notice.recipient_key, notice.changed) == ("service_providers", ["Conversations with sales and support, Summary"])
    assert notice.recipient_name in (fresh(request).letter or "")

    with pytest.raises(NotAllowed):
        note_notice(notice, state=NoticeState.TOLD, how=NoticeWay.EMAIL, actor=actor_for(amira.subject))
    with pytest.raises(ReasonMissing):
        note_notice(notice, state=NoticeState.TOLD, actor=actor)
    with pytest.raises(ReasonMissing):
        note_notice(notice, state=NoticeState.IMPOSSIBLE, actor=actor)
    note_notice(notice, state=NoticeState.TOLD, how=NoticeWay.EMAIL, actor=actor)
    note_notice(notice, state=NoticeState.ANSWERED, how=NoticeWay.EMAIL, words="Changed in our system.", actor=actor)
    with pytest.raises(IllegalMove):
        note_notice(notice, state=NoticeState.TOLD, how=NoticeWay.EMAIL, actor=actor)

    notice.refresh_from_db()
    assert (notice.state, notice.answer) == (NoticeState.ANSWERED, "Changed in our system.")


@pytest.mark.obligation("R-02")
def test_a_note_on_a_refused_correction_travels_with_the_data(amira) -> None:
    call = a_call(amira)
    draft(amira, call)
    request = sent(amira)
    (correction,) = decided(request, False)
    person = actor_for(amira.subject)
    with pytest.raises(IllegalMove):
        annotate(request, correction, text="No, it is 21 b.", actor=person)  # not answered yet
    refuse_corrections(request, actor=staff_actor())
    request = fresh(request)

    annotate(request, correction, text="No, it is 21 b.", actor=person)
    with pytest.raises(AlreadyNoted):
        annotate(request, correction, text="Again.", actor=person)
    with pytest.raises(NotAllowed):
        annotate(request, correction, text="Mine.", actor=actor_for(make_account(password=None).subject))

    (row,) = page_of(find_source(CALLS), amira.subject, 1).rows
    assert [note.text for note in row.notes] == ["No, it is 21 b."]
    document = archive_of(bundle_of(worked(amira))).read("personal-data.json").decode()
    assert "requests.annotations" in document
    assert "No, it is 21 b." in document


def test_an_addition_that_is_accepted_stands_beside_the_record(amira) -> None:
    call = a_call(amira)
    addition = propose(amira.subject, source=CALLS, record_key=str(call.pk))
    fill_in(addition, value="The lease began in March.", reason="", actor=actor_for(amira.subject))
    request = sent(amira)
    assert Correction.objects.get(request=request).kind == CorrectionKind.SUPPLEMENT
    decided(request, True)
    ordered(request)

    run_until_idle()

    note = Annotation.objects.get(subject=amira.subject)
    assert (note.kind, note.record, note.text) == ("supplement", str(call.pk), "The lease began in March.")
    assert (fresh(request).outcome, summary_of(call)) == (Outcome.FULFILLED, "Moved to flat 12 b")


def test_a_request_of_another_kind_has_no_corrections_to_refuse(amira) -> None:
    with pytest.raises(NotAllRefused):
        refuse_corrections(filed(amira, kind="complaint"), actor=staff_actor())
