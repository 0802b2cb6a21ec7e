"""What a client may be allowed to do. A room above registers its own."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

_scopes: dict[str, Any] = {}


def register(key: str, label: Any) -> str:
    """Add a scope with words for the desk. Returns the key. Raises ImproperlyConfigured for one that is taken."""
    if _scopes.setdefault(key, label) is not label:
        raise ImproperlyConfigured(f"API scope {key} is registered twice")
    return key


def all_scopes() -> Mapping[str, Any]:
    """Every scope with its words."""
    return MappingProxyType(_scopes)


GATE_READ = register("gate:read", _("Ask whether data may be used"))
SUPPRESSION = register("suppression", _("Add, check and lift suppressions"))
LINKS = register("links", _("Make unsubscribe and preference links"))
CONSENTS = register("consents", _("Record and read consent"))
