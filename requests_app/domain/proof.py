"""Codes that prove people without an account. Asking does the same work and gets the same answer for every address."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from django.db import IntegrityError, models, transaction

from accounts.queries import has_account
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.hashing import candidates, keyed_hash
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.kernel.tokens import new_code, new_token, same, tidy_code
from privacycenter.subjects.domain import subject_for_proven
from requests_app.domain.filing import note_receipt, start
from requests_app.domain.limits import count_code_mail
from requests_app.domain.mails import tell_address
from requests_app.domain.moves import Change, move
from requests_app.domain.people import actor_for
from requests_app.domain.whereabouts import may_hold
from requests_app.enums import Channel, ProofPurpose, Status
from requests_app.errors import WrongCode
from requests_app.models import IdentityProof, Request
from requests_app.models.proof import TRIES
from requests_app.queries import account_of, lock_on
from requests_app.transitions import Event, Guard, Role

CODE_MINUTES = 10
SOURCE = "requests.proof"


def file_by_address(*, kind: str, address: str, client: str, language: str = "en", actor: Actor) -> IdentityProof:
    """Note a request by somebody who says this address is theirs, and order the mail. Whose it is, is not looked at here.

    Raises InvalidIdentifier and TooManyCodes, which depend on what was typed and how often, and on nothing else.
    """
    normal = normalise(IdentifierKind.EMAIL, address)
    with transaction.atomic():
        count_code_mail(address=normal, client=client)
        request = note_receipt(kind=kind, channel=Channel.ADDRESS, language=language, actor=actor)
        return _new_proof(ProofPurpose.FILE, request=request, address=normal)


def ask_for_code(*, reference: str, client: str, actor: Actor) -> IdentityProof:
    """Order a code that opens the request with this reference. Does the same work whether there is such a request."""
    with transaction.atomic():
        count_code_mail(address=reference, client=client)
        return _new_proof(ProofPurpose.OPEN, reference=reference)


def ask_again(proof: IdentityProof, *, client: str, actor: Actor) -> IdentityProof:
    """Order another code for the same thing; the earlier one is void from now on."""
    with transaction.atomic():
        count_code_mail(address=proof.address or proof.reference, client=client)
        IdentityProof.objects.filter(pk=proof.pk, used_at=None).update(code_hash="")
        return _new_proof(ProofPurpose(proof.purpose), request=proof.request, address=proof.address, reference=proof.reference)


def _new_proof(purpose: ProofPurpose, *, request: Request | None = None, address: str | None = None, reference: str = "") -> IdentityProof:
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
    if has_account(proof.address or ""):
        return CodeAnswer.SIGN_IN
    if lock_on(None, proof.address or "") is not None:
        return CodeAnswer.NOTHING  # an account that was closed while it was locked
    return CodeAnswer.CODE if may_hold(IdentifierKind.EMAIL, proof.address or "") else CodeAnswer.NOTHING_HELD


def send_answer(proof: IdentityProof, *, answer: CodeAnswer, actor: Actor) -> None:
    """Send what was decided: a code, the advice to sign in, or word that nothing is held."""
    with transaction.atomic():
        request = _request_to_open(proof) if proof.purpose == ProofPurpose.OPEN else proof.request
        if request is None or answer is CodeAnswer.NOTHING:
            return
        address, language = proof.address or request.contact or "", request.language
        if answer is CodeAnswer.CODE:
            code = _set_code(proof, request)
            words = {"code": f"{code[:4]}-{code[4:]}", "minutes": CODE_MINUTES, "reference": request.ref}
            tell_address(address, "requests.code", language=language, ticket=request.ref, actor=actor, **words)
        elif answer is CodeAnswer.SIGN_IN:
            tell_address(address, "requests.sign_in_instead", language=language, ticket=request.ref, actor=actor, kind=request.kind)
        else:
            tell_address(address, "requests.nothing_held", language=language, ticket=request.ref, actor=actor)


def _request_to_open(proof: IdentityProof) -> Request | None:
    """The request that a code may open: proven, by somebody who still has no account and whose last one left no lock."""
    request = Request.objects.verified().select_related("subject").filter(ref=proof.reference, channel=Channel.ADDRESS).first()
    if request is None or not request.contact or account_of(request.subject) is not None or has_account(request.contact):
        return None
    return request if lock_on(request.subject, request.contact) is None else None


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
    if proof.purpose == ProofPurpose.OPEN or request.status != Status.RECEIVED:
        return request
    if has_account(proof.address or ""):
        raise WrongCode  # the address got an account since the mail; codes prove people without one
    someone = Actor(ActorKind.ANONYMOUS)
    subject = subject_for_proven(kind=IdentifierKind.EMAIL, value=proof.address or "", source=SOURCE, actor=someone)
    if account_of(subject) is not None or lock_on(subject, proof.address or "") is not None:
        raise WrongCode
    actor = actor_for(subject)
    earlier = Request.objects.open().select_related("subject").filter(kind=request.kind, subject=subject).first()
    if earlier is None:
        start(request, subject, contact=proof.address or "", actor=actor)
        return request
    move(request, Change(Event.SET_ASIDE, Guard.SAME_KIND_OPEN), role=Role.PERSON, actor=actor, closed_at=clock.now())
    return earlier


def _context(proof: IdentityProof) -> str:
    return f"requests.code:{proof.public_id}"
