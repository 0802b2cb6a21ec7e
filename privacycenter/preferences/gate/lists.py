"""The gate for very long lists of bare identifiers: the same answers as `may_all`, with less work for those nobody knows.

Of most addresses of a list nothing is known, or only that they are suppressed. What the gate says to one of them depends on
nothing but the rows of the suppression list, so it is asked once for each kind of row and remembered. Everybody of whom more is
known (a person, an event, a setting) goes through `may_all`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from privacycenter.kernel.hashing import candidates
from privacycenter.preferences import among  # noqa: F401 - registers the look-up
from privacycenter.preferences.gate.answers import Decision, Question
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, Suppression
from privacycenter.preferences.parties import CONTEXT
from privacycenter.subjects.models import Identifier

_Rows = tuple[tuple[str, str, str], ...]


class ListGate:
    """Answers one question about many identifiers of one kind; holds no more than one batch."""

    def __init__(self, kind: str, purpose: str, *, topic: str = "", channel: str = "") -> None:
        self.kind = kind
        self._question = Question((kind, ""), purpose, topic, channel)
        self._known: dict[_Rows, Decision] = {}

    def decide(self, values: Iterable[str]) -> dict[str, Decision]:
        """What the gate says to each of these normalised values now. At most a handful of queries more than four."""
        from privacycenter.preferences.gate import may_all  # app ready: this module is a part of the gate

        wanted = list(dict.fromkeys(values))
        context = f"{CONTEXT}.{self.kind}"
        owner_of = {hashed.digest: value for value in wanted for hashed in candidates(value, context=context)}
        digests = sorted(owner_of)  # neighbours in the index are looked up one after the other
        more = self._persons(sorted(wanted))
        more.update(owner_of[digest] for digest in self._with_history(digests))
        listed: dict[str, list[tuple[str, str, str]]] = {}
        rows = Suppression.objects.filter(party_hash__among=digests, lifted_at__isnull=True)
        for digest, *row in rows.values_list("party_hash", "channel", "topic", "reason"):
            listed.setdefault(owner_of[digest], []).append((row[0], row[1], row[2]))
        answers: dict[str, Decision] = {}
        asked: dict[str, _Rows | None] = dict.fromkeys(more)
        later: list[tuple[str, _Rows]] = []
        waiting: set[_Rows] = set()
        for value in wanted:
            if value in more:
                continue
            signature = tuple(sorted(listed[value])) if value in listed else ()
            decision = self._known.get(signature)
            if decision is not None:
                answers[value] = decision
            elif signature in waiting:
                later.append((value, signature))
            else:
                waiting.add(signature)
                asked[value] = signature
        decisions = may_all([self._question._replace(party=(self.kind, value)) for value in asked])
        for (value, found), decision in zip(asked.items(), decisions, strict=True):
            answers[value] = decision
            if found is not None:
                self._known[found] = decision
        answers.update((value, self._known[signature]) for value, signature in later)
        return answers

    def _persons(self, values: Sequence[str]) -> set[str]:
        """Values that somebody has proven."""
        found = Identifier.objects.proven().filter(kind=self.kind, value__among=values)
        return set(found.values_list("value", flat=True))

    def _with_history(self, digests: Sequence[str]) -> set[str]:
        """Hashes under which somebody chose or set something."""
        found: set[str] = set()
        for model in (ConsentEvent, DeliveryChoice):
            found.update(model.objects.filter(party_hash__among=digests).values_list("party_hash", flat=True))
        return found
