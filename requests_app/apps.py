from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


def _import_all(package: str) -> None:
    """Import every module of a package, so that each can register itself."""
    for found in sorted(module.name for module in iter_modules(import_module(package).__path__)):
        import_module(f"{package}.{found}")


class RequestsConfig(AppConfig):
    name = "requests_app"
    label = "requests_app"
    verbose_name = "Rights requests"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacycenter.jobs import holds  # app ready
        from privacycenter.mail import outcomes  # app ready
        from privacycenter.preferences import objecting  # app ready
        from privacycenter.subjects import lifting, splitting  # app ready
        from requests_app import signals  # noqa: F401 - app ready
        from requests_app.answers.authorities import make_authorities  # app ready
        from requests_app.api import scopes  # noqa: F401 - app ready
        from requests_app.clock import checks as _clock_checks  # noqa: F401 - app ready: registers the system checks
        from requests_app.clock.defaults import make_regimes  # app ready
        from requests_app.domain.splitting import see_to_requests  # app ready
        from requests_app.erasure import checks  # noqa: F401 - app ready: registers the system checks
        from requests_app.erasure.serving import is_held  # app ready
        from requests_app.limits.lifting import note_told, order_lift_of_subject, see_to_split  # app ready
        from requests_app.limits.objecting import see_to_objection  # app ready
        from requests_app.roles import make_roles  # app ready
        from requests_app.transfer import checks as _transfer_checks  # noqa: F401 - app ready: registers the system check

        holds.register(is_held)
        splitting.register(see_to_requests)
        splitting.register(see_to_split)
        lifting.register(order_lift_of_subject)
        objecting.register(see_to_objection)
        outcomes.register(note_told)
        for package in ("rights", "admin.panels", "views.panels"):
            _import_all(f"requests_app.{package}")

        post_migrate.connect(make_regimes, sender=self, dispatch_uid="requests_app.regimes")
        post_migrate.connect(make_authorities, sender=self, dispatch_uid="requests_app.authorities")
        # Handlers run app by app in the order of INSTALLED_APPS; auth stands after every room, so all permissions exist by then.
        post_migrate.connect(make_roles, sender=apps.get_app_config("auth"), dispatch_uid="requests_app.roles")
