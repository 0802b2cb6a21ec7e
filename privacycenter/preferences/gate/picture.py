"""What the gate knows of one party, for a page that shows all their choices: read once, asked often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from privacycenter.kernel import clock
from privacycenter.preferences.gate.answers import Decision, Question
from privacycenter.preferences.gate.facts import Facts, Said, facts_about
from privacycenter.preferences.gate.rules import decide
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import Party
from privacycenter.preferences.queries import Delivery
from privacycenter.preferences.scopes import Scope


class Picture:
    """The choices of one party as they stand now."""

    def __init__(self, party: Party, facts: Facts) -> None:
        self._party, self._facts = party, facts

    def may(self, topic: Topic, channel: str) -> Decision:
        """What `may` would answer, apart from a limit on how often. No query."""
        return decide(Question(self._party, topic.purpose_id, topic.key, channel), self._party, self._facts)

    @cached_property
    def states(self) -> Mapping[Scope, Said]:
        """The newest event of each scope of the topics' purposes, of partners and of the GPC signal."""
        return self._facts.states_of(self._party)

    @cached_property
    def delivery(self) -> Delivery:
        """Pause, quiet hours and limit."""
        return self._facts.delivery_of(self._party) or Delivery()


def picture_of(party: Party, topics: Sequence[Topic]) -> Picture:
    """To show what the gate says, never to decide whether to send: then ask `may`. `topics` with their purposes. Three queries."""
    return Picture(party, facts_about(party, topics, now=clock.now()))
