"""When and how often somebody wants to be written to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any, NamedTuple

from privacycenter.preferences.enums import DeliveryKind, Method
from privacycenter.preferences.models import DeliveryChoice
from privacycenter.preferences.parties import Party


class Frequency(NamedTuple):
    """At most so many messages in so many days."""

    messages: int
    days: int


@dataclass(frozen=True)
class Delivery:
    """Settings in force. Quiet hours are wall-clock times in the person's time zone; `quiet_until` may be past midnight."""

    pause_until: datetime | None = None
    quiet_from: time | None = None
    quiet_until: time | None = None
    frequency: Frequency | None = None


def delivery_of(party: Party, at: datetime | None = None) -> Delivery:
    """The settings of a party, now or `at` a moment. A pause that is over is none only by its date. One query."""
    rows = DeliveryChoice.objects.filter(party_hash__in=party.digests)
    if at is not None:
        rows = rows.filter(at__lte=at)
    return delivery_from(rows.order_by("id").values_list("kind", "value", "method"))


def delivery_from(rows: Iterable[tuple[str, Mapping[str, Any], str]]) -> Delivery:
    """The settings that (kind, value, method) rows come to, oldest first: the newest of a kind counts, an empty one ends it.

    Only a pause by a mailed link never shortens one that is set: whoever holds such a link can stop more, not let more come.
    """
    newest: dict[str, Mapping[str, Any]] = {}
    for kind, value, method in rows:
        if kind == DeliveryKind.PAUSE and method == Method.ONE_CLICK and _end(newest.get(kind)) > _end(value):
            continue
        newest[kind] = value
    pause, quiet, frequency = (newest.get(kind) or {} for kind in (DeliveryKind.PAUSE, DeliveryKind.QUIET_HOURS, DeliveryKind.FREQUENCY))
    return Delivery(
        pause_until=datetime.fromisoformat(pause["until"]) if pause else None,
        quiet_from=time.fromisoformat(quiet["from"]) if quiet else None,
        quiet_until=time.fromisoformat(quiet["until"]) if quiet else None,
        frequency=Frequency(frequency["messages"], frequency["days"]) if frequency else None,
    )


def _end(pause: Mapping[str, Any] | None) -> datetime:
    return datetime.fromisoformat(pause["until"]) if pause else datetime.min.replace(tzinfo=UTC)
