"""The person for whom an agent asks: they are written to where we know them, and say yes or no. The agent learns no more than that."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import has_account
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.subjects.domain import subject_for_proven
from privacycenter.subjects.queries import proven_identifiers
from requests_app.domain.filing import refuse_second, start
from requests_app.domain.mails import tell_address, tell_person
from requests_app.domain.moves import Change, move, on_moved
from requests_app.domain.people import actor_for
from requests_app.domain.proof import CodeAnswer, new_proof, on_answer
from requests_app.domain.representing import LINK
from requests_app.enums import Behalf, ProofPurpose, Status
from requests_app.errors import AlreadyOpen, WrongCode
from requests_app.levels import Level, level_for
from requests_app.models import IdentityProof, Representation, Request
from requests_app.transitions import Event, Guard, Role

SOURCE = "requests.representation"
CONFIRM_DAYS = 14


def ask_represented(request: Request, *, actor: Actor) -> None:
    """Order the mail that asks the person. Whether the address is known is found out by the job. In the caller's transaction."""
    representation = Representation.objects.get(request=request)
    new_proof(ProofPurpose.CONFIRM, request=request, address=representation.person_address)
    Representation.objects.filter(pk=representation.pk).update(asked_at=clock.now())
    record("requests.represented_asked", actor=actor, ticket=request.ref)


def _send(proof: IdentityProof, answer: CodeAnswer, actor: Actor) -> None:
    """Queue the mail, in the transaction of the job. An address that we do not know gets none: it is no business of ours."""
    request = proof.request
    if request is None or answer not in {CodeAnswer.CODE, CodeAnswer.SIGN_IN}:
        return
    until = clock.now() + timedelta(days=CONFIRM_DAYS)
    IdentityProof.objects.filter(pk=proof.pk).update(code_hash=LINK, expires_at=until)
    tell_address(
        proof.address or "",
        "requests.represented",
        language=request.language,
        ticket=request.ref,
        actor=actor,
        reference=request.ref,
        days=CONFIRM_DAYS,
        has_account=answer is CodeAnswer.SIGN_IN,
        confirm_url=settings.SITE_URL + reverse("requests:represented", args=[proof.public_id]),
    )


on_answer(ProofPurpose.CONFIRM, _send)


def find_link(public_id: str) -> IdentityProof | None:
    """What the link of such a mail leads to, while it can still be answered."""
    links = IdentityProof.objects.select_related("request__representation", "request__filed_by").filter(purpose=ProofPurpose.CONFIRM)
    return links.filter(public_id=public_id, used_at=None, expires_at__gt=clock.now(), request__status=Status.RECEIVED).first()


def needs_sign_in(proof: IdentityProof) -> bool:
    """Whether an account belongs to the address: then only its holder says yes, after signing in."""
    return has_account(proof.address or "")


def is_theirs(proof: IdentityProof, user: User | None) -> bool:
    """Whether the mail with this link went to an address of this account; where none belongs to the address, to whoever has the link."""
    if not needs_sign_in(proof):
        return True
    return user is not None and (IdentifierKind.EMAIL, proof.address or "") in proven_identifiers(user.subject)


def confirm_representation(proof: IdentityProof, *, user: User | None, actor: Actor) -> Request:
    """The person says that the agent may act for them. Where that is all this right takes, the work begins; else staff look next.

    `user` is the holder of the account, freshly signed in, where there is one. Raises WrongCode.
    """
    request = proof.request
    if request is None or request.status != Status.RECEIVED or request.behalf != Behalf.AGENT:
        raise WrongCode
    if not is_theirs(proof, user):
        raise WrongCode
    with transaction.atomic():
        _use(proof)
        subject = subject_for_proven(kind=IdentifierKind.EMAIL, value=proof.address or "", source=SOURCE, actor=actor)
        Representation.objects.filter(request=request).update(confirmed_at=clock.now())
        record("requests.represented_confirmed", actor=actor_for(subject), subject=str(subject.public_id), ticket=request.ref)
        if level_for(request.kind, request.behalf) <= Level.CODE:
            try:
                refuse_second(request.kind, subject)
            except AlreadyOpen:
                move(
                    request,
                    Change(Event.SET_ASIDE, Guard.SAME_KIND_OPEN),
                    role=Role.PERSON,
                    actor=actor_for(subject),
                    closed_at=clock.now(),
                )
            else:
                start(request, subject, contact=request.contact or "", actor=actor_for(subject))
    return request


def decline_representation(proof: IdentityProof) -> Request:
    """The person says no. Whoever reads the mail may: saying no gives nothing away. Raises WrongCode.

    The request ends when it would have ended without an answer, in the same words: the moment of a no would tell that we know the person.
    """
    request = proof.request
    if request is None or request.status != Status.RECEIVED:
        raise WrongCode
    with transaction.atomic():
        _use(proof)
        Representation.objects.filter(request=request).update(declined_at=clock.now())
        record("requests.represented_declined", actor=Actor(ActorKind.PERSON, f"represented:{request.pk}"), ticket=request.ref)
    return request


def _use(proof: IdentityProof) -> None:
    if not IdentityProof.objects.filter(pk=proof.pk, used_at=None, expires_at__gt=clock.now()).update(used_at=clock.now()):
        raise WrongCode


def _tell_requester(request: Request, events: Sequence[str]) -> None:
    """The one who asked learns that it is closed; whether somebody said no or nobody answered shows in neither the words nor the time."""
    if request.behalf == Behalf.SELF or not {Event.DECLINE.value, Event.LAPSE.value} & set(events):
        return
    if Representation.objects.filter(request=request, shown_at__isnull=False).exists():
        tell_person(request, "requests.not_confirmed", actor=Actor.system("requests"))


on_moved(_tell_requester)
