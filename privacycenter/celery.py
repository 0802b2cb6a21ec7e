"""The bell: Celery carries job ids from the web process to the workers, and nothing else.

The row is the job (see privacycenter.jobs); a lost message loses nothing.
"""

from __future__ import annotations

import logging.config
import os
from typing import Any

from celery import Celery
from celery.signals import beat_init, setup_logging, worker_init
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacycenter.settings")

TRANSPORT_ALIASES["filesystem"] = "privacycenter.jobs.broker:Transport"

app = Celery("privacycenter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect  # type: ignore[untyped-decorator]
def log_as_everywhere(**kwargs: Any) -> None:
    """Celery's own handlers would write a task's exception and arguments as they are."""
    logging.config.dictConfig(settings.LOGGING)


@worker_init.connect  # type: ignore[untyped-decorator]
@beat_init.connect  # type: ignore[untyped-decorator]
def refuse_unsafe_start(**kwargs: Any) -> None:
    """A worker signs and encrypts as the web process does. Celery would pass over an ordinary exception of a signal's receiver."""
    from privacycenter.start import require_safe_start  # app ready

    try:
        require_safe_start()
    except ImproperlyConfigured as error:
        raise SystemExit(str(error)) from None
