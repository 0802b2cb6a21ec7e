"""Every model says what personal data it holds; the build fails for one that does not.

`personal_data.py` of a room calls `classify` for each model that holds personal data, naming for every column its
sensitivity or that it holds none, and the source that covers it; and `holds_nothing` with the reason for each other
model, third-party models included. The check is in privacycenter.kernel.checks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ImproperlyConfigured

from privacycenter.kernel.sources import Sensitivity


@dataclass(frozen=True)
class Classification:
    """What one model holds. `fields` maps each concrete field to its sensitivity, or to None: holds no personal data."""

    label: str
    fields: Mapping[str, Sensitivity | None]
    source: str = ""  # key of the source that exports it
    because: str = ""  # why it holds nothing, or why no source exports it


_classifications: dict[str, Classification] = {}


def classify(label: str, *, source: str = "", because: str = "", fields: Mapping[str, Sensitivity | None]) -> None:
    """Say what model `label` ("app.model") holds, column by column, and which source exports it.

    A model whose personal columns no source exports gives the reason in `because`.
    Raises ImproperlyConfigured when the model is classified twice or neither `source` nor `because` is given.
    """
    if not source and not because:
        raise ImproperlyConfigured(f"{label}: name the source that covers it, or say why none does")
    _add(Classification(label.lower(), dict(fields), source, because))


def holds_nothing(label: str, *, because: str) -> None:
    """Say that model `label` holds no personal data, and why."""
    _add(Classification(label.lower(), {}, because=because))


def _add(classification: Classification) -> None:
    known = _classifications.get(classification.label)
    if known is not None and known != classification:
        raise ImproperlyConfigured(f"{classification.label} is classified twice")
    _classifications[classification.label] = classification


def classifications() -> Mapping[str, Classification]:
    """Every classification by lower-case model label."""
    return dict(_classifications)
