"""What a non-essential message bears besides its words: headers and lines of the footer by which the person can stop it.

A room above registers who makes them. A non-essential message that ends up without a List-Unsubscribe header is not queued:
nobody gets mail that they can't get rid of.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from privacycenter.mail.errors import NoWayOut, UnfitHeader
from privacycenter.mail.guards import Outgoing

MAX_HEADER = 900  # with name and colon below the 998 signs of a line (RFC 5322, section 2.1.1)
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]{0,70}")
_VALUE = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?")
# Written by the mail room itself; a decorator that set them could send the message elsewhere.
_ADDRESSING = frozenset(["from", "to", "cc", "bcc", "sender", "reply-to", "return-path"])
_OWN = _ADDRESSING | {"subject", "date", "message-id", "mime-version", "auto-submitted", "content-language"}


class FooterLine(NamedTuple):
    """A line below the words of a message, and where it leads (an absolute address, or empty)."""

    words: str
    href: str = ""


@dataclass(frozen=True)
class Decoration:
    """What one decorator adds."""

    headers: Mapping[str, str] = field(default_factory=dict)
    footer: tuple[FooterLine, ...] = ()


Decorator = Callable[[Outgoing], Decoration]
_decorators: list[Decorator] = []


def register(decorator: Decorator) -> Decorator:
    """Add a decorator. It is called in the transaction in which the message is queued, with the message's language active."""
    _decorators.append(decorator)
    return decorator


def decorate(outgoing: Outgoing) -> Decoration:
    """What all decorators give a non-essential message. Raises UnfitHeader, and NoWayOut where List-Unsubscribe is not among it."""
    headers: dict[str, str] = {}
    footer: list[FooterLine] = []
    for decorator in _decorators:
        decoration = decorator(outgoing)
        for name, value in decoration.headers.items():
            headers[_fit(name, value)] = value
        footer += decoration.footer
    if "List-Unsubscribe" not in headers:
        raise NoWayOut
    return Decoration(headers, tuple(footer))


def _fit(name: str, value: str) -> str:
    """The name, where header and value can go over the wire in one line as they are (RFC 5322, section 2.2; no encoding, no folding)."""
    is_fit = _NAME.fullmatch(name) and name.lower() not in _OWN and len(value) <= MAX_HEADER and _VALUE.fullmatch(value)
    if not is_fit:
        raise UnfitHeader
    return name


@contextmanager
def temporarily(*decorators: Decorator) -> Iterator[None]:
    """Only these decorators inside the block; for tests."""
    before = list(_decorators)
    _decorators[:] = decorators
    try:
        yield
    finally:
        _decorators[:] = before
