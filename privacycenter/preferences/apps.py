from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class PreferencesConfig(AppConfig):
    name = "privacycenter.preferences"
    label = "preferences"
    verbose_name = "Choices and consent"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacycenter.preferences import checks, mail_guard  # noqa: F401 - app ready: they register themselves
        from privacycenter.preferences.domain import splits  # app ready
        from privacycenter.preferences.triggers import ledger  # app ready
        from privacycenter.subjects import holding, splitting  # app ready

        splitting.register(splits.keep_refusals)
        holding.register(gained=splits.note_for_proven, lost=splits.keep_what_was_refused_there, leaving=splits.keep_under_address)
        post_migrate.connect(ledger.install_after_migrate, sender=self, dispatch_uid="preferences.triggers")

        from django.contrib.auth.signals import user_logged_in  # app ready

        from privacycenter.preferences.cookies.defaults import make_cookie_defaults  # app ready
        from privacycenter.preferences.cookies.signing_in import tell_what_is_stricter  # app ready

        post_migrate.connect(make_cookie_defaults, sender=self, dispatch_uid="preferences.cookies")
        user_logged_in.connect(tell_what_is_stricter, dispatch_uid="preferences.cookies")

        from privacycenter.preferences.campaigns import registration  # app ready

        registration.connect()
