"""The cookie that remembers a choice: what was said about each service, and the day. Signed, and checked strictly when it comes back.

    1.<day>.<device>~<service>.<print>.<0 or 1>~…:<signature>

Everybody who refused everything on one day has the same value: no number, no time of day, nothing by which a browser is known
again. Only who accepted something has a random device id in it, by which their consent can be proved and withdrawn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.http import HttpResponse

from privacycenter.kernel import clock
from privacycenter.preferences.cookies.register import DAY_SECONDS, PART_LENGTH, Banner, Print

LONGEST = 4_000  # characters; a browser keeps no cookie of more than 4096 bytes
_VERSION = "1"
_SALT = "cookies.choice"
_PAYLOAD = re.compile(r"1\.(\d{1,6})\.([A-Za-z0-9_-]{22})?((?:~[a-z][a-z0-9_]{1,39}\.[A-Za-z0-9_-]{18}\.[01])*)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC).date()


class Said(NamedTuple):
    """What was said about one service as it was then."""

    print: Print
    is_on: bool


@dataclass(frozen=True)
class ConsentCookie:
    """A choice as a browser remembers it. `device` is empty unless something was accepted."""

    made_on: date
    said: Mapping[str, Said]
    device: str = ""

    def counts(self, service_key: str, banner: Banner) -> bool:
        """Whether something was said about a service that has not run out."""
        said = self.said.get(service_key)
        if said is None:
            return False
        days = banner.acceptance_days if said.is_on else banner.refusal_days
        return clock.now().date() < self.made_on + timedelta(days=days)

    @property
    def accepts_something(self) -> bool:
        return any(said.is_on for said in self.said.values())


def read(value: str | None) -> ConsentCookie | None:
    """What a cookie says, or None for one that is absent, forged, damaged, oversized or from the future."""
    if not value or len(value) > LONGEST:
        return None
    try:
        payload = Signer(salt=_SALT).unsign(value)
    except (BadSignature, UnicodeError):
        return None
    found = _PAYLOAD.fullmatch(payload)
    if found is None:
        return None
    days, device, services = found.groups()
    made_on = date.fromordinal(_EPOCH.toordinal() + int(days))
    if made_on > clock.now().date() + timedelta(days=1):  # a day's grace: clocks of two servers differ at midnight
        return None
    said = {}
    for part in filter(None, services.split("~")):
        key, print_, is_on = part.split(".")
        parts = (print_[start : start + PART_LENGTH] for start in range(0, len(print_), PART_LENGTH))
        said[key] = Said(Print(*parts), is_on == "1")
    return ConsentCookie(made_on, said, device or "")


def write(cookie: ConsentCookie) -> str:
    """The value of a cookie."""
    days = cookie.made_on.toordinal() - _EPOCH.toordinal()
    services = "".join(f"~{key}.{said.print}.{int(said.is_on)}" for key, said in sorted(cookie.said.items()))
    return Signer(salt=_SALT).sign(f"{_VERSION}.{days}.{cookie.device if cookie.accepts_something else ''}{services}")


def put(response: HttpResponse, cookie: ConsentCookie, banner: Banner) -> None:
    """Send a choice to the browser: first-party, hidden from scripts, for as long as it counts."""
    days = banner.acceptance_days if all(said.is_on for said in cookie.said.values()) else banner.refusal_days
    response.set_cookie(
        settings.CONSENT_COOKIE_NAME,
        write(cookie),
        max_age=days * DAY_SECONDS,
        path="/",
        secure=settings.SITE_IS_SECURE,
        httponly=True,
        samesite="Lax",
    )
