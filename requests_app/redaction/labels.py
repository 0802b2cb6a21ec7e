"""Labels that stand for other people: given out in turn, never made from a name."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Max
from django.utils.translation import gettext as _

from privacycenter.kernel.hashing import candidates, keyed_hash
from privacycenter.subjects.models import Subject
from requests_app.enums import LabelKind
from requests_app.models import Redaction
from requests_app.redaction.patterns import Needle

_CONTEXT = "requests.redaction"
Label = tuple[str, int]


def label_words(kind: str, number: int) -> str:
    """“Person A”, in the active language."""
    letters = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    words = _("Staff member %(letters)s") if kind == LabelKind.STAFF else _("Person %(letters)s")
    return words % {"letters": letters}


def hash_of(needle: Needle) -> str:
    """What is kept to know a text again."""
    return str(keyed_hash(needle.canonical, context=_CONTEXT))


def known_label(subject: Subject, needle: Needle) -> Label | None:
    """The label that a text has, or had, in any request of this person."""
    return known_labels(subject, [needle]).get(needle.canonical)


def known_labels(subject: Subject, needles: Iterable[Needle]) -> dict[str, Label]:
    """The same for many texts, by their canonical form. One query."""
    hashes = {str(found): needle.canonical for needle in needles for found in candidates(needle.canonical, context=_CONTEXT)}
    rows = Redaction.objects.filter(request__subject=subject, text_hash__in=hashes).order_by("-pk")
    return {hashes[text_hash]: (kind, number) for text_hash, kind, number in rows.values_list("text_hash", "label_kind", "number")}


def labels_of(subject: Subject) -> list[Label]:
    """Every label that was given out in requests of this person, in order."""
    rows = Redaction.objects.filter(request__subject=subject).order_by("label_kind", "number").distinct()
    return list(rows.values_list("label_kind", "number"))


def next_label(subject: Subject, kind: str) -> Label:
    """The first label of its kind that nobody has yet."""
    last = Redaction.objects.filter(request__subject=subject, label_kind=kind).aggregate(last=Max("number"))["last"]
    return kind, (last or 0) + 1


def label_key(label: Label) -> str:
    """A label as a form posts it."""
    return f"{label[0]}:{label[1]}"
