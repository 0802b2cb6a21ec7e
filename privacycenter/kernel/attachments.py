"""What hangs on a person or an account and is no source of its own: with which source it is erased, or why it stays.

A room says so in its `personal_data.py` for each foreign key to the account or the person; a system check finds one that nobody spoke of
(privacycenter.E018). What is attached is deleted with the rows it hangs on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

_attached: dict[str, str] = {}
_staying: dict[str, str] = {}


def attach(relation: str, *, source: str) -> None:
    """Say that rows go with what `source` erases. `relation` is "app.Model.field", the field that leads to the account or person."""
    _add(_attached, relation, source)


def stays(relation: str, *, because: str) -> None:
    """Say that rows outlive the erasure of the account or person they point to, and why; what they point to names nobody then."""
    _add(_staying, relation, because)


def attached_to(source: str) -> Iterator[tuple[type[models.Model], str]]:
    """Model and field of everything that goes with a source."""
    for relation, key in sorted(_attached.items()):
        if key == source:
            label, _dot, field = relation.rpartition(".")
            yield apps.get_model(label), field


def delete_attached(source: str, owner: Any) -> None:
    """Delete what goes with a source, for one account or person (a primary key, or several as a queryset or list)."""
    lookup = "in" if isinstance(owner, models.QuerySet | list) else "exact"
    for model, field in attached_to(source):
        model._base_manager.filter(**{f"{field}__{lookup}": owner}).delete()


def spoken_of() -> dict[str, str]:
    """Every relation that was declared, in lower case: the source it goes with, or why it stays."""
    return {relation.lower(): words for relation, words in (*_attached.items(), *_staying.items())}


def _add(kind: dict[str, str], relation: str, words: str) -> None:
    known = {**_attached, **_staying}.get(relation)
    if known not in (None, words):
        raise ImproperlyConfigured(f"{relation} is spoken of twice")
    kind[relation] = words
