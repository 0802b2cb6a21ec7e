"""System checks: what sources and forms say about themselves stands in the data map, and its versions can't be changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import DatabaseError

from privacycenter.datamap.defaults import PURPOSES, RECIPIENTS, RETENTION_RULES
from privacycenter.datamap.notices import registered
from privacycenter.datamap.triggers import versions
from privacycenter.kernel.sources import registry


@register(Tags.models)
def check_source_facts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E020: every purpose, recipient and retention rule that a source or a form in code names is a default."""
    known = {
        "purpose": {entry["key"] for entry in PURPOSES},
        "recipient": {entry["key"] for entry in RECIPIENTS},
        "retention rule": {entry["key"] for entry in RETENTION_RULES},
    }
    named: dict[str, dict[str, tuple[str, ...]]] = {}
    for source_key in sorted(registry.static_keys()):
        described = registry.get(source_key).describe()
        named[f"Source {source_key}"] = {
            "purpose": described.purposes,
            "recipient": described.recipients,
            "retention rule": (described.retention,),
        }
    for form in registered().values():
        named[f"The notice of {form.key}"] = {"purpose": form.purposes, "recipient": form.recipients, "retention rule": form.retention}
    return [
        Error(
            f"{who} names the {kind} {key}, which the data map does not know.",
            hint="Add it to privacycenter/datamap/defaults.py, or name another.",
            id="privacycenter.E020",
        )
        for who, kinds in named.items()
        for kind, keys in kinds.items()
        for key in keys
        if key not in known[kind]
    ]


@register(Tags.database)
def check_versions(app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E025: the triggers that keep versions append-only are in place (once the tables exist)."""
    messages: list[CheckMessage] = []
    for using in databases or ():
        try:
            if versions.has_tables(using) and versions.missing(using):
                messages.append(
                    Error("Versions of the data map can be changed: triggers are missing.", hint="Run migrate.", id="privacycenter.E025")
                )
        except DatabaseError:
            continue  # an unreachable database is reported by whoever needs it
    return messages
