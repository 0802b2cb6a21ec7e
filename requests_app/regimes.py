"""Which laws apply to a request, read from the desk's versions and kept in memory until a version is added."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import structlog
from django.conf import settings
from django.db.models import Max

from privacycenter.kernel import clock
from requests_app.clock import FALLBACK, FROM_RECEIPT, DueDate, Period, Rule, RuleSet, due_date
from requests_app.clock.arithmetic import local_day
from requests_app.enums import AskedFor
from requests_app.models import Regime, RegimeRule, Request

log = structlog.get_logger("privacycenter.requests")

ASK_AGAIN_SECONDS = 2  # for so long another process may still count by the version before
Stamp = tuple[int | None, datetime | None]  # changes with every version that is added
_asked: tuple[float, Stamp] | None = None


def due_for(kind: str, *, received_at: datetime | None = None, stated_country: str = "", cause: str = FROM_RECEIPT) -> DueDate:
    """By when a request of this kind must be answered that comes in now, or came in at a moment."""
    moment = received_at or clock.now()
    rules = rules_for(kind, stated_country=stated_country, on=local_day(moment, settings.TIME_ZONE))
    return due_date(
        moment,
        time_zone=settings.TIME_ZONE,
        country=settings.OPERATOR_COUNTRY,
        rules=rules,
        stated_country=stated_country,
        cause=cause,
    )


def rules_for(kind: str, *, stated_country: str, on: date) -> RuleSet:
    """The rules of the operator's laws and of those of the stated country, as they stand on a day."""
    ours = tuple(settings.OPERATOR_REGIMES)
    return _rules(_stamp(), kind, stated_country, on, ours) or FALLBACK


def laws_of(request: Request, *, on: date) -> list[Regime]:
    """The laws by which the date of a request was counted, each in its version of that day; the one that decides comes first."""
    keys = [term.rule.regime for term in request.due.terms] if request.due is not None else list(settings.OPERATOR_REGIMES)
    newest: dict[str, Regime] = {}
    for regime in Regime.objects.filter(key__in=keys, valid_from__lte=on).order_by("version"):
        newest[regime.key] = regime
    return [newest[key] for key in dict.fromkeys(keys) if key in newest]


def forget() -> None:
    """Ask the database again at the next use."""
    global _asked
    _asked = None


def _stamp() -> Stamp:
    global _asked
    now = time.monotonic()
    if _asked is None or now - _asked[0] > ASK_AGAIN_SECONDS:
        found = Regime.objects.aggregate(newest=Max("pk"), made=Max("made_at"))
        _asked = now, (found["newest"], found["made"])
    return _asked[1]


@dataclass(frozen=True)
class _Law:
    """A version with what it says, as it is kept in memory."""

    key: str
    valid_from: date
    valid_until: date | None
    countries: frozenset[str]
    is_ours: bool
    rules: dict[str, Rule]  # by kind; the empty one for all others


@lru_cache(maxsize=4096)
def _rules(stamp: Stamp, kind: str, stated_country: str, on: date, ours: tuple[str, ...]) -> RuleSet:
    newest = {law.key: law for law in _laws(stamp, ours) if law.valid_from <= on}
    applicable = (law for law in newest.values() if law.is_ours or stated_country in law.countries)
    in_force = (law for law in applicable if law.valid_until is None or law.valid_until >= on)
    found = (law.rules.get(kind) or law.rules.get("") for law in in_force)
    return RuleSet(rule for rule in found if rule is not None)


@lru_cache(maxsize=4)
def _laws(stamp: Stamp, ours: tuple[str, ...]) -> list[_Law]:
    """Every version, oldest first. `stamp` is there for the cache alone."""
    found = [
        _Law(
            regime.key,
            regime.valid_from,
            regime.valid_until,
            frozenset(country.code for country in regime.countries),
            regime.key in ours,
            {row.kind: _rule(regime, row, is_ours=regime.key in ours) for row in regime.rules.all()},
        )
        for regime in Regime.objects.order_by("key", "version").prefetch_related("rules")
    ]
    if unknown := sorted(set(ours) - {law.key for law in found}):
        log.error("operator_regimes_unknown", keys=unknown)  # privacycenter.E060 says it as well, before anybody is served
    return found


def _rule(regime: Regime, row: RegimeRule, *, is_ours: bool) -> Rule:
    rests = ((AskedFor.CLARIFICATION, row.rests_for_clarification), (AskedFor.IDENTITY, row.rests_for_identity))
    return Rule(
        regime=regime.key,
        version=regime.version,
        name=regime.name,
        source=regime.source,
        period=Period(row.amount, row.unit),
        extension=Period(row.extension, row.unit) if row.extension else None,
        extension_for=row.extension_for,
        acknowledge=Period(row.acknowledgement, row.acknowledgement_unit) if row.acknowledgement else None,
        pause_for=tuple(what.value for what, is_allowed in rests if is_allowed),
        counts_first_day=regime.counts_first_day,
        rolls_over=regime.rolls_over,
        is_ours=is_ours,
    )
