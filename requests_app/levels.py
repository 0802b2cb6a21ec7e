"""How surely somebody must have shown who they are, for each right: the one table, and what each way of showing it is worth."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from requests_app.enums import Behalf, Kind, ProofMethod


class Level(IntEnum):
    """From weak to strong."""

    WRITTEN = 1  # wrote from an address that is on file
    CODE = 2  # holds the address: took a code or a link from a mail to it
    STRONG = 3  # signed in freshly, or staff saw a document, called back, or know them
    CHECKED = 4  # for another person: staff looked at the authority or the entitlement


@dataclass(frozen=True)
class Needed:
    """What a right takes when somebody asks for themselves, on paper or by phone too, and when they ask for another."""

    own: Level
    other: Level


# What reveals or destroys needs more. A mailed code is enough for oneself: with it the answer goes to the address that was proven.
NEEDED: dict[Kind, Needed] = {
    Kind.ACCESS: Needed(Level.CODE, Level.CHECKED),
    Kind.PORTABILITY: Needed(Level.CODE, Level.CHECKED),
    Kind.ERASURE: Needed(Level.CODE, Level.CHECKED),
    Kind.RECTIFICATION: Needed(Level.WRITTEN, Level.CHECKED),
    Kind.RESTRICTION: Needed(Level.WRITTEN, Level.CHECKED),
    Kind.OBJECTION: Needed(Level.WRITTEN, Level.CHECKED),
    Kind.WITHDRAWAL: Needed(Level.WRITTEN, Level.CHECKED),
    Kind.REVIEW: Needed(Level.WRITTEN, Level.CHECKED),
    Kind.COMPLAINT: Needed(Level.WRITTEN, Level.CODE),  # with CODE, the person's own confirmation of their agent is enough
    Kind.CHILD: Needed(Level.WRITTEN, Level.WRITTEN),  # a report by anybody: it is looked into, not believed
}

WORTH: dict[str, Level] = {
    ProofMethod.KNOWN_ADDRESS: Level.WRITTEN,
    ProofMethod.CALLBACK: Level.STRONG,
    ProofMethod.KNOWN_PERSON: Level.STRONG,
    ProofMethod.DOCUMENT: Level.STRONG,
    ProofMethod.AUTHORITY: Level.CHECKED,
    ProofMethod.ENTITLED: Level.CHECKED,
}


def level_for(kind: str, behalf: str) -> Level:
    """The level that a request of this kind takes, for oneself or for another."""
    needed = NEEDED[Kind(kind)]
    return needed.own if behalf == Behalf.SELF else needed.other


def is_enough(method: str, *, kind: str, behalf: str) -> bool:
    """Whether what staff saw is enough. For another person nothing less than a checked authority is: staff heard only the requester."""
    floor = level_for(kind, behalf) if behalf == Behalf.SELF else Level.CHECKED
    return WORTH[method] >= floor
