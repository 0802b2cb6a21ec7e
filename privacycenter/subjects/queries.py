"""Finding people. Only proven identifiers find anybody."""

from __future__ import annotations

from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.normalise import normalise
from privacycenter.subjects.models import Identifier, Subject


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
