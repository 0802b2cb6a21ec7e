"""The privacy center: one Django project, many rooms. See ARCHITECTURE.md."""

from __future__ import annotations

from privacycenter.celery import app as celery_app

__all__ = ["celery_app"]
__version__ = "0.1.0"
