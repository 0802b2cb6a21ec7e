"""Sending: ask the guard, hand over, mark. What the mail server answers decides whether it is tried again.

Handing over and marking are two steps. A worker that dies between them leaves the message to be sent once more (at least
once, never never), under the same Message-ID and Date, by which mail programs know a duplicate.
"""

from __future__ import annotations

import smtplib
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from anymail.exceptions import AnymailRecipientsRefused
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.errors import HandlerError, Retryable
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail import guards, kinds
from privacycenter.mail.enums import MessageState
from privacycenter.mail.errors import UnknownMessageKind
from privacycenter.mail.guards import Outgoing
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.rendering import build_message

GIVE_UP_DAYS = 7
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
        return _by_answer(min((code for code, _ in error.recipients.values()), default=451), "recipient_refused", error)
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


def _by_answer(code: int, reason: str, error: Exception) -> _Ending:
    """5xx is final (RFC 5321, section 4.2.1), anything else is tried again."""
    if 500 <= code <= 599:
        return _Ending(MessageState.UNDELIVERABLE, f"{reason}_{code}")
    raise Retryable(f"{reason}_{code}") from error


def _may_leave(message: OutboxMessage) -> bool:
    """Essential messages always; others when the guards agree. A kind that nobody knows any more counts as non-essential."""
    try:
        is_essential = kinds.get(message.kind).essential
    except UnknownMessageKind:
        is_essential = False
    return is_essential or guards.may_leave(Outgoing(message.kind, message.to, message.subject_key))


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
    )
    if ending.state == MessageState.UNDELIVERABLE:
        for message in messages:
            record("mail.undeliverable", actor=_MAILER, subject=message.subject_key, ticket=message.ticket, kind=message.kind)


@transaction.atomic
def give_up() -> int:
    """End messages that could not be sent for a week, so that what they say does not stay. Answers how many."""
    before = clock.now() - timedelta(days=GIVE_UP_DAYS)
    stale = list(
        OutboxMessage.objects.select_for_update()
        .filter(state=MessageState.QUEUED, queued_at__lt=before)
        .defer("to", "subject", "body")
        .order_by("queued_at")[:500]
    )
    _mark(stale, _Ending(MessageState.UNDELIVERABLE, "given_up"))
    return len(stale)
