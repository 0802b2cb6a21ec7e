from __future__ import annotations

from django.apps import AppConfig


class SubjectsConfig(AppConfig):
    name = "privacycenter.subjects"
    label = "subjects"
    verbose_name = "People"
    default_auto_field = "django.db.models.BigAutoField"
