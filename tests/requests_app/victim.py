"""A worker for tests that kill workers: the real jobs with short leases, and a few sources that take their time."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacycenter.settings")
django.setup()

from privacycenter.celery import app
from privacycenter.jobs import registry as jobs
from privacycenter.kernel.sources import Item, Locator, Record, registry
from tests.factories.requests import ToldSource

__all__ = ["app"]

LEASE_SECONDS = 3
MANY = 210  # more than the main document takes: a further volume


def slowly(count: int) -> Iterator[Item]:
    for number in range(count):
        if number % 50 == 0:
            time.sleep(0.01)
        yield Record(str(number), {"note": f"record {number}"})


class ForEveryFifth(ToldSource):
    """Holds much about every fifth person and little about the others."""

    def locate(self, subject: Any) -> Locator:
        return {"subject": subject.pk}

    def export(self, locator: Locator) -> Iterator[Item]:
        yield from slowly(MANY if locator["subject"] % 5 == 0 else 1)


registry.register(ToldSource("tests.some", lambda: slowly(5)))
registry.register(ToldSource("tests.outside", lambda: slowly(5), in_database=False))
registry.register(ForEveryFifth("tests.many"))

_stack = ExitStack()
for _kind in list(jobs.all_kinds().values()):
    if _kind.name.startswith(("requests.", "mail.")):
        _limits = {name: getattr(_kind, name) for name in ("max_batch", "priority", "max_errors", "on_quarantine")}
        _stack.enter_context(jobs.temporarily(_kind.name, _kind.handler, lease_seconds=LEASE_SECONDS, **_limits))
