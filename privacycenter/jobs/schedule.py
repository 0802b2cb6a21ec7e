"""Copies the schedule from code into django-celery-beat's tables; running it twice changes nothing."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from django.db import connection, transaction
from django_celery_beat.models import IntervalSchedule, PeriodicTask, PeriodicTasks

from privacycenter.jobs.periodic import PERIODIC_TASK, Periodic, all_entries


class SyncResult(NamedTuple):
    added: int
    changed: int
    removed: int


@transaction.atomic
def sync_schedule(*, dry_run: bool = False) -> SyncResult:
    """Make beat's tables say what the code says: add, change and remove entries of ours; foreign ones stay.

    Beat is told only when something changed, since it reloads its whole schedule then. A dry run does the work and rolls back.
    """
    known = {task.name: task for task in PeriodicTask.objects.filter(task=PERIODIC_TASK).select_related("interval")}
    added = changed = 0
    for entry in all_entries().values():
        wanted = _columns(entry)
        task = known.pop(entry.name, None)
        if task is None:
            # bulk_create and update pass by PeriodicTask.save(), which would announce a change each time
            PeriodicTask.objects.bulk_create([PeriodicTask(name=entry.name, **wanted)])
            added += 1
        elif any(getattr(task, column) != value for column, value in wanted.items()):
            PeriodicTask.objects.filter(pk=task.pk).update(**wanted)
            changed += 1
    removed, _ = PeriodicTask.objects.filter(pk__in=[task.pk for task in known.values()]).delete() if known else (0, {})
    if added or changed or removed:
        PeriodicTasks.update_changed()
    transaction.set_rollback(dry_run)
    return SyncResult(added, changed, removed)


def sync_after_migrate(**kwargs: Any) -> None:
    """post_migrate handler of the jobs room. Migrating single rooms may come before beat's tables exist: then nothing."""
    if PeriodicTasks._meta.db_table in connection.introspection.table_names():
        sync_schedule()


def _columns(entry: Periodic) -> dict[str, Any]:
    interval, _ = IntervalSchedule.objects.get_or_create(every=entry.seconds, period=IntervalSchedule.SECONDS)
    return {
        "task": PERIODIC_TASK,
        "args": json.dumps([entry.name]),
        "interval": interval,
        "enabled": True,
        # Messages that pile up while no worker runs are worthless: each says only "now".
        "expire_seconds": max(entry.seconds, 10),
        "description": "Set in code (privacycenter.jobs.periodic); changes here are overwritten.",
    }
