"""The bell: Celery carries job ids from the web process to the workers, and nothing else.

The row is the job (see privacycenter.jobs); a lost message loses nothing.
"""

from __future__ import annotations

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacycenter.settings")

TRANSPORT_ALIASES["filesystem"] = "privacycenter.jobs.broker:Transport"

app = Celery("privacycenter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
