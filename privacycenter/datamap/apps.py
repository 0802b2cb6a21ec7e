from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from privacycenter.datamap.defaults import make_defaults


class DatamapConfig(AppConfig):
    name = "privacycenter.datamap"
    label = "datamap"
    verbose_name = "Data map"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from privacycenter.datamap import checks  # noqa: F401 - app ready: registers the system checks
        from privacycenter.datamap.triggers import versions  # app ready

        autodiscover_modules("collection_notices")
        post_migrate.connect(versions.install_after_migrate, sender=self, dispatch_uid="datamap.triggers")
        post_migrate.connect(make_defaults, sender=self, dispatch_uid="datamap.defaults")
