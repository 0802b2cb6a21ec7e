"""Reads of the data map: what is told about a source to the person whose data it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from privacycenter.datamap.enums import BASIS_WORDS, LegalBasis
from privacycenter.datamap.errors import UnknownDataMapKey
from privacycenter.datamap.models import Entry, Purpose, PurposeVersion, Recipient, RetentionRule
from privacycenter.kernel.sources import SourceDescription

AnyEntry = TypeVar("AnyEntry", bound=Entry)


@dataclass(frozen=True)
class SourceFacts:
    """What the data map says about one source, in the order the data map has."""

    description: SourceDescription
    purposes: tuple[Purpose, ...]
    recipients: tuple[Recipient, ...]
    retention: RetentionRule

    @property
    def legal_bases(self) -> tuple[LegalBasis, ...]:
        """Every legal basis of the source's purposes, each once."""
        return tuple(dict.fromkeys(LegalBasis(purpose.legal_basis) for purpose in self.purposes))

    @property
    def grounds(self) -> tuple[tuple[LegalBasis, str, tuple[str, ...]], ...]:
        """Each legal basis with what it means, and the balancing notes of the purposes that rest on it."""
        return tuple(
            (
                basis,
                str(BASIS_WORDS[basis]),
                tuple(purpose.balancing_note for purpose in self.purposes if purpose.legal_basis == basis and purpose.balancing_note),
            )
            for basis in self.legal_bases
        )

    @property
    def countries(self) -> tuple[str, ...]:
        """ISO 3166-1 codes of the countries that recipients take the data to, each once."""
        codes = (code.strip().upper() for recipient in self.recipients for code in recipient.countries.split(","))
        return tuple(dict.fromkeys(filter(None, codes)))


def purposes_for(keys: Iterable[str]) -> list[Purpose]:
    """The purposes of these keys, in the data map's order. Raises UnknownDataMapKey. One query."""
    return _entries(Purpose, keys)


def recipients_for(keys: Iterable[str]) -> list[Recipient]:
    """The recipients of these keys, in the data map's order. Raises UnknownDataMapKey. One query."""
    return _entries(Recipient, keys)


class PurposeHistory:
    """How purposes read at any time. One query for all of them, however many questions are asked."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._versions: dict[str, list[PurposeVersion]] = {}
        for version in PurposeVersion.objects.filter(key__in=set(keys)).order_by("key", "version"):
            self._versions.setdefault(version.key, []).append(version)

    def at(self, key: str, when: datetime) -> PurposeVersion | None:
        """The purpose as it read then; before its first version as that one; None for a purpose nobody knows."""
        versions = self._versions.get(key)
        if not versions:
            return None
        return next((version for version in reversed(versions) if version.at <= when), versions[0])


def purpose_at(key: str, when: datetime) -> PurposeVersion | None:
    """How one purpose read at a time; see PurposeHistory.at. One query."""
    return PurposeHistory([key]).at(key, when)


def versions_of(key: str) -> list[PurposeVersion]:
    """Every version of a purpose, newest first. One query."""
    return list(PurposeVersion.objects.filter(key=key).order_by("-version"))


def all_recipients() -> list[Recipient]:
    """The register of recipients, in the data map's order. One query."""
    return list(Recipient.objects.all())


def retention_rule(key: str) -> RetentionRule:
    """The retention rule of this key. Raises UnknownDataMapKey. One query."""
    return _entries(RetentionRule, [key])[0]


def facts_for(descriptions: Iterable[SourceDescription]) -> dict[str, SourceFacts]:
    """What the data map says about each of many sources, by source key. Three queries, however many there are.

    Raises UnknownDataMapKey.
    """
    wanted = list(descriptions)
    purposes = purposes_for(key for description in wanted for key in description.purposes)
    recipients = recipients_for(key for description in wanted for key in description.recipients)
    rules = {rule.key: rule for rule in _entries(RetentionRule, (description.retention for description in wanted))}
    return {
        description.key: SourceFacts(
            description,
            tuple(purpose for purpose in purposes if purpose.key in description.purposes),
            tuple(recipient for recipient in recipients if recipient.key in description.recipients),
            rules[description.retention],
        )
        for description in wanted
    }


def _entries(model: type[AnyEntry], keys: Iterable[str]) -> list[AnyEntry]:
    wanted = set(keys)
    found = list(model._default_manager.filter(key__in=wanted)) if wanted else []
    if len(found) != len(wanted):
        raise UnknownDataMapKey
    return found
