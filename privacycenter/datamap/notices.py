"""Notices at collection (GDPR Art. 13): each form that asks for personal data says here what for; the page shows it beside the form.

A room declares its forms in `collection_notices.py`. The words can be changed at the desk; purposes, recipients and retention come from
the data map, so a change there changes the notice. What was shown is one row, a version, and a page reads nothing else.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, TypeVar

from django.core.exceptions import ImproperlyConfigured
from django.db import DEFAULT_DB_ALIAS

from privacycenter.datamap.enums import BASIS_WORDS, LegalBasis
from privacycenter.datamap.errors import UnknownDataMapKey, UnknownNotice
from privacycenter.datamap.models import Entry, NoticeVersion, Purpose, Recipient, RetentionRule

AnyEntry = TypeVar("AnyEntry", bound=Entry)

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")


@dataclass(frozen=True)
class FormNotice:
    """What a form declares. The keys are those of the data map; words, titles and reasons are lazy translations.

    `optional`: (what may be left empty, what it is used for if given). `required`: what happens without the rest (Art. 13(2)(e)).
    """

    key: str
    title: Any  # the form, as the desk calls it
    words: Any  # what the person reads first
    purposes: tuple[str, ...]
    retention: tuple[str, ...]
    recipients: tuple[str, ...] = ("staff_and_contractors",)
    optional: tuple[tuple[Any, Any], ...] = ()
    required: Any = ""


@dataclass(frozen=True)
class PurposeFacts:
    """A purpose as a notice tells it."""

    title: str
    description: str
    legal_basis: str
    balancing_note: str = ""

    @property
    def basis(self) -> str:
        """The legal basis by its name."""
        return str(LegalBasis(self.legal_basis).label)

    @property
    def basis_words(self) -> str:
        """What that basis means."""
        return str(BASIS_WORDS[LegalBasis(self.legal_basis)])


@dataclass(frozen=True)
class RecipientFacts:
    """A recipient as a notice tells it."""

    name: str
    why: str
    safeguards: str
    countries: str = ""


@dataclass(frozen=True)
class RetentionFacts:
    """A retention rule as a notice tells it."""

    title: str
    text: str

    @property
    def short(self) -> str:
        """The first sentence, without its full stop."""
        return self.text.partition(". ")[0].rstrip(".")


@dataclass(frozen=True)
class NoticeFacts:
    """All that a notice says besides its words."""

    purposes: tuple[PurposeFacts, ...] = ()
    recipients: tuple[RecipientFacts, ...] = ()
    retention: tuple[RetentionFacts, ...] = ()
    optional: tuple[tuple[str, str], ...] = ()
    required: str = ""

    @property
    def bases(self) -> tuple[str, ...]:
        """The name of each legal basis, once."""
        return tuple(dict.fromkeys(purpose.basis for purpose in self.purposes))


@dataclass(frozen=True)
class ShownNotice:
    """A notice as a page shows it."""

    key: str
    version: int
    words: str
    facts: NoticeFacts


_registered: dict[str, FormNotice] = {}


def register(form: FormNotice) -> FormNotice:
    """Declare a form that asks for personal data. Raises ImproperlyConfigured for a duplicate, a malformed key, or one without facts."""
    if form.key in _registered:
        raise ImproperlyConfigured(f"the notice of {form.key} is registered twice")
    if not _NAME.fullmatch(form.key) or not (form.title and form.words and form.purposes and form.retention):
        raise ImproperlyConfigured(f"the notice of {form.key!r} must read room.form and have a title, words, purposes and retention")
    _registered[form.key] = form
    return form


def registered() -> Mapping[str, FormNotice]:
    """Every declared form by key, in order of registration."""
    return MappingProxyType(_registered)


def notice_for(key: str) -> ShownNotice:
    """The notice of a form as it reads now. One query. Raises UnknownNotice for a form that nobody declared."""
    try:
        form = _registered[key]
    except KeyError:
        raise UnknownNotice(key) from None
    newest = NoticeVersion.objects.filter(key=key).order_by("-version").first()
    if newest is None:  # declared since the latest migration
        return ShownNotice(key, 0, str(form.words), compose([form])[key])
    return ShownNotice(key, newest.version, newest.words, facts_of(newest))


def compose(forms: Iterable[FormNotice], *, using: str = DEFAULT_DB_ALIAS) -> dict[str, NoticeFacts]:
    """What the data map says now in the notice of each form, by key. Three queries. Raises UnknownDataMapKey."""
    forms = list(forms)
    purposes = {row.key: row for row in Purpose._base_manager.using(using).order_by("position", "key")}
    recipients = {row.key: row for row in Recipient._base_manager.using(using).order_by("position", "key")}
    rules = {row.key: row for row in RetentionRule._base_manager.using(using).order_by("position", "key")}
    named = {key for form in forms for key in (*form.purposes, *form.recipients, *form.retention)}
    if not named <= {*purposes, *recipients, *rules}:
        raise UnknownDataMapKey
    return {
        form.key: NoticeFacts(
            tuple(
                PurposeFacts(row.title, row.description, str(row.legal_basis), row.balancing_note) for row in _of(purposes, form.purposes)
            ),
            tuple(RecipientFacts(row.name, row.why, row.safeguards, row.countries) for row in _of(recipients, form.recipients)),
            tuple(RetentionFacts(row.title, row.text) for row in _of(rules, form.retention)),
            tuple((str(what), str(why)) for what, why in form.optional),
            str(form.required),
        )
        for form in forms
    }


def _of(entries: Mapping[str, AnyEntry], keys: Iterable[str]) -> list[AnyEntry]:
    """The entries of these keys, in the data map's order."""
    wanted = set(keys)
    return [entry for key, entry in entries.items() if key in wanted]


def as_json(facts: NoticeFacts) -> dict[str, Any]:
    """Facts as the column of a version holds them."""
    held: dict[str, Any] = json.loads(json.dumps(asdict(facts)))
    return held


def facts_of(version: NoticeVersion) -> NoticeFacts:
    """The facts of a version, read back."""
    held = version.facts
    return NoticeFacts(
        tuple(PurposeFacts(**each) for each in held.get("purposes", ())),
        tuple(RecipientFacts(**each) for each in held.get("recipients", ())),
        tuple(RetentionFacts(**each) for each in held.get("retention", ())),
        tuple((what, why) for what, why in held.get("optional", ())),
        held.get("required", ""),
    )
