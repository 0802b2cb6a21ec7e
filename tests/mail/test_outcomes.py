"""Whoever asks hears how a message ended; a guard that says "not yet" is asked again, and nothing counts as an error."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.core import mail

from privacycenter.jobs.domain import run_until_idle
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.mail import guards, outcomes
from privacycenter.mail.delivery import give_up
from privacycenter.mail.guards import NotYet, Outgoing
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.outcomes import Outcome
from tests.mail.test_outbox import over_smtp, queue, state_of
from tests.services.parts import MailServer

pytestmark = pytest.mark.django_db
__all__ = ["over_smtp"]


def test_listeners_hear_how_each_message_ended() -> None:
    heard: list[Outcome] = []

    def listen(batch: Sequence[Outcome]) -> None:
        heard.extend(batch)

    with outcomes.temporarily(listen), guards.temporarily(lambda outgoing: outgoing.address != "no@example.com"):
        sent = queue("test.news", "yes@example.com", topic="news", campaign="c-1")
        refused = queue("test.news", "no@example.com")
        run_until_idle()

    assert {outcome.message: outcome for outcome in heard} == {
        sent.pk: Outcome(sent.pk, "test.news", "yes@example.com", "news", "c-1", "sent"),
        refused.pk: Outcome(refused.pk, "test.news", "no@example.com", "", "", "refused", "guard"),
    }


def test_a_refusal_of_the_mail_server_is_heard_with_its_code(over_smtp: MailServer) -> None:
    over_smtp.refuse["gone@example.com"] = ["550 no such user"]
    heard: list[Outcome] = []

    with outcomes.temporarily(heard.extend):
        queue(to="gone@example.com")
        run_until_idle()

    assert [(outcome.address, outcome.state, outcome.error) for outcome in heard] == [
        ("gone@example.com", "undeliverable", "recipient_refused_550")
    ]


def test_a_message_that_was_given_up_is_heard_of_without_its_address() -> None:
    with clock.stopped_at(clock.now() - timedelta(days=8)):
        message = queue()
    heard: list[Outcome] = []

    with outcomes.temporarily(heard.extend):
        give_up()

    assert [(outcome.message, outcome.address, outcome.error) for outcome in heard] == [(message.pk, "", "given_up")]


def test_an_error_of_a_listener_undoes_the_mark() -> None:
    def broken(batch: Sequence[Outcome]) -> None:
        raise RuntimeError

    message = queue()
    with outcomes.temporarily(broken), pytest.raises(RuntimeError):
        run_until_idle()

    assert state_of(message) == ("queued", "")


def test_a_guard_that_says_not_yet_is_asked_again_then() -> None:
    now = clock.now()
    quiet_until = now + timedelta(hours=3)

    def guard(outgoing: Outgoing) -> bool:
        if clock.now() < quiet_until:
            raise NotYet(quiet_until)
        return True

    with guards.temporarily(guard):
        message = queue("test.news")
        run_until_idle()
        waiting = state_of(message)
        job = Job.objects.get(kind="mail.send", key=str(message.pk), state="waiting")
        with clock.stopped_at(quiet_until + timedelta(seconds=1)):
            run_until_idle()

    assert waiting == ("queued", "not_yet")
    assert (job.errors, job.run_at) == (0, quiet_until)
    assert OutboxMessage.objects.get(pk=message.pk).state == "sent"
    assert len(mail.outbox) == 1
