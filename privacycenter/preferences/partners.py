"""Recipients that a person may decline, and the words that choice is bound to, on whichever page it is made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import get_language

from privacycenter.datamap.models import Recipient
from privacycenter.kernel import clock
from privacycenter.preferences.enums import POSITIVE
from privacycenter.preferences.scopes import PARTNERS, Scope
from privacycenter.preferences.standing import deciding
from privacycenter.preferences.texts import ShownText, shown


@dataclass(frozen=True)
class PartnerChoice:
    """A recipient that the person may decline."""

    recipient: Recipient
    is_allowed: bool

    @property
    def words(self) -> str:
        """What is read beside the choice."""
        return partner_words(self.recipient)


def partner_choices(states: Mapping[Scope, Any]) -> tuple[PartnerChoice, ...]:
    """Every partner by name, and what the newest events of somebody's scopes say about it. One query."""
    found, now = [], clock.now()
    for recipient in Recipient.objects.filter(is_partner=True).order_by("name"):
        said = deciding(states, Scope(PARTNERS, recipient=recipient.key), now)
        found.append(PartnerChoice(recipient, said is None or said.kind in POSITIVE))
    return tuple(found)


def partner_words(recipient: Recipient) -> str:
    """What every page says beside the choice about a partner: who it is, what it gets and why."""
    return f"{recipient.name}. {recipient.receives} {recipient.why}"


def partner_text(recipient: Recipient) -> ShownText:
    """The text that a choice about a partner is bound to, in the active language: the same for every page."""
    return shown(f"preferences.partner.{recipient.key}", partner_words(recipient), language=get_language() or "")
