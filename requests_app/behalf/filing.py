"""Filing for somebody else. What it does and answers depends on what was typed, never on whether we know the person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction

from accounts.models import User
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.kernel.text import storable
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers
from requests_app.behalf.errors import NotForAnother
from requests_app.domain.filing import NOTHING_ASKED, PER_DAY, note_receipt
from requests_app.domain.limits import count_code_mail
from requests_app.domain.proof import new_proof, note_requester
from requests_app.domain.representing import CAPACITIES, of_age_on, require_minor
from requests_app.enums import Behalf, Channel, Kind, ProofPurpose
from requests_app.errors import TooManyRequests
from requests_app.models import IdentityProof, Representation, Request
from requests_app.rights.registry import Asked


@dataclass(frozen=True)
class Represented:
    """For whom somebody asks, as they say it."""

    behalf: str
    capacity: str
    requester_name: str
    person_name: str
    person_address: str = ""
    known_by: str = ""
    born_on: date | None = None  # of a child: only the day on which it comes of age is kept


def file_for_another(
    *,
    kind: str,
    user: User,
    represented: Represented,
    asked: Asked = NOTHING_ASKED,
    country: str = "",
    language: str = "en",
    actor: Actor,
) -> Request:
    """File for somebody else as a signed-in person whose log-in is fresh. It belongs to nobody yet: the proof comes next.

    Raises NotForAnother, InvalidIdentifier, TooManyRequests, TooManyCodes.
    """
    own = {value for kind_of, value in proven_identifiers(user.subject) if kind_of == IdentifierKind.EMAIL}
    address = _checked(kind, represented, own=own)
    _refuse_too_many(user.subject)
    with transaction.atomic():
        _count_person(address, client=f"account:{user.pk}")
        request = note_receipt(
            kind=kind,
            channel=Channel.ACCOUNT,
            asked=asked,
            behalf=represented.behalf,
            country=country,
            language=language,
            actor=actor,
        )
        _write(request, represented, address)
        note_requester(request, user.subject, actor=actor)
    return request


def file_for_another_by_address(
    *,
    kind: str,
    address: str,
    represented: Represented,
    asked: Asked = NOTHING_ASKED,
    client: str,
    channel: str = Channel.ADDRESS,
    filed_by_client: str = "",
    country: str = "",
    language: str = "en",
    actor: Actor,
) -> IdentityProof:
    """File for somebody else without an account: a code goes to the requester's address, and opens the page for the proof.

    Raises NotForAnother, InvalidIdentifier, TooManyCodes.
    """
    own = normalise(IdentifierKind.EMAIL, address)
    of_person = _checked(kind, represented, own={own})
    with transaction.atomic():
        count_code_mail(address=own, client=client)
        _count_person(of_person, client=client)
        request = note_receipt(
            kind=kind,
            channel=channel,
            asked=asked,
            behalf=represented.behalf,
            country=country,
            filed_by_client=filed_by_client,
            language=language,
            actor=actor,
        )
        _write(request, represented, of_person)
        return new_proof(ProofPurpose.FILE, request=request, address=own)


def _checked(kind: str, represented: Represented, *, own: set[str]) -> str:
    """The address of the person in its normal form, empty where none is given. Raises NotForAnother, InvalidIdentifier."""
    if kind not in Kind.FOR_ANOTHER or represented.behalf not in Behalf.OTHERS:
        raise NotForAnother("kind")
    if represented.capacity not in CAPACITIES[represented.behalf]:
        raise NotForAnother("capacity")
    address = normalise(IdentifierKind.EMAIL, represented.person_address) if represented.person_address else ""
    if represented.behalf == Behalf.AGENT and not address:
        raise NotForAnother("no_address")
    if not address and not represented.known_by.strip():
        raise NotForAnother("known_by_nothing")
    if address and address in own:
        raise NotForAnother("own_address")
    if represented.behalf == Behalf.CHILD:
        if represented.born_on is None:
            raise NotForAnother("no_birthday")
        require_minor(represented.born_on)
    return address


def _write(request: Request, represented: Represented, address: str) -> None:
    is_child = represented.behalf == Behalf.CHILD and represented.born_on is not None
    Representation.objects.create(
        request=request,
        capacity=represented.capacity,
        requester_name=storable(represented.requester_name).strip(),
        person_name=storable(represented.person_name).strip(),
        person_address=address or None,
        known_by=storable(represented.known_by).strip() or None,
        of_age_on=of_age_on(represented.born_on).isoformat() if is_child and represented.born_on else None,
    )


def _count_person(address: str, *, client: str) -> None:
    """Count the mail that may go to the person: nobody is to be flooded by people who say that they act for them."""
    if address:
        count_code_mail(address=f"represented:{address}", client=client)


def _refuse_too_many(subject: Subject) -> None:
    lately = Request.objects.filter(filed_by=subject, received_at__gt=clock.now() - timedelta(days=1))
    if lately.count() >= PER_DAY:
        raise TooManyRequests
