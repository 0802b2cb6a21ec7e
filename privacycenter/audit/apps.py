from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules


class AuditConfig(AppConfig):
    name = "privacycenter.audit"
    label = "audit"
    verbose_name = "Audit trail"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacycenter.audit import checks  # noqa: F401 - app ready
        from privacycenter.audit.triggers import trail  # app ready

        autodiscover_modules("audit_events")
        post_migrate.connect(trail.install_after_migrate, sender=self, dispatch_uid="audit.triggers")
