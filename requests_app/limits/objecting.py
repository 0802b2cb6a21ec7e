"""Objection (GDPR Art. 21): everything stops at once; what is not direct marketing is then assessed by staff."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import get_language

from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.preferences import texts
from privacycenter.preferences.domain import Presented, object_to, stop_all_marketing
from privacycenter.preferences.enums import Method, SuppressionReason
from privacycenter.preferences.parties import Party, party_of
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers
from requests_app.answers.grounds import Ground
from requests_app.answers.letters import refusal_letter
from requests_app.domain.filing import note_receipt, start
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, move
from requests_app.domain.people import actor_for
from requests_app.domain.person import withdraw_request
from requests_app.domain.proof import file_by_address
from requests_app.enums import Channel, Kind, Outcome, Status
from requests_app.errors import TooManyCodes
from requests_app.limits.asking import purposes_to_object
from requests_app.limits.common import SYSTEM, close, letter_of, note
from requests_app.limits.enums import Balance
from requests_app.limits.errors import NothingChosen
from requests_app.limits.lifting import order_objection_end
from requests_app.limits.queries import still_objects
from requests_app.limits.words import OBJECTED
from requests_app.models import Request
from requests_app.queries import account_of, authorities_for_person
from requests_app.rights.registry import Asked
from requests_app.transitions import Event, Guard, Role

MARKETING = "direct_marketing"  # in place of a purpose: every purpose of direct marketing
STOPPED, MORE_OBJECTED, LESS_OBJECTED = "stopped", "more_objected", "less_objected"
FROM_CHOICES = "from_choices"  # filed by what was chosen on the page of choices, which has no words
TAKEN_BACK_A_DAY = 3  # so many times the desk and the person get mails about it; after that it waits for a day
ASSESS_LATER = "requests.assess_objection"


def stop_on_proof(request: Request, actor: Actor) -> None:
    """Stop what the person objected to. Direct marketing needs no decision, so a request about nothing else closes by itself."""
    assert request.subject is not None
    purposes = list(request.choices.get("purposes", []))
    if request.choices.get("marketing"):
        party, presented, evidence = party_of(request.subject), _presented(request, actor), request.ref if actor.is_staff else ""
        stop_all_marketing(party, presented=presented, actor=actor, reason=SuppressionReason.OBJECTION, evidence=evidence)
    _stop(request, purposes, actor)
    note(request, STOPPED, actor=SYSTEM)
    if not purposes:
        close(request, outcome=Outcome.FULFILLED, role=Role.SYSTEM, actor=SYSTEM)


def _stop(request: Request, purposes: Iterable[str], actor: Actor) -> None:
    """Enter into the ledger that the person objects, where that does not stand there already."""
    assert request.subject is not None
    party, presented, is_staff = party_of(request.subject), _presented(request, actor), actor.is_staff
    reason, evidence = ("objection", request.ref) if is_staff else ("", "")
    for purpose in purposes:
        object_to(party, purpose, presented=presented, actor=actor, reason=reason, evidence=evidence)


def _presented(request: Request, actor: Actor) -> Presented:
    method = Method.STAFF if actor.is_staff else Method.FORM
    return Presented(texts.registered(OBJECTED, language=request.language), method, "object", "/requests/new/")


def decide_objection(request: Request, *, balances: Mapping[str, str], letter: str, actor: Actor) -> None:
    """Say for each purpose whether the objection stands or compelling grounds outweigh it, with the reasoning that the person reads.

    What stands stays stopped. What does not goes on some days after the person was told. Raises NothingChosen where a purpose was
    left out, ReasonMissing, and what a move raises.
    """
    words = letter_of(letter)
    with transaction.atomic():
        # What the person took back or added meanwhile counts.
        request.choices = Request.objects.select_for_update().values_list("choices", flat=True).get(pk=request.pk)
        purposes = list(request.choices.get("purposes", []))
        if set(balances) != set(purposes) or any(balance not in Balance.values for balance in balances.values()):
            raise NothingChosen
        outweighed = [purpose for purpose in purposes if balances[purpose] == Balance.COMPELLING]
        choices = {**request.choices, "balances": dict(balances)}
        if len(outweighed) == len(purposes):
            _refuse(request, words, choices, actor)
        else:
            outcome = Outcome.IN_PART if outweighed else Outcome.FULFILLED
            close(request, outcome=outcome, letter=words, choices=choices, role=Role.STAFF, actor=actor)
        # What goes on again since an earlier decision stops with this one.
        _stop(request, [purpose for purpose in purposes if purpose not in outweighed], actor)
        for purpose in outweighed:
            order_objection_end(request, purpose=purpose, actor=actor)


def _refuse(request: Request, reasoning: str, choices: dict[str, object], actor: Actor) -> None:
    now = clock.now()
    authorities = authorities_for_person(request)
    letter = refusal_letter(request, ground=Ground.COMPELLING, reasoning=reasoning, authorities=authorities, at=now)
    change = Change(Event.REFUSE, Guard.GROUND_GIVEN, note=reasoning, details={"ground": Ground.COMPELLING.value})
    move(
        request,
        change,
        role=Role.STAFF,
        actor=actor,
        answered_at=now,
        closed_at=now,
        decided_at=now,
        decided_by_id=int(actor.ref),
        refusal_ground=Ground.COMPELLING.value,
        letter=letter,
        choices=choices,
    )
    tell_person(request, "requests.decision", actor=actor)


# From the page of choices ----------------------------------------------------------------------------------------------


def see_to_objection(party: Party, purpose: str, stands: bool, actor: Actor) -> None:
    """Somebody objected on the page of their choices, or took that back: the desk has to assess it, or not any more.

    Called in the transaction of the choice. Who has not shown who they are gets a mail, and the request waits until they confirm it.
    Of somebody without an address there is nobody to answer: it stays stopped without a request. What staff enter, they have a
    request for.
    """
    if actor.kind in {ActorKind.STAFF, ActorKind.SYSTEM}:
        return
    subject = Subject.objects.get(pk=party.subject.pk) if party.subject is not None else None
    if subject is not None and actor == actor_for(subject):
        if stands:
            _assess(subject, purpose, actor)
        else:
            _assess_no_more(subject, purpose, actor)
    elif stands and party.addresses and _is_assessed(purpose):
        _ask_to_confirm(party.addresses[0], purpose, actor)


def assess_later(claims: Sequence[Claim]) -> None:
    """Handler of the job: what was objected to and taken back over and over is assessed once it has stood for a day."""
    for claim in claims:
        with transaction.atomic():
            subject = Subject.objects.filter(pk=claim.payload["subject"], erased_at=None).first()
            purpose = claim.payload["purpose"]
            if subject is not None and still_objects(subject, purpose) and not _about(subject, purpose):
                _file(subject, purpose, actor_for(subject))
            claim.finish()


def _assess(subject: Subject, purpose: str, actor: Actor) -> None:
    """Bring an objection to the desk: with what the person objected to just before, by a request of its own, or tomorrow."""
    if not _is_assessed(purpose) or _about(subject, purpose):
        return
    since = clock.now() - timedelta(days=1)
    lately = Request.objects.filter(kind=Kind.OBJECTION, subject=subject, received_at__gt=since)
    for request in lately.filter(status=Status.TRIAGE).select_for_update():
        if request.choices.get(FROM_CHOICES):
            _choose(request, [*request.choices["purposes"], purpose])
            note(request, MORE_OBJECTED, actor=actor)
            return
    if lately.filter(outcome=Outcome.WITHDRAWN).count() < TAKEN_BACK_A_DAY:
        _file(subject, purpose, actor)
    else:
        payload = {"subject": subject.pk, "purpose": purpose}
        enqueue(ASSESS_LATER, key=f"{subject.pk}:{purpose}"[:120], payload=payload, run_at=clock.now() + timedelta(days=1))


def _assess_no_more(subject: Subject, purpose: str, actor: Actor) -> None:
    """Take it out of the request about it; one that is about nothing else is withdrawn, or done where it was about marketing too."""
    for request in _about(subject, purpose):
        left = [each for each in request.choices["purposes"] if each != purpose]
        if not left and not (request.choices.get("marketing") and request.status == Status.TRIAGE):
            withdraw_request(request, actor=actor)
            continue
        _choose(request, left)
        note(request, LESS_OBJECTED, actor=actor)
        if not left:
            close(request, outcome=Outcome.FULFILLED, role=Role.SYSTEM, actor=SYSTEM)


def _about(subject: Subject, purpose: str) -> list[Request]:
    """The open requests of a person that object to a purpose."""
    found = Request.objects.open().filter(subject=subject, kind=Kind.OBJECTION).select_related("subject")
    return [request for request in found.select_for_update(of=("self",)) if purpose in request.choices.get("purposes", [])]


def _choose(request: Request, purposes: list[str]) -> None:
    request.choices = {**request.choices, "purposes": purposes}
    request.save(update_fields=["choices"])


def _is_assessed(purpose: str) -> bool:
    return any(each.key == purpose for each in purposes_to_object())


def _asked(purpose: str) -> Asked:
    return Asked(choices={"purposes": [purpose], "marketing": False, FROM_CHOICES: True})


def _file(subject: Subject, purpose: str, actor: Actor) -> None:
    has_account = account_of(subject) is not None
    addresses = [value for kind, value in proven_identifiers(subject) if kind == IdentifierKind.EMAIL]
    request = note_receipt(
        kind=Kind.OBJECTION,
        channel=Channel.ACCOUNT if has_account else Channel.ADDRESS,
        asked=_asked(purpose),
        language=get_language() or subject.language or settings.LANGUAGE_CODE,
        actor=actor,
    )
    start(request, subject, contact="" if has_account or not addresses else addresses[0], actor=actor)


def _ask_to_confirm(address: str, purpose: str, actor: Actor) -> None:
    """File it for the owner of the address, who is mailed and confirms it. One mail for each address in a while is enough."""
    with suppress(TooManyCodes):
        file_by_address(
            kind=Kind.OBJECTION,
            address=address,
            asked=_asked(purpose),
            client=f"objection:{address}",
            language=get_language() or settings.LANGUAGE_CODE,
            actor=actor,
        )


def is_assessing(request: Request) -> bool:
    """Whether staff still have to say how the balance comes out."""
    return request.kind == Kind.OBJECTION and request.status == Status.TRIAGE
