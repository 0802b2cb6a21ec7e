from __future__ import annotations

from django.apps import AppConfig


class DatamapConfig(AppConfig):
    name = "privacycenter.datamap"
    label = "datamap"
    verbose_name = "Data map"
    default_auto_field = "django.db.models.BigAutoField"
