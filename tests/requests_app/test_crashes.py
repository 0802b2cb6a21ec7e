"""Workers are killed at random moments of fifty exports, and the broker forgets everything: nothing is lost, nothing doubled."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db.models import Q

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.mail.models import OutboxMessage
from requests_app.enums import Status
from requests_app.fulfilment.reading import open_bundle
from requests_app.models import Bundle, Request, Step, TimelineEvent, Volume
from tests.factories.accounts import make_account
from tests.factories.requests import filed
from tests.jobs.harness import Workers, worker_environment

EXPORTS = 50
pytestmark = [pytest.mark.slow(seconds=60), pytest.mark.django_db(transaction=True)]


def idle() -> bool:
    waiting = Job.objects.filter(Q(state__in=[JobState.WAITING, JobState.RUNNING]), kind__startswith="requests.")
    return not waiting.exists()


@pytest.mark.obligation("R-01")
@pytest.mark.parametrize("flush", [False, True], ids=["killed", "killed_and_broker_flushed"])
def test_killing_workers_at_random_loses_nothing_and_doubles_nothing(flush: bool, tmp_path: Path, stored: Any) -> None:
    count = EXPORTS if not flush else EXPORTS // 5
    requests = [filed(make_account(password=None)) for _ in range(count)]

    environment = worker_environment(tmp_path, BUNDLE_STORAGE=settings.BUNDLE_STORAGE)
    with Workers(environment, app="tests.requests_app.victim", count=2, processes=1) as workers:
        workers.kill_at_random(until=idle, kills=12 if not flush else 4, flush=flush, pause_seconds=(0.2, 1.5), seconds=300)
        kills = workers.kills

    assert kills >= 3
    assert Counter(Request.objects.values_list("status", flat=True)) == {Status.REVIEW: count}
    assert Bundle.objects.count() == count
    for request in requests:
        events = Counter(TimelineEvent.objects.filter(request=request).values_list("event", flat=True))
        assert events == {"received": 1, "proven": 1, "collected": 1, "assembled": 1}
    for verb in ("requests.collected", "requests.assembled"):
        assert AuditEntry.objects.filter(verb=verb).count() == count
    assert OutboxMessage.objects.filter(kind="requests.acknowledgement").count() == count
    assert Volume.objects.filter(status="rendered").count() == Step.objects.filter(count=210).count() == count // 5
    assert Step.objects.filter(source_key="tests.outside", count=5).count() == count

    for bundle in Bundle.objects.all():
        digest = hashlib.sha256()
        for chunk in open_bundle(bundle).iter():
            digest.update(chunk)
        assert digest.hexdigest() == bundle.sha256
    assert stored() == sorted(Bundle.objects.values_list("object_name", flat=True))
