"""What the gate is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from privacycenter.preferences.parties import Party
from privacycenter.subjects.models import Identifier, Subject

Asked = Party | Subject | Identifier | tuple[str, str]


class Rule(StrEnum):
    """Which rule decided, in the order they are asked. UNKNOWN: what the question names does not exist."""

    UNKNOWN = "unknown"
    RESTRICTION = "restriction"
    OBJECTION = "objection"
    SUPPRESSION = "suppression"
    CONSENT = "consent"
    LEGAL_BASIS = "legal_basis"
    PARTNER = "partner"
    GPC = "gpc"
    AGE = "age"
    PAUSE = "pause"
    QUIET_HOURS = "quiet_hours"
    FREQUENCY = "frequency"


class Question(NamedTuple):
    """May the data of this party be used for a purpose (a key of the data map)?

    To write to them: with the channel, and the topic where there is one. To pass data on: with the recipient's key. To use what one
    source holds: with the source's key, so that a restriction of that part counts.
    """

    party: Asked
    purpose: str
    topic: str = ""
    channel: str = ""
    recipient: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer: `reason` in plain words (a lazy translation), the rule that decided, and until when it helps to wait (or None)."""

    allowed: bool
    reason: Any
    rule: Rule
    until: datetime | None = None
    kind: str = ""  # of a suppression: its reason
