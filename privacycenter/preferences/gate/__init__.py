"""The gate: the one place that decides whether somebody's data may be used. Ask it at the moment of use, not earlier.

Order of the rules: restriction, objection, suppression, consent, legal basis, partner choice, GPC, age, pause, quiet hours,
frequency. What a question names and the data map does not know is refused. Purposes that a contract, the law or somebody's life
needs pass, except under restriction and, where they go to a partner, a partner that the person declined.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from privacycenter.kernel import clock
from privacycenter.preferences.gate.answers import Asked, Decision, Question, Rule
from privacycenter.preferences.gate.facts import facts_for
from privacycenter.preferences.gate.picture import Picture, picture_of
from privacycenter.preferences.gate.rules import decide

__all__ = ["Asked", "Decision", "Picture", "Question", "Rule", "may", "may_all", "picture_of"]

_MANY = 1_000


def may(
    party: Asked,
    purpose: str,
    *,
    topic: str | None = None,
    channel: str | None = None,
    recipient: str | None = None,
    source: str | None = None,
    at: datetime | None = None,
) -> Decision:
    """Whether the data of `party` may be used for `purpose` now, or might have been `at` a moment before.

    To write to somebody say the channel, and the topic where there is one; to pass data on, the recipient;
    to use what one source holds, its key. Raises InvalidIdentifier.
    """
    return may_all([Question(party, purpose, topic or "", channel or "", recipient or "", source or "")], at=at)[0]


def may_all(questions: Iterable[Question], *, at: datetime | None = None) -> list[Decision]:
    """The answers to many questions, in order, with a handful of queries for thousands. Raises InvalidIdentifier."""
    asked = list(questions)
    if not asked:
        return []
    with _without_collecting(len(asked)):
        parties, facts = facts_for(asked, now=at or clock.now(), at=at)
        return [decide(question, party, facts) for question, party in zip(asked, parties, strict=True)]


@contextmanager
def _without_collecting(count: int) -> Iterator[None]:
    """No search for cyclic garbage while thousands of rows are read, which hold none: it would take a third of the time."""
    if count < _MANY or not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
