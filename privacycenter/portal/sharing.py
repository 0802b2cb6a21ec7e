"""Who gets personal data, as one person sees it: the register of recipients, and what they said about partners."""

from __future__ import annotations

from dataclasses import dataclass

from django_countries import countries

from privacycenter.datamap.models import Recipient
from privacycenter.datamap.queries import all_recipients
from privacycenter.preferences.enums import EventKind
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import Party
from privacycenter.preferences.queries import answer_in, states_of
from privacycenter.preferences.scopes import GPC, PARTNERS, Scope


@dataclass(frozen=True)
class RecipientLine:
    """A recipient with what the person said about it: `event` is their newest choice, None where they never chose."""

    recipient: Recipient
    is_declined: bool = False
    event: ConsentEvent | None = None

    @property
    def countries(self) -> str:
        """The countries the data is taken to, by name; empty where it is taken nowhere."""
        codes = (code.strip().upper() for code in self.recipient.countries.split(","))
        return ", ".join(str(countries.name(code)) or code for code in codes if code)


@dataclass(frozen=True)
class Sharing:
    """What the page shows. `gpc` is the standing signal of a browser of this person."""

    recipients: list[RecipientLine]
    partners: list[RecipientLine]
    gpc: ConsentEvent | None


def register_of(party: Party) -> Sharing:
    """The register for one person. Two queries."""
    states = states_of(party)
    lines = []
    for recipient in all_recipients():
        scope = Scope(PARTNERS, recipient=recipient.key)
        declined = recipient.is_partner and answer_in(states, scope) is False
        lines.append(RecipientLine(recipient, declined, states.get(scope) or states.get(Scope(PARTNERS))))
    signal = states.get(Scope(GPC))
    stands = signal is not None and signal.kind == EventKind.OBJECTED
    return Sharing(
        [line for line in lines if not line.recipient.is_partner],
        [line for line in lines if line.recipient.is_partner],
        signal if stands else None,
    )


def partner_with(key: str) -> Recipient | None:
    """The recipient of this key, if a person may decline it."""
    return Recipient.objects.filter(key=key, is_partner=True).first()
