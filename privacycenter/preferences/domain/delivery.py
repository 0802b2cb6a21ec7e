"""When and how often somebody wants to be written to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext as _

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.preferences.enums import DeliveryKind, Method
from privacycenter.preferences.errors import UnfitDelivery
from privacycenter.preferences.models import DeliveryChoice
from privacycenter.preferences.parties import Party

LONGEST_PAUSE_DAYS = 366
MOST_MESSAGES, MOST_DAYS = 100, 90


def set_delivery(party: Party, kind: str, value: Mapping[str, Any], *, method: Method, page: str = "", actor: Actor) -> DeliveryChoice:
    """Set a pause, quiet hours or a limit; an empty value ends it. The shapes: privacycenter.preferences.models.DeliveryChoice.

    A pause's `until` may be a datetime or RFC 3339 text with an offset; quiet hours may run past midnight. Raises UnfitDelivery.
    """
    kind = DeliveryKind(kind)
    row = DeliveryChoice.objects.create(
        **party.writes_to.columns(),
        kind=kind,
        value=_READERS[kind](value) if value else {},
        method=method,
        page=page,
        actor_kind=actor.kind,
        actor_ref=actor.ref,
        at=clock.now(),
    )
    if actor.is_staff:
        record("preferences.delivery_set_for", actor=actor, subject=party.subject_key, kind=str(kind))
    return row


def _pause(value: Mapping[str, Any]) -> dict[str, Any]:
    until = value.get("until")
    try:
        moment = datetime.fromisoformat(until) if isinstance(until, str) else until
    except ValueError:
        moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise UnfitDelivery(_("Choose the date until which we should not write to you."))
    now = clock.now()
    if not now < moment <= now + timedelta(days=LONGEST_PAUSE_DAYS):
        raise UnfitDelivery(_("Choose a date after today and within a year."))
    return {"until": moment.astimezone(UTC).isoformat().replace("+00:00", "Z")}


def _quiet_hours(value: Mapping[str, Any]) -> dict[str, Any]:
    begin, end = _time_of_day(value.get("from")), _time_of_day(value.get("until"))
    if begin == end:
        raise UnfitDelivery(_("Quiet hours need a start and an end that differ."))
    return {"from": f"{begin:%H:%M}", "until": f"{end:%H:%M}"}


def _time_of_day(value: Any) -> time:
    try:
        read = value if isinstance(value, time) else time.fromisoformat(str(value))
    except ValueError:
        read = None
    if read is None or read.tzinfo is not None:
        raise UnfitDelivery(_("Write times as hours and minutes, like 22:00."))
    return read.replace(second=0, microsecond=0)


def _frequency(value: Mapping[str, Any]) -> dict[str, Any]:
    messages, days = value.get("messages"), value.get("days")
    numbers = all(isinstance(each, int) and not isinstance(each, bool) for each in (messages, days))
    if not numbers or not (1 <= messages <= MOST_MESSAGES and 1 <= days <= MOST_DAYS):  # type: ignore[operator]
        raise UnfitDelivery(_("Choose 1 to %(messages)d messages in 1 to %(days)d days.") % {"messages": MOST_MESSAGES, "days": MOST_DAYS})
    return {"messages": messages, "days": days}


_READERS = {DeliveryKind.PAUSE: _pause, DeliveryKind.QUIET_HOURS: _quiet_hours, DeliveryKind.FREQUENCY: _frequency}
