from __future__ import annotations

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class RequestsConfig(AppConfig):
    name = "requests_app"
    label = "requests_app"
    verbose_name = "Rights requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacycenter.subjects import splitting  # app ready
        from requests_app import signals  # noqa: F401 - app ready
        from requests_app.domain.splitting import see_to_requests  # app ready
        from requests_app.roles import make_roles  # app ready

        splitting.register(see_to_requests)

        # Handlers run app by app in the order of INSTALLED_APPS; auth stands after every room, so all permissions exist by then.
        post_migrate.connect(make_roles, sender=apps.get_app_config("auth"), dispatch_uid="requests_app.roles")
