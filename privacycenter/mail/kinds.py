"""Every kind of message that leaves the house, registered by the room that sends it in `mail_kinds.py`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from privacycenter.mail.errors import UnknownMessageKind

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
ANSWERS = _("It answers something you did, or the law wants us to tell you.")


@dataclass(frozen=True)
class MessageKind:
    """A kind of message. `template` names templates/mail/<template>.txt; by default that is the key after its room.

    `essential`: the person asked for it or the law wants it (codes, receipts, notices); `why` tells them why it can't be switched
    off. Anything else names the `purpose` (a key of the data map) it is sent for and, where all its messages are about one, the
    `topic`; it is sent only where a registered guard allows it, and bears what the decorators give it.
    """

    key: str
    label: Any  # a lazy translation: what staff and the person see in lists
    essential: bool
    template: str = ""
    purpose: str = ""
    topic: str = ""
    why: Any = ANSWERS

    @property
    def template_name(self) -> str:
        return f"mail/{self.template or self.key.replace('.', '/')}.txt"


_kinds: dict[str, MessageKind] = {}


def register(kind: MessageKind) -> MessageKind:
    """Add a kind. Raises ImproperlyConfigured for a duplicate, a malformed key, and a purpose that is missing or not wanted."""
    if kind.key in _kinds:
        raise ImproperlyConfigured(f"message kind {kind.key} is registered twice")
    if not _NAME.fullmatch(kind.key) or len(kind.key) > 60 or not kind.label:
        raise ImproperlyConfigured(f"message kind {kind.key!r} must read room.name, in lower case, and have a label")
    if kind.essential == bool(kind.purpose) or (kind.essential and kind.topic):
        raise ImproperlyConfigured(f"message kind {kind.key} must name a purpose, or be essential and have neither purpose nor topic")
    _kinds[kind.key] = kind
    return kind


def get(key: str) -> MessageKind:
    """The kind with this key. Raises UnknownMessageKind."""
    try:
        return _kinds[key]
    except KeyError:
        raise UnknownMessageKind(key) from None


def all_kinds() -> Mapping[str, MessageKind]:
    """Every kind by key, in order of registration."""
    return MappingProxyType(_kinds)


def label_of(key: str) -> str:
    """The words for a kind; the key itself for one that no longer exists."""
    kind = _kinds.get(key)
    return str(kind.label) if kind else key


@contextmanager
def temporarily(kind: MessageKind) -> Iterator[MessageKind]:
    """Register a kind inside the block; for tests."""
    before = dict(_kinds)
    try:
        yield register(kind)
    finally:
        _kinds.clear()
        _kinds.update(before)
