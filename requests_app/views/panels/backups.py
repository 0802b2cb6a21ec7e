"""What the person reads of backups once they are erased."""

from __future__ import annotations

from typing import Any

from requests_app.erasure.backups import in_backups
from requests_app.models import Request
from requests_app.panels import add_to_person


def _backups(request: Request) -> dict[str, Any] | None:
    found = in_backups(request)
    return {"entry": found.entry, "is_gone": found.is_gone} if found and found.is_finished else None


add_to_person("backups", template="requests_app/panels/backups.html", context=_backups, order=60)
