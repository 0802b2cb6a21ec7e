"""Finding people. Only proven identifiers find anybody."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Exists
from django.utils.translation import gettext as _

from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.normalise import normalise
from privacycenter.kernel.sources import UnknownSource, registry
from privacycenter.subjects.models import Identifier, PushDevice, Restriction, Subject


class Reach(NamedTuple):
    """By what a person can be reached: kinds of identifiers they carry, proven or not, and whether a device of theirs takes messages."""

    kinds: frozenset[str]
    has_device: bool


def subject_with(kind: str, value: str) -> Subject | None:
    """The person who has proven this identifier, or None (also for a malformed value)."""
    try:
        normal = normalise(kind, value)
    except InvalidIdentifier:
        return None
    found = Identifier.objects.proven().select_related("subject").filter(kind=kind, value=normal).first()
    return found.subject if found else None


def proven_identifiers(subject: Subject) -> list[tuple[str, str]]:
    """(kind, normalised value) of everything the person has proven, in a stable order. One query, cached on the instance.

    The cache serves the many sources that locate one person at the same moment; a fresh instance asks anew.
    """
    cached: list[tuple[str, str]] | None = getattr(subject, "_proven_identifiers", None)
    if cached is None:
        rows = Identifier.objects.proven().filter(subject=subject).order_by("kind", "value")
        cached = subject._proven_identifiers = list(rows.values_list("kind", "value"))  # type: ignore[attr-defined]
    return list(cached)


def reach_of(subject: Subject) -> Reach:
    """By what a person can be reached now. One query, which also gives the instance what proven_identifiers caches."""
    devices = PushDevice.objects.filter(subject=subject, disabled_at__isnull=True)
    rows = Subject.objects.filter(pk=subject.pk).order_by()
    columns = ("identifiers__kind", "identifiers__value", "identifiers__proven_at")
    found = list(rows.annotate(has_device=Exists(devices)).values_list(*columns, "has_device"))
    carried = [row for row in found if row[0] is not None]  # one row of nothing for a person without identifiers
    subject._proven_identifiers = sorted((kind, value) for kind, value, proven_at, _ in carried if proven_at)  # type: ignore[attr-defined]
    return Reach(frozenset(row[0] for row in carried), any(row[3] for row in found))


def public_ids(subject: Subject) -> list[str]:
    """The public id of a person and those of the people who were merged into them: all stand in the trail and the outbox."""
    return [str(subject.public_id), *subject.former_ids]


def is_known(kind: str, value: str) -> bool:
    """Whether any person carries this identifier, proven or not."""
    try:
        normal = normalise(kind, value)
    except InvalidIdentifier:
        return False
    return Identifier.objects.filter(kind=kind, value=normal).exists()


def person_with(public_id: str) -> Subject | None:
    """The person with this public id, or the one into whom that person was merged; None for nobody, and for an empty id."""
    if not public_id:
        return None
    found = Subject.objects.filter(public_id=public_id).first()
    # Text of JSON: SQLite can't look into it. Few people were ever merged, and one of them is looked for only where the first fails.
    return found or Subject.objects.exclude(former_ids=[]).filter(former_ids__icontains=f'"{public_id}"').first()


def is_restricted(subject: Subject) -> bool:
    """Whether the use of anything about this person is restricted: all of it (known without a query), or a part."""
    return subject.restricted_at is not None or Restriction.objects.filter(subject=subject).exists()


def restrictions_of(subject: Subject) -> list[Restriction]:
    """What is restricted, since when and why: what covers everything first."""
    return list(Restriction.objects.filter(subject=subject).order_by("source", "since", "pk"))


def restricted_title(source: str) -> str:
    """What a restriction is about, in words: a source by its title, everything where none is named."""
    if not source:
        return _("Everything we hold about you")
    try:
        return str(registry.get(source).describe().title)
    except UnknownSource:  # a connector that staff removed since
        return source
