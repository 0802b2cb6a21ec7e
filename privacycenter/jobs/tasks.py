"""Three lines each: what Celery carries is a kind or a name, and the domain does the rest."""

from __future__ import annotations

from typing import Any

from celery import shared_task
from celery.signals import worker_ready

from privacycenter.jobs import bell, periodic, runner


@shared_task(name=bell.WORK_TASK, ignore_result=True)  # type: ignore[untyped-decorator]
def work(kind: str) -> None:
    runner.answer_bell(kind)


@shared_task(name=periodic.PERIODIC_TASK, ignore_result=True)  # type: ignore[untyped-decorator]
def run_periodic(name: str) -> None:
    periodic.run(name)


@worker_ready.connect  # type: ignore[untyped-decorator]
def sweep_at_start(sender: Any, **kwargs: Any) -> None:
    """What a dead worker left is looked at when a worker starts; beat need not run for it. By message: the parent of a
    pool opens no database connection that its children would inherit."""
    run_periodic.apply_async(args=["jobs.sweep"], retry=False)
