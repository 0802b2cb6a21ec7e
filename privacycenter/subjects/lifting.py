"""Who ends a restriction at the desk. Its person is told first (GDPR Art. 18(3)), which takes a room that can write to people."""

from __future__ import annotations

from collections.abc import Callable

from privacycenter.kernel.actor import Actor
from privacycenter.subjects.models import Subject

Announcer = Callable[[Subject, str, Actor], None]
"""Called with the person, the reason (a code) and who decides; the restriction ends once the person was told."""

_announcers: list[Announcer] = []


def register(announcer: Announcer) -> None:
    """Say who tells people and then lifts."""
    if announcer not in _announcers:
        _announcers.append(announcer)


def announce(subject: Subject, reason: str, actor: Actor) -> None:
    """Let the person be told, and the restriction end after that."""
    for announcer in _announcers:
        announcer(subject, reason, actor)
