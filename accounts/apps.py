from __future__ import annotations

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    label = "accounts"
    verbose_name = "Accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from allauth.account.decorators import secure_admin_login  # app ready
        from django.contrib import admin  # app ready

        from accounts import checks, rotation, signals  # noqa: F401 - app ready: they register or connect themselves

        # The admin's own log-in knows no limits, factors or codes: it goes through allauth.
        admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]
