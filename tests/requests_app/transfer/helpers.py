"""What the tests of sending do again and again."""

from __future__ import annotations

from datetime import timedelta

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_due
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.mail.models import OutboxMessage
from requests_app.models import Transfer
from requests_app.transfer.sending import SEND
from tests.factories.accounts import make_account


def work() -> None:
    """One try, however long it would have to wait."""
    Job.objects.filter(kind=SEND, state=JobState.WAITING).update(run_at=clock.now() - timedelta(seconds=1))
    run_due(1, [SEND])


def now_of(transfer: Transfer) -> Transfer:
    return Transfer.objects.select_related("receiver", "request__subject").get(pk=transfer.pk)


def mails(kind: str) -> int:
    return OutboxMessage.objects.filter(kind=kind).count()


def verbs() -> list[str]:
    entries = AuditEntry.objects.filter(verb__startswith="requests.transfer_").order_by("id")
    return [verb.removeprefix("requests.transfer_") for verb in entries.values_list("verb", flat=True)]


def another() -> User:
    """Somebody else with an account."""
    return make_account(username="other", email="other@x.example", password=None)
