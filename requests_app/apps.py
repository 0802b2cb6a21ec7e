from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class RequestsConfig(AppConfig):
    name = "requests_app"
    label = "requests_app"
    verbose_name = "Rights requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from requests_app.roles import make_roles  # app ready

        # Without a sender: permissions of the last room exist only when the last room was migrated.
        post_migrate.connect(make_roles, dispatch_uid="requests_app.roles")
