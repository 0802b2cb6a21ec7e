"""What a choice is about: a purpose, and where it is narrower a topic, a channel, a service or a recipient."""

from __future__ import annotations

import uuid
from typing import NamedTuple

# The browser's objection to sale, sharing and targeting (Global Privacy Control): a purpose of its own, above the data map's.
GPC = "signal.gpc"
# Whether to deal with a recipient that a person may decline (S-03): a purpose of its own as well; the scope names the recipient.
PARTNERS = "partners"
_RECORDS = uuid.UUID("6f0d3c52-61a8-5b5c-9a3e-4d1f5f1c2b7a")


class Scope(NamedTuple):
    """Keys; an empty part means "any"."""

    purpose: str = ""
    topic: str = ""
    channel: str = ""
    service: str = ""
    recipient: str = ""

    def covers(self, other: Scope) -> bool:
        """Whether a choice for this scope is also one for `other`."""
        return all(not own or own == theirs for own, theirs in zip(self, other, strict=True))

    def common(self, other: Scope) -> Scope | None:
        """What both scopes cover, None where nothing: of a topic on any channel and of any topic by e-mail, the topic by e-mail."""
        if any(own and theirs and own != theirs for own, theirs in zip(self, other, strict=True)):
            return None
        return Scope(*(own or theirs for own, theirs in zip(self, other, strict=True)))

    @property
    def breadth(self) -> int:
        """How many parts are left open: the narrower of two scopes has the smaller number."""
        return sum(not part for part in self)

    def record_id(self, party_hash: str) -> uuid.UUID:
        """The id of the consent record of a party for this scope (one record, many events: ISO/IEC TS 27560)."""
        return uuid.uuid5(_RECORDS, "\x1f".join((party_hash, *self)))
