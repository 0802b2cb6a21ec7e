from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from privacycenter.audit.triggers import trail


@register(Tags.database)
def check_triggers(app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E015: the triggers that keep the trail append-only are in place (once its tables exist)."""
    messages: list[CheckMessage] = []
    for using in databases or ():
        try:
            if trail.has_tables(using) and trail.missing(using):
                messages.append(
                    Error("The audit trail can be changed: its triggers are missing.", hint="Run migrate.", id="privacycenter.E015")
                )
        except DatabaseError:
            continue  # an unreachable database is reported by whoever needs it
    return messages
