"""Workers are killed at random moments of erasures: everybody is erased once, nobody is left half, and the ledger has each of them once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.sources import registry
from privacycenter.mail.models import OutboxMessage
from privacycenter.records.models import Interaction
from privacycenter.subjects.models import Identifier
from requests_app.domain import file_request
from requests_app.domain.erasure import approve_plan
from requests_app.domain.people import actor_for
from requests_app.enums import Kind, Status
from requests_app.erasure.planning import current_plan
from requests_app.erasure.work import begin_erasure
from requests_app.models import ErasurePlan, ErasureStep, LedgerEntry, Request
from tests.factories.accounts import make_account
from tests.factories.requests import staff_actor
from tests.jobs.harness import Workers, worker_environment
from tests.requests_app.erasure.slow_sources import SlowSource

PEOPLE = 8
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


def idle() -> bool:
    return not Job.objects.filter(Q(state__in=[JobState.WAITING, JobState.RUNNING]), kind="requests.erase").exists()


@pytest.mark.obligation("R-03")
def test_killing_workers_at_random_erases_everybody_once(tmp_path: Path, settings: Any) -> None:
    settings.ERASURE_FOUR_EYES, settings.ERASURE_COOLING_DAYS = False, 0
    settings.ERASURE_LEDGER = f"file://{tmp_path / 'ledger' / 'erasures.jsonl'}"
    sources = [SlowSource("tests.slow_one"), SlowSource("tests.slow_two")]
    people = [make_account(password=None) for _each in range(PEOPLE)]
    for user in people:
        for source in sources:
            row = {
                "item_key": f"{user.pk}-{source.key}",
                "identifier_kind": "email",
                "identifier_value": user.email,
                "origin": source.key,
                "received_at": clock.now(),
            }
            Interaction.objects.create(**row, channel="phone", summary="A call", body="", occurred_at=clock.now())
    stranger = make_account(password=None)
    with registry.temporarily(*sources):
        requests = [file_request(kind=Kind.ERASURE, user=user, actor=actor_for(user.subject)) for user in people]
        run_until_idle()
        for request in requests:
            plan = current_plan(request)
            assert plan is not None
            approve_plan(plan, digest=plan.digest, actor=staff_actor())
        for plan in ErasurePlan.objects.select_related("request__subject"):
            assert begin_erasure(plan)

    environment = worker_environment(tmp_path, ERASURE_LEDGER=settings.ERASURE_LEDGER, BUNDLE_STORAGE=settings.BUNDLE_STORAGE)
    with Workers(environment, app="tests.requests_app.erasure.slow", count=2, processes=1) as workers:
        workers.kill_at_random(until=idle, kills=3, pause_seconds=(0.3, 0.9), seconds=240)
        kills = workers.kills

    assert kills >= 1
    assert Counter(Request.objects.values_list("status", flat=True)) == {Status.CLOSED: PEOPLE}
    assert not ErasureStep.objects.exclude(status="done").exists()
    assert not ErasureStep.objects.filter(locator__isnull=False).exists()
    assert not Identifier.objects.filter(subject__in=[user.subject_id for user in people]).exists()
    assert Identifier.objects.filter(subject=stranger.subject).exists()
    assert not Interaction.objects.exists()
    assert not User.objects.filter(pk__in=[user.pk for user in people], is_active=True).exists()
    assert Counter(LedgerEntry.objects.values_list("event", flat=True)) == {"begun": PEOPLE, "finished": PEOPLE}
    assert AuditEntry.objects.filter(verb="requests.erased").count() == PEOPLE
    assert OutboxMessage.objects.filter(kind="requests.erased").count() == PEOPLE
