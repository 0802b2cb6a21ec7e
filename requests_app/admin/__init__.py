"""The desk: the queue and the ticket, in Django's own admin. Every action calls a verb; what may be done comes from the table."""

from __future__ import annotations

from requests_app.admin.queue import RequestAdmin

__all__ = ["RequestAdmin"]
