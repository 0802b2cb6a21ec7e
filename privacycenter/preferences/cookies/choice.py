"""What holds for one request: what this browser chose, what the account chose, what the browser signals, whichever is stricter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest

from privacycenter.kernel import clock
from privacycenter.preferences import standing
from privacycenter.preferences.cookies import register as registers
from privacycenter.preferences.cookies.consent_cookie import ConsentCookie, read
from privacycenter.preferences.cookies.register import Banner, Register, ServiceFacts
from privacycenter.preferences.enums import NEGATIVE, CookieCategory, PartyKind
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import hashes_of
from privacycenter.preferences.queries import scope_of
from privacycenter.preferences.scopes import GPC, Scope
from privacycenter.preferences.signals import gpc_in, subject_of
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import public_ids


class Because(StrEnum):
    """Why a service that this browser would allow, or never chose about, is off."""

    ACCOUNT = "account"
    SIGNAL = "signal"
    ACCOUNT_SIGNAL = "account_signal"


@dataclass(frozen=True)
class ServiceState:
    """How things stand with one service that needs consent.

    `is_open`: nobody has chosen, or what was chosen has run out or changed. `changed` names the parts of it that changed since
    (purpose, recipients, storage); all of it for one that is new to a person who has chosen before.
    """

    service: ServiceFacts
    is_on: bool
    is_open: bool
    because: Because | None = None
    changed: tuple[str, ...] = ()
    is_new: bool = False

    @property
    def is_signalled(self) -> bool:
        """Whether Global Privacy Control switched it off, here or on another device of the person."""
        return self.because in {Because.SIGNAL, Because.ACCOUNT_SIGNAL}


@dataclass(frozen=True)
class CookieChoice:
    """What may be stored and loaded in answer to one request."""

    register: Register
    cookie: ConsentCookie | None
    states: Mapping[str, ServiceState]
    gpc: bool

    def allows(self, service_key: str) -> bool:
        """Whether this service may store and load. False for one that nobody declared."""
        state = self.states.get(service_key)
        if state is not None:
            return state.is_on
        service = self.register.service(service_key)
        return service is not None and not service.is_asked

    def allows_category(self, category: str) -> bool:
        """Whether every service of the category is allowed; necessary always is, a category without services never."""
        if category == CookieCategory.NECESSARY:
            return True
        services = [state for state in self.states.values() if state.service.category == category]
        return bool(services) and all(state.is_on for state in services)

    @cached_property
    def open(self) -> tuple[ServiceState, ...]:
        """What has to be asked."""
        return tuple(state for state in self.states.values() if state.is_open)

    @property
    def is_asked(self) -> bool:
        """Whether the banner is shown."""
        return bool(self.open)

    @property
    def is_renewed(self) -> bool:
        """Whether somebody who has chosen before is asked again because something changed."""
        return any(state.is_new or state.changed for state in self.open)


def choice_of(request: HttpRequest) -> CookieChoice:
    """The choice that holds for a request; worked out once for it.

    One query at most, and only for a signed-in person whose browser would allow something or has not chosen yet.
    """
    known: CookieChoice | None = getattr(request, "_cookie_choice", None)
    if known is None:
        known = request._cookie_choice = _choice(request)  # type: ignore[attr-defined]
    return known


def forget_choice(request: HttpRequest) -> None:
    """Work it out anew: a choice was just made."""
    request._cookie_choice = None  # type: ignore[attr-defined]


def merge(register: Register, cookie: ConsentCookie | None, account: Mapping[Scope, Any], *, gpc: bool) -> CookieChoice:
    """Device, account and signal, merged to the stricter: a service is on only where the device says yes and nobody says no."""
    now = clock.now()
    account_objects = _is_no(account, Scope(purpose=GPC), now)
    states = {}
    for service in register.asked:
        state = _on_device(service, cookie, register.banner)
        if service.stops_at_gpc and (gpc or account_objects):
            state = ServiceState(service, False, False, Because.SIGNAL if gpc else Because.ACCOUNT_SIGNAL)
        elif (state.is_on or state.is_open) and _is_no(account, service.scope, now):
            state = ServiceState(service, False, False, Because.ACCOUNT)
        states[service.key] = state
    return CookieChoice(register, cookie, states, gpc)


def account_events(subject: Subject, register: Register) -> dict[Scope, Any]:
    """The newest event of each scope that has a say about services, of a person's account. One query."""
    digests = [hashed.digest for public_id in public_ids(subject) for hashed in hashes_of(PartyKind.SUBJECT, public_id)]
    about = Q(purpose=GPC) | Q(service__in=[service.key for service in register.asked])
    about |= Q(service="", purpose__in={service.purpose for service in register.asked})
    events = ConsentEvent.objects.filter(about, party_hash__in=digests).defer("evidence").order_by("id")
    return standing.newest_by_scope((scope_of(event), event) for event in events)


def _choice(request: HttpRequest) -> CookieChoice:
    register = registers.current()
    cookie = read(request.COOKIES.get(settings.CONSENT_COOKIE_NAME))
    gpc = gpc_in(request.META.get("HTTP_SEC_GPC", ""))
    choice = merge(register, cookie, {}, gpc=gpc)
    if any(state.is_on or state.is_open for state in choice.states.values()):
        subject = subject_of(request)
        if subject is not None:
            choice = merge(register, cookie, account_events(subject, register), gpc=gpc)
    return choice


def _is_no(events: Mapping[Scope, Any], scope: Scope, now: Any) -> bool:
    event = standing.deciding(events, scope, now)
    return event is not None and event.kind in NEGATIVE


def _on_device(service: ServiceFacts, cookie: ConsentCookie | None, banner: Banner) -> ServiceState:
    if cookie is None:
        return ServiceState(service, False, True)
    said = cookie.said.get(service.key)
    if said is None:
        return ServiceState(service, False, True, is_new=bool(cookie.said))
    if not cookie.counts(service.key, banner):
        return ServiceState(service, False, True)
    names = type(said.print)._fields
    changed = tuple(name for name, then, now in zip(names, said.print, service.print, strict=True) if then != now)
    if changed:
        return ServiceState(service, False, True, changed=changed)
    return ServiceState(service, said.is_on, False)
