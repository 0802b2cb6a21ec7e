"""Sending: ask the guard, hand over, mark. What the mail server answers decides whether it is tried again.

Handing over and marking are two steps. A worker that dies between them leaves the message to be sent once more (at least
once, never never), under the same Message-ID and Date, by which mail programs know a duplicate.
"""

from __future__ import annotations

import re
import smtplib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from anymail.exceptions import AnymailRecipientsRefused
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet

from privacycenter.audit.domain import record
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import enqueue
from privacycenter.jobs.enums import Priority
from privacycenter.jobs.errors import HandlerError, Retryable
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail import guards, kinds, outcomes
from privacycenter.mail.enums import MessageState
from privacycenter.mail.errors import UnknownMessageKind
from privacycenter.mail.guards import Outgoing
from privacycenter.mail.kinds import MessageKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.outcomes import Outcome
from privacycenter.mail.rendering import build_message

GIVE_UP_DAYS = 7
_ENHANCED = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})\b")
_MAILER = Actor.system("mail")


class _Ending(NamedTuple):
    """How the life of a message ends."""

    state: MessageState
    error: str = ""


def send_messages(claims: list[Claim]) -> None:
    """Handler of `mail.send`: send each message over one connection; one that fails leaves the others alone."""
    messages = OutboxMessage.objects.filter(state=MessageState.QUEUED).in_bulk([claim.payload["message"] for claim in claims])
    # A message that is not there was sent by a run that died before its job ended, or given up: the runner ends the job.
    waiting = [claim for claim in claims if claim.payload["message"] in messages]
    connection: BaseEmailBackend | None = None
    try:
        for position, claim in enumerate(waiting):
            message = messages[claim.payload["message"]]
            claim.heartbeat()
            try:
                connection = connection or _open()
                _end(message, claim, _try(message, connection))
            except guards.NotYet as error:
                _hold(message, claim, error.until)
            except _Unreachable as error:
                for left in waiting[position:]:
                    _postpone(messages[left.payload["message"]], left, error)
                return
            except HandlerError as error:
                _postpone(message, claim, error)
                _closed(connection)
                connection = None
    finally:
        _closed(connection)


class _Unreachable(Retryable):
    """No use in trying the others now."""


@transaction.atomic
def _hold(message: OutboxMessage, claim: Claim, until: datetime) -> None:
    """End this run and have the guard asked again `until`: waiting is no error, so it is not counted as one."""
    claim.finish()
    OutboxMessage.objects.filter(pk=message.pk).update(last_error="not_yet")
    enqueue(claim.kind, key=claim.key, payload=claim.payload, run_at=until, priority=Priority.BULK)


def _postpone(message: OutboxMessage, claim: Claim, error: HandlerError) -> None:
    OutboxMessage.objects.filter(pk=message.pk).update(last_error=error.code)
    claim.fail(error)


def _open() -> BaseEmailBackend:
    connection: BaseEmailBackend = get_connection()
    try:
        connection.open()
    except (smtplib.SMTPException, OSError) as error:
        raise _Unreachable("mail_server_unreachable") from error
    return connection


def _closed(connection: BaseEmailBackend | None) -> None:
    # A connection that failed may fail to say goodbye; what was accepted stays accepted.
    if connection is not None:
        try:
            connection.close()
        except (smtplib.SMTPException, OSError):
            return


def _try(message: OutboxMessage, connection: BaseEmailBackend) -> _Ending:
    """Hand one message over. Answers how it ended, or raises Retryable."""
    if not _may_leave(message):
        return _Ending(MessageState.REFUSED, "guard")
    built = build_message(message)
    built.connection = connection
    try:
        built.send()
    except smtplib.SMTPRecipientsRefused as error:
        code, said = min(error.recipients.values(), default=(451, b""))
        return _by_answer(code, "recipient_refused", error, _enhanced(code, said))
    except smtplib.SMTPDataError as error:
        return _by_answer(error.smtp_code, "message_refused", error)
    except AnymailRecipientsRefused:
        return _Ending(MessageState.UNDELIVERABLE, "recipient_refused")
    except (smtplib.SMTPException, OSError) as error:
        # The sender refused, a log-in refused, a broken line: not this message's fault, and put right one day.
        raise Retryable("mail_server_failed") from error
    except ValueError:
        # The address or a header can't be written (BadHeaderError, an over-long local part): no later try will do better.
        return _Ending(MessageState.UNDELIVERABLE, "message_unfit")
    return _Ending(MessageState.SENT)


def _by_answer(code: int, reason: str, error: Exception, enhanced: str = "") -> _Ending:
    """5xx is final (RFC 5321, section 4.2.1), anything else is tried again."""
    if 500 <= code <= 599:
        return _Ending(MessageState.UNDELIVERABLE, "_".join(filter(None, (reason, str(code), enhanced))))
    raise Retryable(f"{reason}_{code}") from error


def _enhanced(code: int, said: bytes | str) -> str:
    """The enhanced status code (RFC 2034) that an answer begins with, such as 5.1.1; nothing else of it: its text may hold the address."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    found = _ENHANCED.match(text)
    return found[1] if found and found[1][0] == str(code)[0] else ""


def _may_leave(message: OutboxMessage) -> bool:
    """Essential messages always; others when the guards agree. A kind that nobody knows any more counts as non-essential."""
    try:
        kind = kinds.get(message.kind)
    except UnknownMessageKind:
        kind = MessageKind(message.kind, message.kind, essential=False)
    return kind.essential or guards.may_leave(
        Outgoing(message.kind, message.to, message.subject_key, kind.purpose, message.topic, message.campaign)
    )


@transaction.atomic
def _end(message: OutboxMessage, claim: Claim, ending: _Ending) -> None:
    claim.finish()
    _mark([message], ending)


def _mark(messages: Sequence[OutboxMessage], ending: _Ending) -> None:
    """Write how messages ended and forget what they said. What failed is put on the trail."""
    OutboxMessage.objects.filter(pk__in=[message.pk for message in messages]).update(
        state=ending.state,
        last_error=ending.error,
        sent_at=clock.now() if ending.state == MessageState.SENT else None,
        to="",
        subject="",
        body="",
        headers="",
    )
    outcomes.tell(
        [
            Outcome(message.pk, message.kind, _address_of(message), message.topic, message.campaign, ending.state, ending.error)
            for message in messages
        ]
    )
    if ending.state == MessageState.UNDELIVERABLE:
        for message in messages:
            record("mail.undeliverable", actor=_MAILER, subject=message.subject_key, ticket=message.ticket, kind=message.kind)


def _address_of(message: OutboxMessage) -> str:
    return "" if "to" in message.get_deferred_fields() else message.to


@transaction.atomic
def give_up() -> int:
    """End messages that could not be sent for a week, so that what they say does not stay. Answers how many."""
    before = clock.now() - timedelta(days=GIVE_UP_DAYS)
    stale = list(
        OutboxMessage.objects.select_for_update()
        .filter(state=MessageState.QUEUED, queued_at__lt=before)
        .defer("to", "subject", "body", "headers")
        .order_by("queued_at")[:500]
    )
    _mark(stale, _Ending(MessageState.UNDELIVERABLE, "given_up"))
    return len(stale)


@transaction.atomic
def drop_waiting(messages: QuerySet[OutboxMessage]) -> int:
    """End those of the messages that wait, because whom they are for is being erased. Answers how many.

    One that a worker hands over at this moment leaves, and is marked as sent afterwards.
    """
    waiting = list(messages.filter(state=MessageState.QUEUED).defer("to", "subject", "body", "headers").order_by("pk"))
    _mark(waiting, _Ending(MessageState.REFUSED, "erased"))
    return len(waiting)
