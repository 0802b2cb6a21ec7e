"""The due date of one request under the rules of every regime that applies: the earliest counts.

A due date carries the rules as they stood when it was given, so that it can be explained, extended and moved years later, whatever
became of the rules and of the calendar of holidays since.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from requests_app.clock.arithmetic import Period, Skipped, Unit, calendar_version, end_of_day, end_of_period, local_day

# What a date is counted from: receipt, or again the day the person said that the answer is incomplete.
FROM_RECEIPT = "receipt"
REOPENED = "reopened"


@dataclass(frozen=True)
class Rule:
    """What one version of one regime says about one kind of request."""

    regime: str
    version: int
    name: str
    source: str
    period: Period
    extension: Period | None = None  # added once
    extension_for: str = ""  # the only reasons for it, in words
    acknowledge: Period | None = None
    pause_for: tuple[str, ...] = ()  # what may be asked of the person while the clock rests: values of PauseFor
    counts_first_day: bool = False
    rolls_over: bool = False
    is_ours: bool = True  # applies to everybody; else because of the country that the person stated

    @property
    def extended_period(self) -> Period | None:
        """The whole period with its extension, from receipt. None where the law allows no extension."""
        if self.extension is None or self.extension.unit != self.period.unit:
            return None
        return Period(self.period.amount + self.extension.amount, self.period.unit)


class RuleSet(tuple[Rule, ...]):
    """Rules as a key of the cache: hashed once, by their regimes and versions."""

    @cached_property
    def key(self) -> int:
        return hash(tuple((rule.regime, rule.version) for rule in self))

    def __hash__(self) -> int:
        return self.key


# Where every regime was ended: the month that the policy promises everybody.
FALLBACK = RuleSet((Rule("gdpr", 0, "GDPR", "Art. 12(3) GDPR", Period(1, Unit.MONTHS), Period(2, Unit.MONTHS), rolls_over=True),))


@dataclass(frozen=True)
class Term:
    """One rule applied: where its period ends."""

    rule: Rule
    counted_on: date  # before weekends and holidays are looked at
    due_on: date
    skipped: Skipped


@dataclass(frozen=True)
class DueDate:
    """A due date and everything needed to explain it."""

    cause: str  # FROM_RECEIPT or REOPENED
    received_on: date  # in the operator's time zone; for REOPENED the day of that
    terms: tuple[Term, ...]  # the one that decides first, then by date
    time_zone: str
    country: str  # whose public holidays and business days count
    calendar_version: str  # empty: no calendar of public holidays is known for the country
    stated_country: str = ""
    first_due_on: date | None = None  # before it was extended
    rested_days: int = 0

    @property
    def decides(self) -> Term:
        return self.terms[0]

    @property
    def due_on(self) -> date:
        return self.terms[0].due_on

    @property
    def due_at(self) -> datetime:
        """The last second of the last day."""
        return end_of_day(self.due_on, self.time_zone)

    @property
    def is_extended(self) -> bool:
        return self.first_due_on is not None

    @property
    def forbids_extension(self) -> list[str]:
        """Names of the regimes that allow no extension: one is enough."""
        return [term.rule.name for term in self.terms if term.rule.extended_period is None]

    def may_rest_for(self, what: str) -> bool:
        """Whether every regime lets the clock rest while the person is asked for this."""
        return all(what in term.rule.pause_for for term in self.terms)

    def to_json(self) -> dict[str, Any]:
        """JSON-ready form for the request's row."""
        plain = asdict(self)
        plain["received_on"] = self.received_on.isoformat()
        plain["first_due_on"] = self.first_due_on.isoformat() if self.first_due_on else None
        for term in plain["terms"]:
            term["counted_on"], term["due_on"] = term["counted_on"].isoformat(), term["due_on"].isoformat()
            term["skipped"] = [[day.isoformat(), name] for day, name in term["skipped"]]
            term["rule"]["pause_for"] = list(term["rule"]["pause_for"])
        return plain

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> DueDate:
        """What `to_json` gave, also that of the time when the month of the GDPR was the only rule."""
        if "terms" not in plain:
            plain = _since_regimes(plain)
        first = plain["first_due_on"]
        changed = {
            "received_on": date.fromisoformat(plain["received_on"]),
            "first_due_on": date.fromisoformat(first) if first else None,
            "terms": tuple(_term(term) for term in plain["terms"]),
        }
        return cls(**{**plain, **changed})


def due_date(
    received_at: datetime,
    *,
    time_zone: str,
    country: str,
    rules: tuple[Rule, ...] = FALLBACK,
    stated_country: str = "",
    cause: str = FROM_RECEIPT,
) -> DueDate:
    """When a request received at this moment (aware) must be answered under these rules."""
    return _counted(
        local_day(received_at, time_zone),
        rules if isinstance(rules, RuleSet) else RuleSet(rules),
        time_zone,
        country,
        stated_country,
        cause,
    )


def extend(due: DueDate) -> DueDate:
    """The due date with the extension of every regime, counted from the same day. The earliest counts again."""
    rules = tuple(term.rule for term in due.terms)
    periods = [rule.extended_period or rule.period for rule in rules]
    return replace(due, terms=_terms(rules, periods, due.received_on, due.country, due.rested_days), first_due_on=due.due_on)


def rest(due: DueDate, days: int) -> DueDate:
    """The due date after the clock rested for so many more days."""
    rules = tuple(term.rule for term in due.terms)
    periods = [(rule.extended_period or rule.period) if due.is_extended else rule.period for rule in rules]
    rested = due.rested_days + days
    return replace(due, terms=_terms(rules, periods, due.received_on, due.country, rested), rested_days=rested)


def acknowledge_by(due: DueDate) -> datetime | None:
    """By when the person must know that the request came in, where a regime says so."""
    ends = [
        end_of_period(due.received_on, rule.acknowledge, country=due.country, counts_first_day=rule.counts_first_day)[1]
        for rule in (term.rule for term in due.terms)
        if rule.acknowledge is not None
    ]
    return end_of_day(min(ends), due.time_zone) if ends else None


@lru_cache(maxsize=4096)
def _counted(received_on: date, rules: RuleSet, time_zone: str, country: str, stated_country: str, cause: str) -> DueDate:
    terms = _terms(rules, [rule.period for rule in rules], received_on, country, 0)
    return DueDate(cause, received_on, terms, time_zone, country, calendar_version(country), stated_country)


def _terms(rules: Sequence[Rule], periods: Sequence[Period], received_on: date, country: str, rested_days: int) -> tuple[Term, ...]:
    found = [
        Term(
            rule,
            *end_of_period(
                received_on,
                period,
                country=country,
                counts_first_day=rule.counts_first_day,
                rolls_over=rule.rolls_over,
                rested_days=rested_days,
            ),
        )
        for rule, period in zip(rules, periods, strict=True)
    ]
    return tuple(sorted(found, key=lambda term: term.due_on))


def _term(plain: dict[str, Any]) -> Term:
    rule = plain["rule"]
    periods = {name: Period(**rule[name]) if rule[name] else None for name in ("period", "extension", "acknowledge")}
    return Term(
        rule=Rule(**{**rule, **periods, "pause_for": tuple(rule["pause_for"])}),
        counted_on=date.fromisoformat(plain["counted_on"]),
        due_on=date.fromisoformat(plain["due_on"]),
        skipped=tuple((date.fromisoformat(day), name) for day, name in plain["skipped"]),
    )


def _since_regimes(plain: dict[str, Any]) -> dict[str, Any]:
    """The form of today of a due date that was given when there was one rule."""
    rule = asdict(replace(FALLBACK[0], period=Period(plain["months"], Unit.MONTHS)))
    term = {"rule": rule, **{name: plain[name] for name in ("counted_on", "due_on", "skipped")}}
    kept = {name: plain[name] for name in ("received_on", "time_zone", "country", "calendar_version")}
    cause = REOPENED if plain["rule"].endswith("reopened") else FROM_RECEIPT
    return {**kept, "cause": cause, "terms": [term], "first_due_on": None}
