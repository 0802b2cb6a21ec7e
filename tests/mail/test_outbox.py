"""The way of a message: queued, guarded, sent, blanked; and what happens when the mail server says no."""

from __future__ import annotations

import re
import socket
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core import mail
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from privacycenter.audit.models import AuditEntry
from privacycenter.audit.queries import entries_about
from privacycenter.jobs.domain import run_until_idle
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail import guards
from privacycenter.mail.delivery import give_up
from privacycenter.mail.domain import queue_message
from privacycenter.mail.enums import MessageState
from privacycenter.mail.guards import Outgoing
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.personal_data import MessageSource
from privacycenter.mail.queries import mask_address
from privacycenter.subjects.domain import subject_for_proven
from tests.mail.helpers import delivered
from tests.services.parts import MailServer, free_port

pytestmark = pytest.mark.django_db

ACTOR = Actor.system("test")


def queue(kind: str = "test.hello", to: str = "ada@example.com", **further: Any) -> OutboxMessage:
    context = {"name": "Ada", "code": "ABCD-2345", "link": "http://localhost:8000/p/" + "t" * 22}
    return queue_message(kind, to=to, context=context, actor=ACTOR, **further)


@pytest.fixture
def over_smtp(settings: Any, smtp_server: MailServer) -> MailServer:
    """The real backend over a real connection."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", urlsplit(smtp_server.url).port
    return smtp_server


def state_of(message: OutboxMessage) -> tuple[str, str]:
    found = OutboxMessage.objects.values_list("state", "last_error").get(pk=message.pk)
    return found[0], found[1]


def test_what_is_queued_is_encrypted_and_what_was_sent_is_blank() -> None:
    message = queue()
    with connection.cursor() as cursor:
        cursor.execute('SELECT "to", subject, body FROM mail_outboxmessage')
        stored = b"".join(bytes(column) for column in cursor.fetchone())
    assert b"ada" not in stored.lower()
    assert b"ABCD" not in stored

    run_until_idle()

    message.refresh_from_db()
    assert (message.state, message.to, message.subject, message.body) == (MessageState.SENT, "", "", "")
    assert message.sent_at is not None
    assert len(mail.outbox) == 1


def test_nothing_leaves_when_the_transaction_is_rolled_back() -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    run_until_idle()

    assert mail.outbox == []
    assert OutboxMessage.objects.count() == 0


def test_a_message_is_on_the_trail_of_its_person() -> None:
    subject = str(uuid.uuid4())
    queue(subject_key=subject, ticket="R-1")

    entry = entries_about(subject).get()
    assert (entry.verb, entry.ticket, entry.parameters) == ("mail.message_queued", "R-1", {"kind": "test.hello"})


def test_many_messages_cost_few_statements_each() -> None:
    for number in range(20):
        queue(to=f"p{number}@example.com")
    with CaptureQueriesContext(connection) as captured:
        run_until_idle()

    assert len(mail.outbox) == 20
    # a claim, the messages, 20 × (savepoint, end of the job, mark, savepoint), a claim that finds nothing
    assert len(captured) == 2 + 20 * 4 + 1


def test_a_run_that_died_after_its_message_was_marked_sends_no_second_one() -> None:
    message = queue()
    run_until_idle()
    Job.objects.update(state=JobState.WAITING)  # the end of the job was lost

    assert run_until_idle() == 1
    assert state_of(message) == (MessageState.SENT, "")
    assert len(mail.outbox) == 1


def test_a_crash_between_sending_and_marking_sends_the_same_message_again(monkeypatch: pytest.MonkeyPatch) -> None:
    from privacycenter.mail import delivery

    message = queue()
    end = delivery._end

    def die(*args: Any) -> None:
        raise SystemExit  # like a kill: nobody handles it

    monkeypatch.setattr(delivery, "_end", die)
    with pytest.raises(SystemExit):
        run_until_idle()
    monkeypatch.setattr(delivery, "_end", end)
    assert state_of(message) == (MessageState.QUEUED, "")
    from privacycenter.jobs.domain import sweep

    with clock.stopped_at(clock.now() + timedelta(minutes=5)):
        assert sweep().lapsed == 1
        first, second = delivered()

    assert first["Message-ID"] == second["Message-ID"] == message.message_id
    assert first["Date"] == second["Date"]
    assert state_of(message) == (MessageState.SENT, "")


# --- the guard -------------------------------------------------------------------------------------------------------


def refuse(outgoing: Outgoing) -> bool:
    return False


def allow(outgoing: Outgoing) -> bool:
    return True


@pytest.mark.parametrize(
    ("asked", "leaves"), [((), False), ((allow,), True), ((refuse,), False), ((allow, refuse), False), ((lambda outgoing: None,), False)]
)
def test_what_is_not_essential_leaves_only_when_every_guard_agrees(asked: tuple[Callable[..., Any], ...], leaves: bool) -> None:
    with guards.temporarily(*asked):
        message = queue("test.news")
        run_until_idle()

    assert len(mail.outbox) == int(leaves)
    assert state_of(message) == ((MessageState.SENT, "") if leaves else (MessageState.REFUSED, "guard"))
    message.refresh_from_db()
    assert message.body == ""


def test_a_guard_that_breaks_keeps_the_message_back() -> None:
    def broken(outgoing: Outgoing) -> bool:
        raise RuntimeError

    with guards.temporarily(broken):
        message = queue("test.news")
        run_until_idle(reraise=False)

    assert mail.outbox == []
    assert state_of(message) == (MessageState.QUEUED, "")
    assert Job.objects.get().errors == 1


def test_the_guard_is_asked_when_the_message_leaves_and_knows_whom_it_is_for() -> None:
    asked: list[Outgoing] = []

    def note(outgoing: Outgoing) -> bool:
        asked.append(outgoing)
        return True

    with guards.temporarily(note):
        queue("test.hello")
        queue("test.news", to="Ada@EXAMPLE.com", subject_key="7")
        assert asked == []
        run_until_idle()

    assert asked == [Outgoing("test.news", "ada@example.com", "7", "news_and_offers", "", "")]
    assert len(mail.outbox) == 2


# --- the mail server -------------------------------------------------------------------------------------------------


@pytest.mark.services
def test_the_bytes_that_arrive_are_whole(over_smtp: MailServer) -> None:
    message = queue(to="ada@bücher.example")
    run_until_idle()

    [(recipients, raw)] = over_smtp.received
    assert recipients == ["ada@xn--bcher-kva.example"]
    headers, _, body = raw.partition(b"\r\n\r\n")
    lines = headers.split(b"\r\n")
    assert all(re.fullmatch(rb"[A-Za-z-]+: \S.*|[ \t]+\S.*", line) for line in lines)  # none empty, none encoded away
    assert f"Message-ID: {message.message_id}".encode() in lines
    assert b"Auto-Submitted: auto-generated" in lines
    names = [line.split(b":")[0].lower() for line in lines if line[:1] not in b" \t"]
    assert len(names) == len(set(names))
    assert b"http://localhost:8000/p/" + b"t" * 22 + b"\r\n" in body  # the link is in one piece
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998  # RFC 5322, 2.1.1
    assert state_of(message) == (MessageState.SENT, "")


@pytest.mark.services
def test_a_recipient_that_is_refused_for_good_is_not_tried_again(over_smtp: MailServer) -> None:
    over_smtp.refuse["gone@example.com"] = ["550 5.1.1 No such person: gone@example.com"]
    gone, fine = queue(to="gone@example.com"), queue(to="fine@example.com")
    run_until_idle()

    assert state_of(gone) == (MessageState.UNDELIVERABLE, "recipient_refused_550_5.1.1")
    assert state_of(fine) == (MessageState.SENT, "")
    gone.refresh_from_db()
    assert (gone.to, gone.body) == ("", "")
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}
    assert AuditEntry.objects.filter(verb="mail.undeliverable").count() == 1


@pytest.mark.services
def test_a_recipient_that_is_refused_for_now_is_tried_again(over_smtp: MailServer) -> None:
    over_smtp.refuse["busy@example.com"] = ["451 4.7.1 Greylisted"]
    busy, fine = queue(to="busy@example.com"), queue(to="fine@example.com")
    run_until_idle()

    assert state_of(busy) == (MessageState.QUEUED, "recipient_refused_451")
    assert state_of(fine) == (MessageState.SENT, "")

    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        run_until_idle()
    assert state_of(busy) == (MessageState.SENT, "")
    assert [to for to, _ in over_smtp.received] == [["fine@example.com"], ["busy@example.com"]]


def test_a_mail_server_that_is_away_is_tried_once_for_all(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    with socket.socket() as listener:  # bound, so that nobody else takes the port; not listening, so that it refuses
        listener.bind(("127.0.0.1", settings.EMAIL_PORT))
        messages = [queue(to=f"p{number}@example.com") for number in range(3)]
        run_until_idle()

    assert {state_of(message) for message in messages} == {(MessageState.QUEUED, "mail_server_unreachable")}
    assert set(Job.objects.values_list("state", "errors", "last_exception")) == {(JobState.WAITING, 1, "ConnectionRefusedError")}


def test_what_could_not_be_sent_for_a_week_is_given_up_and_forgotten() -> None:
    message = queue()
    assert give_up() == 0
    with clock.stopped_at(clock.now() + timedelta(days=8)):
        assert give_up() == 1
        assert give_up() == 0
        run_until_idle()

    assert state_of(message) == (MessageState.UNDELIVERABLE, "given_up")
    assert mail.outbox == []


# --- the person's copy -----------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-01")
def test_the_person_is_told_what_was_sent_to_them_and_nobody_else() -> None:
    subject = subject_for_proven(kind="email", value="ada@example.com", source="test", actor=ACTOR)
    source = MessageSource()
    queue(subject_key=str(subject.public_id))
    queue(to="ADA@example.com")  # before anybody knew whose address it is
    queue(to="eve@example.com")
    queue(to="ada@example.com", subject_key=str(uuid.uuid4()))  # about somebody else
    run_until_idle()

    locator = source.locate(subject)
    records = list(source.export(locator))

    assert source.count(locator) == 2
    assert [record.values["kind"] for record in records] == ["A greeting", "A greeting"]
    assert {record.values["state"] for record in records} == {"Handed to the mail server"}
    assert source.newest(locator) == max(record.values["queued_at"] for record in records)


def test_an_address_in_a_list_is_masked() -> None:
    assert [mask_address(address) for address in ("ada@example.com", "a@b", "")] == ["a…@e…com", "a…@b…b", ""]
