"""Workers are killed by SIGKILL while a copy is on its way: it arrives whole, once, and nothing is said twice."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from privacycenter.mail.models import OutboxMessage
from requests_app.bundle.signing import public_keys
from requests_app.models import TimelineEvent, Transfer
from requests_app.transfer.enums import TransferState
from tests.factories.transfers import confirmed, make_receiver, portable
from tests.factories.tus_receiver import receiving
from tests.jobs.harness import Workers, worker_environment
from tests.requests_app.transfer.helpers import verbs

pytestmark = [pytest.mark.slow(seconds=40), pytest.mark.django_db(transaction=True)]

SIZE = 50_000_000  # a dozen pieces


@pytest.mark.obligation("R-05")
def test_a_copy_arrives_whole_however_often_its_worker_is_killed(certificates: tuple[Path, Path], tmp_path: Path, settings_of: Any) -> None:
    trusted, served = certificates
    content = random.Random(9).randbytes(SIZE)
    with receiving(served, public_keys()) as their_side:
        their_side.pause = 0.7
        transfer = confirmed(portable(content), make_receiver(url=their_side.url))
        environment = worker_environment(
            tmp_path, BUNDLE_STORAGE=settings.BUNDLE_STORAGE, TRANSFER_ALLOW_LOOPBACK="1", SSL_CERT_FILE=str(trusted)
        )
        with Workers(environment, app="tests.requests_app.victim", count=2, processes=1) as workers:
            workers.kill_at_random(
                until=lambda: not Transfer.objects.filter(state__in=TransferState.LIVE).exists(),
                kills=4,
                pause_seconds=(0.5, 3.0),
                seconds=240,
            )
            kills = workers.kills
        assert their_side.problems == []

        assert kills >= 2
        done = Transfer.objects.get(pk=transfer.pk)
        assert (done.state, done.sent) == (TransferState.DONE, SIZE)
        assert hashlib.sha256(their_side.only.data).hexdigest() == done.sha256
        assert verbs() == ["named", "confirmed", "begun", "done"]
        events = Counter(TimelineEvent.objects.filter(request=transfer.request).values_list("event", flat=True))
        assert (events["transfer_confirmed"], events["transfer_done"]) == (1, 1)
        assert OutboxMessage.objects.filter(kind="requests.transfer_done").count() == 1


@pytest.fixture
def settings_of(settings: Any) -> Any:
    """What is approved and chosen here may be on this machine, as in the workers."""
    settings.TRANSFER_ALLOW_LOOPBACK = True
    return settings
