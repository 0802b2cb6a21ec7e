"""Keeping versions: what the data map said at any time can be told years later.

The verbs of this room call these functions in their own transaction; so does the handler that runs after each migration, for what an
update changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import DEFAULT_DB_ALIAS
from django.forms import model_to_dict

from privacycenter.datamap.models import CollectionNotice, NoticeVersion, Purpose, PurposeVersion
from privacycenter.datamap.models.versions import Version
from privacycenter.datamap.notices import as_json, compose, registered
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor

AnyVersion = TypeVar("AnyVersion", bound=Version)

PURPOSE_FIELDS = ("title", "description", "legal_basis", "balancing_note", "is_direct_marketing", "honours_gpc")


def note_purposes(purposes: Iterable[Purpose], *, note: str = "", actor: Actor, using: str = DEFAULT_DB_ALIAS) -> list[PurposeVersion]:
    """Append a version for each purpose that reads differently from its newest one. Answers what was appended. Two queries."""
    purposes = list(purposes)
    newest = _newest(PurposeVersion, [purpose.key for purpose in purposes], using)
    wanted = ((purpose.key, model_to_dict(purpose, PURPOSE_FIELDS)) for purpose in purposes)
    return _append(PurposeVersion, wanted, newest, note, actor, using)


def note_notices(*, note: str = "", actor: Actor, using: str = DEFAULT_DB_ALIAS) -> list[NoticeVersion]:
    """Append a version for each notice that reads differently from its newest one: its words, or what the data map says in it.

    A form that code declares for the first time gets its row with the words in code. Answers what was appended; a handful of queries.
    """
    forms = registered()
    rows = {row.key: row for row in CollectionNotice._base_manager.using(using).filter(key__in=forms)}
    missing = [CollectionNotice(key=key, words=str(form.words)) for key, form in forms.items() if key not in rows]
    # Two processes may migrate at once: whoever comes second finds the rows there.
    CollectionNotice._base_manager.using(using).bulk_create(missing, ignore_conflicts=True)
    rows |= {row.key: row for row in missing}
    for key, form in forms.items():
        if not rows[key].is_edited and rows[key].words != str(form.words):
            rows[key].words = str(form.words)
            CollectionNotice._base_manager.using(using).filter(key=key).update(words=rows[key].words)
    newest = _newest(NoticeVersion, list(forms), using)
    wanted = ((key, {"words": rows[key].words, "facts": as_json(facts)}) for key, facts in compose(forms.values(), using=using).items())
    return _append(NoticeVersion, wanted, newest, note, actor, using)


def _newest(model: type[AnyVersion], keys: list[str], using: str) -> dict[str, AnyVersion]:
    """The newest version of each key that has one."""
    return {row.key: row for row in model._default_manager.using(using).filter(key__in=keys).order_by("version")}


def _append(
    model: type[AnyVersion],
    wanted: Iterable[tuple[str, dict[str, Any]]],
    newest: dict[str, AnyVersion],
    note: str,
    actor: Actor,
    using: str,
) -> list[AnyVersion]:
    now = clock.now()
    added = []
    for key, values in wanted:
        known = newest.get(key)
        if known is None or any(getattr(known, name) != value for name, value in values.items()):
            number = known.version + 1 if known else 1
            added.append(model(key=key, version=number, at=now, actor_kind=str(actor.kind), actor_ref=actor.ref, note=note, **values))
    model._default_manager.using(using).bulk_create(added)
    return added
