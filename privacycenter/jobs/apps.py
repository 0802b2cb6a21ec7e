from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class JobsConfig(AppConfig):
    name = "privacycenter.jobs"
    label = "jobs"
    verbose_name = "Background work"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacycenter.jobs.schedule import sync_after_migrate  # app ready

        autodiscover_modules("job_kinds")
        post_migrate.connect(sync_after_migrate, sender=self, dispatch_uid="jobs.schedule")
