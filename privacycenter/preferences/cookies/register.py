"""The register of what pages store, as plain data in memory: every page asks it, so it is read from the database seldom.

A process reads it again when one of its own verbs changed it, and else every REFRESH_SECONDS, because another process may have.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from django.conf import settings

from privacycenter.datamap.models import Purpose, Recipient
from privacycenter.preferences.enums import ButtonStyle, CookieCategory, StorageKind
from privacycenter.preferences.models import BannerSettings, Service, StorageItem
from privacycenter.preferences.scopes import Scope

REFRESH_SECONDS: float = 20
DAY_SECONDS = 86_400


class Print(NamedTuple):
    """What a person agreed to about one service, hashed part by part: when a part changes, they are asked again and told which."""

    purpose: str
    recipients: str
    storage: str

    def __str__(self) -> str:
        return "".join(self)


PART_LENGTH = 6  # characters of base64: 36 bits


@dataclass(frozen=True)
class Item:
    """A cookie or storage key. `name` is as the browser has it; * stands for anything."""

    name: str
    kind: str
    purpose: str
    lifetime_seconds: int | None
    path: str
    is_http_only: bool
    is_first_party: bool

    @property
    def is_pattern(self) -> bool:
        return "*" in self.name

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile(".*".join(map(re.escape, self.name.split("*"))), re.DOTALL)

    def matches(self, name: str) -> bool:
        """Whether a name found in a browser is this one."""
        return bool(self._pattern.fullmatch(name))

    @property
    def kind_label(self) -> str:
        return str(StorageKind(self.kind).label)

    @property
    def lifetime(self) -> tuple[int, str]:
        """A number and its unit (day, hour, minute), in the largest unit that divides it; (0, "") for a session or until removed."""
        seconds = self.lifetime_seconds or 0
        for size, unit in ((DAY_SECONDS, "day"), (3600, "hour"), (60, "minute")):
            if seconds and seconds % size == 0:
                return seconds // size, unit
        return seconds, "second" if seconds else ""


DESK = "desk"  # the service behind the pages of our staff


@dataclass(frozen=True)
class ServiceFacts:
    """A service with what it stores."""

    key: str
    title: str
    description: str
    provider: str
    category: str
    purpose: str
    purpose_title: str
    recipients: tuple[str, ...]  # names
    recipient_keys: tuple[str, ...]
    necessity_note: str
    origins: tuple[str, ...]
    preview_url: str
    link: str
    items: tuple[Item, ...]
    stops_at_gpc: bool

    @property
    def is_asked(self) -> bool:
        """Whether it needs consent."""
        return self.category != CookieCategory.NECESSARY

    @property
    def is_widget(self) -> bool:
        return bool(self.origins)

    @property
    def is_for_staff(self) -> bool:
        """Whether only staff have what it stores."""
        return self.key == DESK

    @property
    def scope(self) -> Scope:
        """What a choice about it is about, in the ledger."""
        return Scope(purpose=self.purpose, service=self.key)

    @cached_property
    def print(self) -> Print:
        """What is material about it: what it is for, who gets data by it, what it stores and for how long."""
        storage = sorted((item.kind, item.name, item.lifetime_seconds or 0, item.is_first_party) for item in self.items)
        recipients = (self.provider, sorted(self.recipient_keys), sorted(self.origins))
        return Print(_hash((self.category, self.purpose)), _hash(recipients), _hash(storage))


@dataclass(frozen=True)
class Banner:
    """How people are asked."""

    title: str
    text: str
    accept_label: str
    reject_label: str
    choose_label: str
    acceptance_days: int
    refusal_days: int
    style: str = ButtonStyle.SECONDARY.value


class CategoryFacts(NamedTuple):
    """A category with its services."""

    key: str
    title: str
    services: tuple[ServiceFacts, ...]


@dataclass(frozen=True)
class Register:
    """Everything that pages here may store, and how it is asked for."""

    services: tuple[ServiceFacts, ...]
    banner: Banner
    _cookies: dict[str, ServiceFacts] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._cookies.update({item.name: service for service, item in self.first_party_cookies() if not item.is_pattern})

    @cached_property
    def asked(self) -> tuple[ServiceFacts, ...]:
        """The services that need consent."""
        return tuple(service for service in self.services if service.is_asked)

    @cached_property
    def categories(self) -> tuple[CategoryFacts, ...]:
        """The categories that have services, in their order."""
        return tuple(
            CategoryFacts(category.value, str(category.label), services)
            for category in CookieCategory
            if (services := tuple(service for service in self.services if service.category == category))
        )

    @cached_property
    def fingerprint(self) -> str:
        """What people are asked for right now, as one hash."""
        return _hash([(service.key, *service.print) for service in self.asked], length=16)

    def service(self, key: str) -> ServiceFacts | None:
        return next((service for service in self.services if service.key == key), None)

    def items(self, kind: str) -> Iterator[tuple[ServiceFacts, Item]]:
        """Every item of a kind, with its service."""
        return ((service, item) for service in self.services for item in service.items if item.kind == kind)

    def first_party_cookies(self) -> Iterator[tuple[ServiceFacts, Item]]:
        """Every cookie that pages here may set, with its service."""
        return ((service, item) for service, item in self.items(StorageKind.COOKIE) if item.is_first_party)

    def service_of_cookie(self, name: str) -> ServiceFacts | None:
        """The service that declares a first-party cookie of this name, or None."""
        known = self._cookies.get(name)
        if known is None:
            known = next((service for service, item in self.first_party_cookies() if item.is_pattern and item.matches(name)), None)
        return known


_known: tuple[float, Register] | None = None


def current() -> Register:
    """The register as it stands. No query for most calls, five at most."""
    global _known
    now = time.monotonic()
    if _known is None or now - _known[0] > REFRESH_SECONDS:
        _known = (now, _read())
    return _known[1]


def forget() -> None:
    """Let the next call read the register anew: for verbs that changed it."""
    global _known
    _known = None


def restore(register: Register) -> None:
    """Put a register back that was read before; for tests, whose changes are rolled back."""
    global _known
    _known = (time.monotonic(), register)


def _read() -> Register:
    rows = list(Service.objects.filter(is_active=True).prefetch_related("items"))
    purposes = {purpose.key: purpose for purpose in Purpose.objects.all()}
    recipients = dict(Recipient.objects.values_list("key", "name"))
    return Register(tuple(_service(row, purposes[row.purpose_id], recipients) for row in rows), _banner(BannerSettings.objects.first()))


def _service(row: Service, purpose: Purpose, recipients: dict[str, str]) -> ServiceFacts:
    return ServiceFacts(
        key=row.key,
        title=row.title,
        description=row.description,
        provider=row.provider or settings.OPERATOR_NAME,
        category=row.category,
        purpose=purpose.key,
        purpose_title=purpose.title,
        recipients=tuple(recipients[key] for key in row.recipients if key in recipients),
        recipient_keys=tuple(row.recipients),
        necessity_note=row.necessity_note,
        origins=tuple(row.widget_origins),
        preview_url=row.preview_url,
        link=row.link,
        items=tuple(_items(row.items.all())),
        stops_at_gpc=row.category == CookieCategory.MARKETING or (row.category != CookieCategory.NECESSARY and purpose.honours_gpc),
    )


def _items(rows: Iterable[StorageItem]) -> Iterator[Item]:
    prefix = "__Host-" if settings.SITE_IS_SECURE else ""
    for row in sorted(rows, key=lambda row: (row.kind, row.name)):
        name = prefix + row.name if row.has_host_prefix else row.name
        yield Item(name, row.kind, row.purpose, row.lifetime_seconds, row.path, row.is_http_only, row.is_first_party)


def _banner(row: BannerSettings | None) -> Banner:
    row = row or BannerSettings(**default_banner())
    acceptance = row.acceptance_days or settings.COOKIE_CHOICE_DAYS
    return Banner(
        row.title,
        row.text,
        row.accept_label,
        row.reject_label,
        row.choose_label,
        acceptance,
        row.refusal_days or acceptance,
        row.reject_style,
    )


def default_banner() -> dict[str, str]:
    """The words a new installation starts with."""
    return {
        "title": "Your choice about cookies",
        "text": "What is necessary is on. The rest only if you agree:",
        "accept_label": "Accept all",
        "reject_label": "Refuse all",
        "choose_label": "Choose",
    }


def _hash(value: object, length: int = PART_LENGTH) -> str:
    plain = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return base64.urlsafe_b64encode(hashlib.sha256(plain.encode()).digest()).decode()[:length]
