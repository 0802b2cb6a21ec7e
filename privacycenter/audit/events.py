"""The kinds of events that the trail knows. A room registers its own in `audit_events.py`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from privacycenter.audit.errors import UnknownAuditEvent


class Severity(StrEnum):
    INFO = "info"
    NOTICE = "notice"
    WARNING = "warning"


@dataclass(frozen=True)
class EventKind:
    """One kind of event: its verb, its words for people, how much it matters, and the parameters it must carry."""

    key: str
    label: Any  # a lazy translation
    severity: Severity = Severity.INFO
    parameters: tuple[str, ...] = ()
    is_look: bool = False  # somebody saw personal data: shown to the person as "who looked"


_kinds: dict[str, EventKind] = {}


def register(key: str, *, label: Any, severity: str = "info", parameters: tuple[str, ...] = (), is_look: bool = False) -> EventKind:
    """Add a kind. Raises ImproperlyConfigured when the key is taken."""
    kind = EventKind(key, label, Severity(severity), tuple(parameters), is_look)
    if key in _kinds:
        raise ImproperlyConfigured(f"audit event {key} is registered twice")
    _kinds[key] = kind
    return kind


def get(key: str) -> EventKind:
    """The kind with this key. Raises UnknownAuditEvent."""
    try:
        return _kinds[key]
    except KeyError:
        raise UnknownAuditEvent from None


def all_kinds() -> Mapping[str, EventKind]:
    """Every registered kind by key."""
    return MappingProxyType(_kinds)
