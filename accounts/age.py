"""The one rule about age (G-01): nobody under sixteen."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from django.conf import settings

from privacycenter.kernel import clock

_MINIMUM_YEARS = 16
_LONGEST_LIFE = 130


def today() -> date:
    """The date at the operator's place."""
    return clock.now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def full_years(born: date) -> int:
    """Completed years of life today; somebody born on 29 February completes a year on 1 March in common years."""
    now = today()
    return now.year - born.year - ((now.month, now.day) < (born.month, born.day))


def is_plausible(born: date) -> bool:
    """Whether a living person can have been born on that day."""
    return 0 <= full_years(born) <= _LONGEST_LIFE


def may_register(born: date) -> bool:
    """Whether somebody born on that day may have an account. The date is looked at here and kept nowhere."""
    return full_years(born) >= _MINIMUM_YEARS
