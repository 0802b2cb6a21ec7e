"""The bell: Celery carries job ids from the web process to the workers, and nothing else.

The row is the job (see privacycenter.jobs); a lost message loses nothing.
"""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacycenter.settings")

app = Celery("privacycenter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
