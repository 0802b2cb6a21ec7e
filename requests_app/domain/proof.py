"""Codes that prove people without an account. Asking does the same work and gets the same answer for every address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.urls import reverse

from accounts.models import User
from accounts.queries import has_account
from privacycenter.audit.domain import record
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.hashing import candidates, keyed_hash
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.kernel.tokens import new_code, new_token, same, tidy_code
from privacycenter.subjects.domain import subject_for_proven
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers
from requests_app.domain.filing import NOTHING_ASKED, note_receipt, refuse_second, start
from requests_app.domain.limits import count_code_mail
from requests_app.domain.mails import tell_address
from requests_app.domain.moves import Change, move
from requests_app.domain.people import actor_for, requester_of
from requests_app.domain.whereabouts import may_hold
from requests_app.enums import Behalf, Channel, Kind, ProofPurpose, Status
from requests_app.errors import WrongCode
from requests_app.models import IdentityProof, Representation, Request
from requests_app.models.proof import TRIES
from requests_app.queries import account_of, lock_on
from requests_app.rights.registry import Asked
from requests_app.transitions import Event, Guard, Role

CODE_MINUTES = 10
SOURCE = "requests.proof"


def file_by_address(
    *,
    kind: str,
    address: str,
    asked: Asked = NOTHING_ASKED,
    client: str,
    channel: str = Channel.ADDRESS,
    filed_by_client: str = "",
    country: str = "",
    language: str = "en",
    actor: Actor,
) -> IdentityProof:
    """Note a request by somebody who says this address is theirs, and order the mail. Whose it is, is not looked at here.

    Raises InvalidIdentifier and TooManyCodes, which depend on what was typed and how often, and on nothing else.
    """
    normal = normalise(IdentifierKind.EMAIL, address)
    with transaction.atomic():
        count_code_mail(address=normal, client=client)
        request = note_receipt(
            kind=kind,
            channel=channel,
            asked=asked,
            filed_by_client=filed_by_client,
            country=country,
            language=language,
            actor=actor,
        )
        return new_proof(ProofPurpose.FILE, request=request, address=normal)


def ask_for_code(*, reference: str, client: str, actor: Actor) -> IdentityProof:
    """Order a code that opens the request with this reference. Does the same work whether there is such a request."""
    with transaction.atomic():
        count_code_mail(address=reference, client=client)
        return new_proof(ProofPurpose.OPEN, reference=reference)


def ask_again(proof: IdentityProof, *, client: str, actor: Actor) -> IdentityProof:
    """Order another code for the same thing; the earlier one is void from now on."""
    with transaction.atomic():
        count_code_mail(address=proof.address or proof.reference, client=client)
        IdentityProof.objects.filter(pk=proof.pk, used_at=None).update(code_hash="")
        return new_proof(ProofPurpose(proof.purpose), request=proof.request, address=proof.address, reference=proof.reference)


def new_proof(purpose: ProofPurpose, *, request: Request | None = None, address: str | None = None, reference: str = "") -> IdentityProof:
    """Order the mail with a code; what it opens is `request`, or the one that `reference` names. In the caller's transaction."""
    now = clock.now()
    proof = IdentityProof.objects.create(
        public_id=new_token(),
        purpose=purpose,
        request=request,
        reference=reference,
        address=address,
        created_at=now,
        expires_at=now + timedelta(minutes=CODE_MINUTES),
    )
    enqueue("requests.send_code", key=str(proof.pk), payload={"proof": proof.pk})
    return proof


class CodeAnswer(StrEnum):
    """What an address gets that a code was asked for."""

    NOTHING = "nothing"  # no mail: there is no such request, or the code was sent already
    CODE = "code"
    SIGN_IN = "sign_in"
    NOTHING_HELD = "nothing_held"


def decide_answer(proof: IdentityProof) -> CodeAnswer:
    """Find out what the address gets. Asks sources, and so must not run inside a transaction."""
    if proof.used_at is not None or proof.code_hash:
        return CodeAnswer.NOTHING
    if proof.purpose == ProofPurpose.OPEN:
        request = _request_to_open(proof)
        return CodeAnswer.CODE if request is not None else CodeAnswer.NOTHING
    if proof.request is None or proof.request.status != Status.RECEIVED:
        return CodeAnswer.NOTHING
    is_requester = proof.purpose == ProofPurpose.FILE and proof.request.behalf != Behalf.SELF
    if has_account(proof.address or ""):
        return CodeAnswer.SIGN_IN
    if lock_on(None, proof.address or "") is not None:
        return CodeAnswer.NOTHING  # an account that was closed while it was locked
    # Who asks for another need not be known to us.
    return CodeAnswer.CODE if is_requester or may_hold(IdentifierKind.EMAIL, proof.address or "") else CodeAnswer.NOTHING_HELD


# What is mailed about a proof of another purpose than a code of somebody's own; the registered one gets the proof, what was decided,
# and the actor, in the transaction of the job.
_answers: dict[ProofPurpose, Callable[[IdentityProof, CodeAnswer, Actor], None]] = {}


def on_answer(purpose: ProofPurpose, send: Callable[[IdentityProof, CodeAnswer, Actor], None]) -> None:
    """Say what is mailed about proofs of this purpose."""
    _answers[purpose] = send


def send_answer(proof: IdentityProof, *, answer: CodeAnswer, actor: Actor) -> None:
    """Send what was decided: a code, the advice to sign in, or word that nothing is held."""
    with transaction.atomic():
        if ProofPurpose(proof.purpose) in _answers:
            _answers[ProofPurpose(proof.purpose)](proof, answer, actor)
            return
        request = _request_to_open(proof) if proof.purpose == ProofPurpose.OPEN else proof.request
        if request is None or answer is CodeAnswer.NOTHING:
            return
        address, language = proof.address or request.contact or "", request.language
        if answer is CodeAnswer.CODE:
            code = _set_code(proof, request)
            is_other = request.behalf != Behalf.SELF
            words = {"code": f"{code[:4]}-{code[4:]}", "minutes": CODE_MINUTES, "reference": request.ref, "for_another": is_other}
            kind = "requests.confirm" if _was_filed_by_others(proof, request) else "requests.code"
            tell_address(address, kind, language=language, ticket=request.ref, actor=actor, **words, **_link(proof))
        elif answer is CodeAnswer.SIGN_IN and _was_filed_by_others(proof, request):
            words = {"reference": request.ref, "for_another": request.behalf != Behalf.SELF, **_link(proof)}
            tell_address(address, "requests.confirm_signed_in", language=language, ticket=request.ref, actor=actor, **words)
        elif answer is CodeAnswer.SIGN_IN:
            tell_address(address, "requests.sign_in_instead", language=language, ticket=request.ref, actor=actor, kind=request.kind)
        else:
            tell_address(address, "requests.nothing_held", language=language, ticket=request.ref, actor=actor)


def _was_filed_by_others(proof: IdentityProof, request: Request) -> bool:
    """Whether the person was not there when it was filed: then the mail leads them to where they confirm it."""
    return proof.purpose == ProofPurpose.FILE and request.channel in Channel.BY_OTHERS


def _link(proof: IdentityProof) -> dict[str, str]:
    return {"confirm_url": settings.SITE_URL + reverse("requests:confirm", args=[proof.public_id])}


def confirm_signed_in(proof: IdentityProof, *, user: User, actor: Actor) -> Request:
    """Confirm a request that others filed for the address of an account; the log-in is fresh (the caller has seen to that).

    Raises WrongCode where the address is none of this account's, or the request waits for nobody any more.
    """
    request = proof.request
    normal = proof.address or ""
    own = {value for kind, value in proven_identifiers(user.subject) if kind == IdentifierKind.EMAIL}
    if request is None or request.status != Status.RECEIVED or normal not in own:
        raise WrongCode
    if request.behalf != Behalf.SELF:
        _show_requester(proof, request, user.subject, contact="", actor=actor)
        return request
    refuse_second(request.kind, user.subject)
    try:
        with transaction.atomic():
            if not IdentityProof.objects.filter(pk=proof.pk, used_at=None).update(used_at=clock.now()):
                raise WrongCode
            start(request, user.subject, actor=actor)
    except IntegrityError:
        refuse_second(request.kind, user.subject)
        raise
    return request


def _show_requester(proof: IdentityProof, request: Request, subject: Subject, *, contact: str, actor: Actor) -> None:
    """Of a request for another: who asks is shown by now, not yet that they may."""
    if not Representation.objects.filter(request=request).exists():
        raise WrongCode
    with transaction.atomic():
        if not contact and not IdentityProof.objects.filter(pk=proof.pk, used_at=None).update(used_at=clock.now()):
            raise WrongCode
        note_requester(request, subject, contact=contact, actor=actor)


def note_requester(request: Request, subject: Subject, *, contact: str = "", actor: Actor) -> None:
    """Note who asks for another, once they have shown it by a fresh log-in or a code. In the caller's transaction."""
    request.filed_by, request.contact = subject, contact or None
    request.save(update_fields=["filed_by", "contact"])
    Representation.objects.filter(request=request).update(shown_at=clock.now())
    record("requests.requester_shown", actor=actor, subject=str(subject.public_id), ticket=request.ref, behalf=request.behalf)


def _request_to_open(proof: IdentityProof) -> Request | None:
    """The request that a code may open: proven, by somebody who still has no account and whose last one left no lock."""
    reachable = Request.objects.reachable().select_related("subject", "filed_by")
    request = reachable.filter(ref=proof.reference, channel__in=Channel.WITHOUT_ACCOUNT).first()
    if request is None or not request.contact or account_of(requester_of(request)) is not None or has_account(request.contact):
        return None
    return request if lock_on(requester_of(request), request.contact) is None else None


def _set_code(proof: IdentityProof, request: Request) -> str:
    """Make the code and start its ten minutes. In the transaction that queues the mail."""
    code = new_code()
    expires_at = clock.now() + timedelta(minutes=CODE_MINUTES)
    hashed = str(keyed_hash(code, context=_context(proof)))
    IdentityProof.objects.filter(pk=proof.pk).update(code_hash=hashed, expires_at=expires_at, request=request)
    return code


def prove_identity(proof: IdentityProof, *, code: str, actor: Actor) -> Request:
    """Take a typed code; answer with the request that it opens: the one filed with it, or the one of its kind that was open.

    A try is burnt and committed before the code is looked at, so that tries at the same moment count as well; using it
    up is a conditional update, so that of two right ones only one opens anything. Raises WrongCode for every failure.
    Not to be called inside a transaction: a wrong code must not roll its try back.
    """
    live = IdentityProof.objects.filter(pk=proof.pk, used_at=None, tries__lt=TRIES, expires_at__gt=clock.now())
    if not live.update(tries=models.F("tries") + 1):
        raise WrongCode
    proof.refresh_from_db()
    if not _fits(proof, code):
        raise WrongCode
    for _attempt in range(2):
        try:
            with transaction.atomic():
                if not IdentityProof.objects.filter(pk=proof.pk, used_at=None).update(used_at=clock.now()):
                    raise WrongCode
                return _open(proof)
        except IntegrityError:
            continue  # a request of this kind was proven at the same moment; the second round finds it
    raise WrongCode


def _fits(proof: IdentityProof, code: str) -> bool:
    given = tidy_code(code)
    fits = [same(str(candidate), proof.code_hash) for candidate in candidates(given, context=_context(proof))]
    return bool(proof.code_hash) and any(fits)


def _open(proof: IdentityProof) -> Request:
    request = Request.objects.select_related("subject").get(proofs=proof)
    if proof.purpose == ProofPurpose.OPEN:
        return request
    if proof.purpose != ProofPurpose.FILE:
        raise WrongCode
    if request.status != Status.RECEIVED:
        if proof.address != request.contact:
            raise WrongCode  # proven meanwhile, for somebody else than who got this code
        return request
    if request.behalf != Behalf.SELF and not Representation.objects.filter(request=request).exists():
        raise WrongCode
    if has_account(proof.address or ""):
        raise WrongCode  # the address got an account since the mail; codes prove people without one
    someone = Actor(ActorKind.ANONYMOUS)
    subject = subject_for_proven(kind=IdentifierKind.EMAIL, value=proof.address or "", source=SOURCE, actor=someone)
    if account_of(subject) is not None or lock_on(subject, proof.address or "") is not None:
        raise WrongCode
    actor = actor_for(subject)
    if request.behalf != Behalf.SELF:
        _show_requester(proof, request, subject, contact=proof.address or "", actor=actor)
        return request
    same = Request.objects.open().select_related("subject").filter(kind=request.kind, subject=subject)
    earlier = same.first() if request.kind in Kind.ONE_AT_A_TIME else None
    if earlier is None:
        start(request, subject, contact=proof.address or "", actor=actor)
        return request
    move(request, Change(Event.SET_ASIDE, Guard.SAME_KIND_OPEN), role=Role.PERSON, actor=actor, closed_at=clock.now())
    return earlier


def _context(proof: IdentityProof) -> str:
    return f"requests.code:{proof.public_id}"
