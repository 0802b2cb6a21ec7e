"""What ends a transfer that is under way, and what has to be there before one leaves."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from accounts.models import User
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.subjects.domain import restrict_sources
from requests_app.behalf.errors import ProofNoLongerStands
from requests_app.domain.people import actor_for
from requests_app.domain.release import shred_bundle
from requests_app.domain.stops import lift_stop, stop_work
from requests_app.models import Bundle, EmergencyStop, ProofDocument, Receiver, Request, Transfer
from requests_app.transfer import receivers, sending
from requests_app.transfer.choosing import cancel_transfer
from requests_app.transfer.enums import ReceiverState, TransferState
from requests_app.transfer.words import why_ended
from tests.factories.requests import staff_actor
from tests.factories.transfers import confirmed, identity_open, portable
from tests.factories.tus_receiver import TusReceiver
from tests.requests_app.transfer.helpers import another, mails, now_of, verbs, work

pytestmark = pytest.mark.django_db


def during(their_side: TusReceiver, do: Any, *, piece: int = 3) -> None:
    """Do something while a piece is on its way."""
    passed: list[int] = []

    def count() -> None:
        passed.append(1)

    their_side.before_piece = count
    check = sending._check

    def check_and_do(transfer: Transfer) -> None:
        if len(passed) == piece:
            passed.append(0)
            do()
        check(transfer)

    sending._check = check_and_do


@pytest.fixture
def _own_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "_check", sending._check)  # put back what `during` changes


@pytest.mark.usefixtures("_own_check")
def test_a_withdrawn_approval_stops_what_is_under_way(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content), acme)
    staff = staff_actor()
    during(their_side, lambda: receivers.withdraw_approval(acme, reason="It was sold.", actor=staff))
    work()
    work()
    ended = now_of(transfer)
    assert (ended.state, ended.error_code, ended.upload_url) == (TransferState.STOPPED, receivers.WITHDRAWN, None)
    assert len(their_side.only.data) == 3 * 65_536
    assert their_side.methods().count("DELETE") == 0, "we don't talk to it any more"
    assert (mails("requests.transfer_ended"), mails("requests.transfer_done")) == (1, 0)


@pytest.mark.usefixtures("_own_check")
def test_a_frozen_account_stops_it_and_what_is_there_is_thrown_away(their_side: TusReceiver, acme: Receiver, content: bytes):
    request = portable(content)
    transfer = confirmed(request, acme)
    during(their_side, lambda: User.objects.filter(subject=request.subject).update(frozen_at=clock.now()))
    work()
    assert (now_of(transfer).state, now_of(transfer).error_code) == (TransferState.STOPPED, "account_locked")
    assert len(their_side.only.data) == 3 * 65_536
    work()
    assert their_side.uploads == {}
    assert now_of(transfer).upload_url is None


@pytest.mark.usefixtures("_own_check")
def test_a_proof_of_identity_that_is_open_stops_it(their_side: TusReceiver, acme: Receiver, content: bytes):
    request = portable(content)
    transfer = confirmed(request, acme)
    during(their_side, lambda: identity_open(request))
    work()
    ended = now_of(transfer)
    assert (ended.state, ended.error_code) == (TransferState.STOPPED, "proof_open")
    assert "proof" in str(why_ended(ended))
    assert len(their_side.only.data) == 3 * 65_536


@pytest.mark.parametrize("decision", ["pending", "refused"])
def test_with_an_open_or_refused_proof_of_identity_nothing_is_confirmed(
    their_side: TusReceiver, acme: Receiver, content: bytes, decision: str
):
    request = portable(content)
    ProofDocument.objects.filter(pk=identity_open(request).pk).update(decision=decision)
    with pytest.raises(ProofNoLongerStands):
        confirmed(request, acme)
    work()
    assert (Transfer.objects.get().state, their_side.asked) == (TransferState.NAMED, [])


@pytest.mark.usefixtures("_own_check")
def test_a_restriction_stops_it(their_side: TusReceiver, acme: Receiver, content: bytes):
    request = portable(content)
    transfer = confirmed(request, acme)
    during(
        their_side,
        lambda: restrict_sources(
            request.subject, sources=["accounts.profile"], reason="accuracy", ref="PR-AAAA-BBBB", actor=Actor.system("tests")
        ),
    )
    work()
    assert (now_of(transfer).state, now_of(transfer).error_code) == (TransferState.STOPPED, "use_restricted")


@pytest.mark.usefixtures("_own_check")
def test_a_copy_that_is_shredded_goes_no_further(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content), acme)
    during(their_side, lambda: shred_bundle(Bundle.objects.get(), actor=Actor.system("tests")))
    work()
    assert (now_of(transfer).state, now_of(transfer).error_code) == (TransferState.STOPPED, "copy_gone")


@pytest.mark.usefixtures("_own_check")
def test_the_person_stops_it_and_the_receiver_is_asked_to_throw_it_away(their_side: TusReceiver, acme: Receiver, content: bytes):
    request = portable(content)
    transfer = confirmed(request, acme)
    during(their_side, lambda: cancel_transfer(request, actor=actor_for(request.subject)))
    work()
    work()
    ended = now_of(transfer)
    assert (ended.state, ended.upload_url) == (TransferState.CANCELLED, None)
    assert their_side.uploads == {}
    assert their_side.methods()[-1] == "DELETE"
    assert verbs() == ["named", "confirmed", "begun", "cancelled"]


@pytest.mark.parametrize("pieces", [0, 3])
def test_stopped_after_the_last_question_not_one_more_piece_goes(
    their_side: TusReceiver, acme: Receiver, content: bytes, monkeypatch: pytest.MonkeyPatch, pieces: int
):
    request = portable(content)
    transfer = confirmed(request, acme)
    check = sending._check

    def check_and_cancel(checked: Transfer) -> None:
        check(checked)
        if checked.upload_url and their_side.methods().count("PATCH") == pieces:
            cancel_transfer(request, actor=actor_for(request.subject))

    monkeypatch.setattr(sending, "_check", check_and_cancel)
    work()
    assert their_side.methods().count("PATCH") == pieces
    assert (now_of(transfer).state, now_of(transfer).begun_at is not None) == (TransferState.CANCELLED, pieces > 0)
    work()
    assert their_side.uploads == {}


def test_stopped_before_it_began_nothing_goes(their_side: TusReceiver, acme: Receiver, content: bytes):
    request = portable(content)
    transfer = confirmed(request, acme)
    cancel_transfer(request, actor=actor_for(request.subject))
    work()
    assert their_side.asked == []
    assert now_of(transfer).begun_at is None


def test_after_three_days_it_is_over(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content), acme)
    Transfer.objects.update(confirmed_at=clock.now() - timedelta(hours=73))
    work()
    assert (now_of(transfer).state, now_of(transfer).error_code) == (TransferState.FAILED, "took_too_long")
    assert their_side.asked == []


def test_an_emergency_stop_halts_it_and_lifting_lets_it_go_on(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content), acme)
    staff = staff_actor()
    stop = stop_work(source_key="accounts.profile", reason="Something leaks.", actor=staff)
    work()
    assert (now_of(transfer).state, their_side.asked) == (TransferState.SENDING, [])
    lift_stop(stop, actor=staff)
    work()
    assert now_of(transfer).state == TransferState.DONE


@pytest.mark.usefixtures("_own_check")
def test_an_emergency_stop_halts_what_is_under_way_and_lifting_lets_it_go_on_from_there(
    their_side: TusReceiver, acme: Receiver, content: bytes
):
    transfer = confirmed(portable(content), acme)
    staff = staff_actor()
    during(their_side, lambda: stop_work(reason="Something leaks.", actor=staff))
    work()
    halted = now_of(transfer)
    assert (halted.state, halted.sent, len(their_side.only.data)) == (TransferState.SENDING, 3 * 65_536, 3 * 65_536)
    assert Job.objects.get(kind=sending.SEND).state == JobState.DONE
    lift_stop(EmergencyStop.objects.get(), actor=staff)
    work()
    assert now_of(transfer).state == TransferState.DONE
    assert bytes(their_side.only.data) == content


@pytest.mark.parametrize(
    ("stops", "state"), [([(200, 95), (70, 50), (60, 45)], TransferState.DONE), ([(200, 95), (30, 10), (25, 8)], TransferState.FAILED)]
)
def test_the_time_of_a_stop_does_not_count_to_the_three_days(
    their_side: TusReceiver, acme: Receiver, content: bytes, stops: list[tuple[int, int]], state: str
):
    transfer = confirmed(portable(content), acme)
    now = clock.now()
    Transfer.objects.update(confirmed_at=now - timedelta(hours=100))
    for (began, ended), key in zip(stops, ("", "", "accounts.profile"), strict=True):
        EmergencyStop.objects.create(
            source_key=key, reason="x", stopped_at=now - timedelta(hours=began), lifted_at=now - timedelta(hours=ended)
        )
    work()
    assert now_of(transfer).state == state


def test_the_approval_counts_when_it_leaves_not_when_it_was_chosen(their_side: TusReceiver, acme: Receiver, content: bytes):
    transfer = confirmed(portable(content), acme)
    Receiver.objects.update(state=ReceiverState.WITHDRAWN)
    work()
    assert now_of(transfer).error_code == receivers.WITHDRAWN
    assert their_side.asked == []


def test_a_disclosure_that_can_not_be_recorded_does_not_happen(
    their_side: TusReceiver, acme: Receiver, content: bytes, monkeypatch: pytest.MonkeyPatch
):
    from requests_app.transfer import leave  # slow import

    def fail(*args: object, **values: object) -> None:
        raise RuntimeError("no trail")

    transfer = confirmed(portable(content), acme)
    monkeypatch.setattr(leave, "record", fail)
    work()
    assert "PATCH" not in their_side.methods()
    assert now_of(transfer).begun_at is None


def test_requests_of_others_are_left_alone(their_side: TusReceiver, acme: Receiver, content: bytes):
    mine, other = confirmed(portable(content), acme), confirmed(portable(content, another()), acme)
    cancel_transfer(Request.objects.get(pk=other.request_id), actor=actor_for(other.request.subject))
    work()
    work()
    assert (now_of(mine).state, now_of(other).state) == (TransferState.DONE, TransferState.CANCELLED)
