from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class KernelConfig(AppConfig):
    """Last in INSTALLED_APPS: when it is ready, every room is, and what the rooms hold about people is discovered."""

    name = "privacycenter.kernel"
    label = "kernel"
    verbose_name = "Kernel"

    def ready(self) -> None:
        from privacycenter.kernel import checks  # noqa: F401 - app ready: registers the system checks

        autodiscover_modules("personal_data")
