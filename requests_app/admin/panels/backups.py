"""The ticket of an erasure: when the person is gone from the backups, too."""

from __future__ import annotations

from typing import Any

from requests_app.erasure.backups import in_backups
from requests_app.models import Request
from requests_app.panels import Place, Visitor, add_to_desk


def _backups(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    found = in_backups(request)
    return {"found": found, "entry": found.entry} if found else None


add_to_desk("backups", template="admin/requests_app/request/panels/backups.html", context=_backups, place=Place.FACTS, order=80)
