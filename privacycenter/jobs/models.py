"""The row is the job. A message only says "look"; losing every message loses nothing."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from privacycenter.jobs.enums import JobState, Priority


class EndOfNow(Now):
    """The database's present time; on SQLite, which counts milliseconds, the end of the present one.

    What was made due within this millisecond has microseconds behind it and would not have come yet (see jobs.sql.moment).
    """

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(STRFTIME('%%%%Y-%%%%m-%%%%d %%%%H:%%%%M:%%%%f', 'NOW') || '999')", **context)


class JobQuerySet(models.QuerySet["Job"]):
    def open(self) -> JobQuerySet:
        return self.filter(state__in=JobState.OPEN)

    def due(self) -> JobQuerySet:
        """Waiting jobs whose time has come, by the database's clock."""
        return self.filter(state=JobState.WAITING, run_at__lte=EndOfNow())


class Job(models.Model):
    """One piece of durable work. `payload` holds ids only; everything else is loaded fresh by the handler."""

    kind = models.CharField(_("kind"), max_length=60)
    key = models.CharField(_("key"), max_length=120)  # idempotency: one open job per (kind, key)
    payload = models.JSONField(_("payload"), default=dict)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority.choices, default=Priority.NORMAL)

    state = models.CharField(_("state"), max_length=12, choices=JobState.choices, default=JobState.WAITING)
    run_at = models.DateTimeField(_("due"), db_default=Now())
    again_at = models.DateTimeField(null=True, blank=True)  # enqueued anew while it ran: finishing makes it wait again

    fence = models.PositiveBigIntegerField(default=0)  # grows with every claim; only the newest claim may write
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)  # database time
    errors = models.PositiveSmallIntegerField(_("errors"), default=0)
    lapses = models.PositiveSmallIntegerField(_("lapsed leases"), default=0)
    progress = models.PositiveBigIntegerField(_("progress"), default=0)
    last_error = models.CharField(_("last error"), max_length=60, blank=True)  # a code, never a text
    last_exception = models.CharField(_("exception"), max_length=100, blank=True)  # the class, never its text

    created_at = models.DateTimeField(_("created"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        permissions = [("retry_job", "Can retry jobs that need attention")]
        constraints = [
            models.UniqueConstraint(fields=["kind", "key"], condition=Q(state__in=JobState.OPEN), name="jobs_one_open_per_key"),
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="jobs_state_is_legal"),
            models.CheckConstraint(condition=Q(priority__in=Priority.values), name="jobs_priority_is_legal"),
            models.CheckConstraint(
                condition=Q(state=JobState.RUNNING, lease_until__isnull=False) | (~Q(state=JobState.RUNNING) & Q(lease_until__isnull=True)),
                name="jobs_lease_while_running",
            ),
        ]
        indexes = [
            # claim: the first due jobs of a priority
            models.Index(fields=["priority", "run_at", "id"], condition=Q(state=JobState.WAITING), name="jobs_claim"),
            # sweep: lapsed leases
            models.Index(fields=["lease_until"], condition=Q(state=JobState.RUNNING), name="jobs_lapsed_leases"),
            # purge: old finished jobs
            models.Index(fields=["finished_at"], condition=Q(state=JobState.DONE), name="jobs_finished"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
