from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django_celery_beat import admin as beat_admin  # registers its admin first, so that ours takes its place
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.jobs.domain import retry_job
from privacycenter.jobs.errors import NotQuarantined
from privacycenter.jobs.models import Job
from privacycenter.kernel.actor import Actor


@admin.register(Job)
class JobAdmin(ReadOnlyAdmin):
    """Background work as it stands. The only thing to do here is to have a job tried again."""

    list_display = ("id", "kind", "key", "state", "run_at", "errors", "lapses", "progress", "last_error", "last_exception")
    list_filter = ("state", "kind", "priority")
    search_fields = ("=key", "=kind")
    ordering = ("-id",)
    list_per_page = 50
    show_full_result_count = False
    actions = ("retry",)
    fields = (
        ("kind", "key", "priority"),
        "payload",
        ("state", "run_at", "lease_until"),
        ("errors", "lapses", "progress"),
        ("last_error", "last_exception"),
        ("created_at", "started_at", "finished_at"),
    )

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("jobs.retry_job")

    @admin.action(description=_("Try again"), permissions=["retry"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        retried = 0
        for job in queryset:
            try:
                retry_job(job, actor=Actor.for_user(request.user))
            except NotQuarantined as error:
                self.message_user(request, f"{job}: {error}", messages.WARNING)
            else:
                retried += 1
        if retried:
            self.message_user(
                request, ngettext("%(count)d job will be tried again.", "%(count)d jobs will be tried again.", retried) % {"count": retried}
            )


class ScheduleAdmin(ReadOnlyAdmin):
    """The schedule is code; this shows what beat makes of it."""

    list_display = ("name", "interval", "enabled", "last_run_at", "total_run_count")
    list_select_related = ("interval",)
    ordering = ("name",)
    fields = (("name", "task", "args"), ("interval", "enabled", "expire_seconds"), ("last_run_at", "total_run_count"), "description")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        return {}


for _model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    beat_admin.admin.site.unregister(_model)
admin.site.register(PeriodicTask, ScheduleAdmin)
