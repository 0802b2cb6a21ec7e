"""System checks: what sources in code say about themselves must stand in the data map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from privacycenter.datamap.defaults import PURPOSES, RECIPIENTS, RETENTION_RULES
from privacycenter.kernel.sources import registry


@register(Tags.models)
def check_source_facts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E020: every purpose, recipient and retention rule that a source in code names is a default."""
    known = {
        "purpose": {entry["key"] for entry in PURPOSES},
        "recipient": {entry["key"] for entry in RECIPIENTS},
        "retention rule": {entry["key"] for entry in RETENTION_RULES},
    }
    messages: list[CheckMessage] = []
    for source_key in sorted(registry.static_keys()):
        description = registry.get(source_key).describe()
        named = {"purpose": description.purposes, "recipient": description.recipients, "retention rule": (description.retention,)}
        messages.extend(
            Error(
                f"Source {source_key} names the {kind} {key}, which the data map does not know.",
                hint="Add it to privacycenter/datamap/defaults.py, or name another.",
                id="privacycenter.E020",
            )
            for kind, keys in named.items()
            for key in keys
            if key not in known[kind]
        )
    return messages
