"""Believable people for demos and trials, made by the same verbs as real ones. The same seed gives the same people.

Every address is under .example, which RFC 2606 reserves: no mail to a demo person can reach anybody.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import phonenumbers
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group
from django.db import transaction

from accounts.client import Client
from accounts.domain.emails import confirm_address
from accounts.domain.registration import register_account
from accounts.models import User
from privacycenter.datamap.demo import connect_shop, make_shop
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.portal.demo_requests import make_requests
from privacycenter.preferences.campaigns.demo import make_mailings
from privacycenter.preferences.cookies.demo import make_services as make_cookie_services
from privacycenter.preferences.demo import make_choices, make_partners
from privacycenter.preferences.roles import MARKETING
from privacycenter.records.demo import make_records
from privacycenter.subjects.domain import set_locale
from requests_app.roles import AGENT, AUDITOR, DPO

PASSWORD = "paper-lantern-42"
ACTOR = Actor.system("seed_demo")
_CLIENT = Client("192.0.2.0/24", "Firefox")


@dataclass(frozen=True)
class Person:
    """What registration asks for."""

    username: str
    full_name: str
    company: str
    country: str
    time_zone: str = "UTC"

    @property
    def email(self) -> str:
        return f"{self.username}@people.example"

    @property
    def phone(self) -> str:
        """A number that could exist in the person's country; the same for the same person."""
        chance = random.Random(self.username)  # noqa: S311 - a made-up number, not a secret
        example = phonenumbers.example_number(self.country)
        assert example is not None
        assert example.national_number is not None
        while True:
            example.national_number += chance.randrange(1000)
            if phonenumbers.is_valid_number(example):
                return str(phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164))


CAST = (
    Person("amira", "Amira Haddad", "Haddad Textiles", "MY", "Asia/Kuala_Lumpur"),
    Person("jonas", "Jonas Lind", "Lind & Söner", "SE", "Europe/Stockholm"),
    Person("lan", "Nguyễn Thị Lan", "Hà Nội Ceramics", "VN", "Asia/Ho_Chi_Minh"),
    Person("meiling", "陳美玲", "美玲茶行", "TW", "Asia/Taipei"),
    Person("oksana", "Оксана Коваленко", "Коваленко і партнери", "UA", "Europe/Kyiv"),
    Person("ramon", "José Ramón García", "García Hermanos", "ES", "Europe/Madrid"),
    # Those of the other rights: privacycenter.portal.demo_requests.
    Person("ifeoma", "Ifeoma Okafor", "Okafor Logistics", "NG", "Africa/Lagos"),
    Person("tomasz", "Tomasz Wójcik", "Wójcik Meble", "PL", "Europe/Warsaw"),
    Person("sofia", "Sofia Marques", "Marques Café", "BR", "America/Sao_Paulo"),
    Person("henrik", "Henrik Larsen", "Larsen Både", "DK", "Europe/Copenhagen"),
    Person("aiko", "田中 愛子", "田中製作所", "JP", "Asia/Tokyo"),
)
STAFF = (
    ("operator", "Otis Demo", ""),
    ("dpo", "Dana Osei", DPO),
    ("agent", "Arun Pillai", AGENT),
    ("auditor", "Astrid Nowak", AUDITOR),
    ("marketing", "Mia Tanaka", MARKETING),
)
WITHOUT_ACCOUNT = "greta.olsen@people.example"

_FIRST = (
    "Ada",
    "Bilal",
    "Chiara",
    "Dmitri",
    "Esi",
    "Farah",
    "Goran",
    "Hana",
    "Ines",
    "Jun",
    "Kofi",
    "Leila",
    "Mateo",
    "Noor",
    "Olga",
    "Priya",
)
_LAST = ("Abe", "Bauer", "Costa", "Dlamini", "Eriksen", "Fischer", "Gupta", "Horvat", "Ito", "Jansen", "Kim", "Larsen", "Mensah", "Novak")
_TRADES = ("Foods", "Logistics", "Press", "Studio", "Optics", "Gardens", "Systems", "Travel")
_COUNTRIES = ("DE", "GB", "IN", "JP", "KE", "NO", "SG")


def people(count: int, *, seed: int) -> Iterator[Person]:
    """The first `count` demo people: the cast, then made-up ones, the same for the same seed."""
    yield from CAST[:count]
    for number in range(len(CAST) + 1, count + 1):
        chance = random.Random(f"{seed}:{number}")  # noqa: S311 - made-up people, not secrets
        first, last = chance.choice(_FIRST), chance.choice(_LAST)
        country = chance.choice(_COUNTRIES)
        yield Person(
            username=f"{first.lower()}{number}",
            full_name=f"{first} {last}",
            company=f"{last} {chance.choice(_TRADES)}",
            country=country,
        )


@dataclass(frozen=True)
class Seeded:
    """What a run added."""

    customers: int
    records: int
    choices: int  # people who chose something
    requests: int


def seed(*, people_count: int, records_per_person: int, number: int) -> Seeded:
    """Everything: logins, customers, their shop, conversations and forms, choices, requests."""
    make_staff()
    wanted = list(people(people_count, seed=number))
    customers = make_customers(wanted)
    connect_shop(make_shop([(person.full_name, person.email) for person in wanted], seed=number), actor=ACTOR)
    addresses = [*(person.email for person in wanted), WITHOUT_ACCOUNT]
    records = make_records(
        ((IdentifierKind.EMAIL, address) for address in addresses), per_person=records_per_person, seed=number, actor=ACTOR
    )
    make_partners(actor=ACTOR)
    make_cookie_services(actor=ACTOR)
    users = User.objects.filter(username__in=[person.username for person in wanted]).select_related("subject").order_by("pk")
    choices = make_choices(((user.subject, str(user.pk)) for user in users), seed=number)
    make_mailings(seed=number, actor=Actor.for_user(User.objects.get(username="marketing")))
    return Seeded(customers, records, choices, make_requests(by_name(), address=WITHOUT_ACCOUNT))


def make_customers(wanted: list[Person]) -> int:
    """Register the people who are not there yet and confirm their address. Answers how many were added."""
    known = set(User.objects.filter(username__in=[person.username for person in wanted]).values_list("username", flat=True))
    hashed = make_password(PASSWORD)  # once: hashing is slow on purpose, and everybody in the demo has the same password
    added = [person for person in wanted if person.username not in known]
    for person in added:
        with transaction.atomic():
            user = register_account(
                User(),
                username=person.username,
                email=person.email,
                password=None,
                full_name=person.full_name,
                phone=person.phone,
                company=person.company,
                country=person.country,
                language="en",
                way="form",
                client=_CLIENT,
                actor=ACTOR,
            )
            User.objects.filter(pk=user.pk).update(password=hashed)
            EmailAddress.objects.filter(user=user).update(verified=True)
            confirm_address(user, address=person.email, client=_CLIENT, actor=ACTOR)
            set_locale(user.subject, time_zone=person.time_zone, language="en", actor=ACTOR)
    return len(added)


def make_staff() -> None:
    """One login per role, and one for the operator, who may do everything."""
    for username, full_name, role in STAFF:
        user = User.objects.filter(username=username).first()
        if user is None:
            email = f"{username}@staff.example"
            user = User.objects.create_user(
                username, email, PASSWORD, full_name=full_name, is_staff=True, is_superuser=not role, date_joined=clock.now()
            )
            EmailAddress.objects.create(user=user, email=email, primary=True, verified=True)
        if role:
            user.groups.add(Group.objects.get(name=role))


def by_name() -> dict[str, User]:
    """The cast and the staff who are there, by login."""
    names = [*(person.username for person in CAST), *(username for username, _name, _role in STAFF)]
    return {user.username: user for user in User.objects.filter(username__in=names).select_related("subject")}


def logins() -> list[tuple[str, str]]:
    """Who can sign in, and what they are."""
    roles = [(username, role or "Operator: everything in the admin") for username, _, role in STAFF]
    return [*roles, *((person.username, "Customer") for person in CAST)]
