"""What this room holds about people: nothing; and so do the tables of the scheduler that it brings."""

from __future__ import annotations

from privacycenter.kernel.classification import holds_nothing

holds_nothing("jobs.Job", because="ids and codes only; a handler loads everything else fresh from its room")

for _model in ("PeriodicTask", "PeriodicTasks", "IntervalSchedule", "CrontabSchedule", "SolarSchedule", "ClockedSchedule"):
    holds_nothing(f"django_celery_beat.{_model}", because="the schedule of background work, copied from code")
