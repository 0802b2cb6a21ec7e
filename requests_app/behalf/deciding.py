"""What staff decide about a request for somebody else: the proof is accepted and the work begins, or it is refused."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.subjects.domain import subject_for_proven
from privacycenter.subjects.queries import subject_with
from requests_app.behalf.documents import remove_documents
from requests_app.behalf.errors import NotReady
from requests_app.domain.answers import note_for_desk
from requests_app.domain.filing import refuse_second, start
from requests_app.domain.messages import add_note
from requests_app.domain.moves import Change, move
from requests_app.domain.people import WORK, require_permission
from requests_app.domain.representing import notify_holder, require_dead
from requests_app.domain.words import typed
from requests_app.enums import Behalf, Decision, ProofMethod, Status
from requests_app.errors import IllegalMove, ReasonMissing
from requests_app.models import ProofDocument, Representation, Request
from requests_app.transitions import Event, Guard, Role

SOURCE = "staff.representation"
REASON_LENGTH = 2000


def accept_representation(
    request: Request,
    *,
    identifier_kind: str,
    identifier: str,
    note: str,
    may_be_new: bool = True,
    despite_account: bool = True,
    actor: Actor,
) -> None:
    """Say whose request it is after looking at the proof; the work begins. The note is for colleagues.

    For an agent the person is the one who confirmed it, whatever identifier is given; for a child and somebody who has died,
    `identifier` is one by which they are known, and counts as proven from now on. Unless it `may_be_new`, somebody is known by it already;
    unless `despite_account`, somebody who has died has no account that can be used. A living holder of an account is told, and has some
    days to stop it.
    Raises NotAllowed, IllegalMove, ReasonMissing, NotReady, InvalidIdentifier, AlreadyOpen.
    """
    require_permission(actor, WORK)
    representation = _representation(request)
    if not note.strip():
        raise ReasonMissing
    _require_ready(request, representation)
    method = ProofMethod.ENTITLED
    if request.behalf == Behalf.AGENT:
        method, identifier_kind, identifier = ProofMethod.AUTHORITY, IdentifierKind.EMAIL, representation.person_address or ""
    elif not may_be_new and subject_with(identifier_kind, normalise(identifier_kind, identifier)) is None:
        raise NotReady("nobody_known")
    if not despite_account:
        require_dead(request, subject_with(identifier_kind, normalise(identifier_kind, identifier)))
    try:
        with transaction.atomic():
            subject = subject_for_proven(kind=identifier_kind, value=identifier, source=SOURCE, actor=actor)
            if subject.pk == request.filed_by_id:
                raise NotReady("same_person")
            refuse_second(request.kind, subject)
            now = clock.now()
            Representation.objects.filter(pk=representation.pk).update(accepted_at=now)
            _decide_documents(request, Decision.ACCEPTED, actor=actor)
            start(request, subject, contact=request.contact or "", method=method, role=Role.STAFF, actor=actor)
            add_note(request, words=note, actor=actor)
            notify_holder(request, subject, actor=actor)
    except IntegrityError:
        refuse_second(request.kind, subject)
        raise


def refuse_representation(request: Request, *, reason: str, actor: Actor) -> None:
    """Close it because its proof does not show that the requester may ask. They read the reason on their page, and can file again."""
    require_permission(actor, WORK)
    _representation(request)
    words = typed(reason, REASON_LENGTH)
    with transaction.atomic():
        _decide_documents(request, Decision.REFUSED, actor=actor)
        move(request, Change(Event.DECLINE, Guard.FOR_ANOTHER, note=words), role=Role.STAFF, actor=actor, closed_at=clock.now())


def end_authority(request: Request, *, note: str, actor: Actor) -> None:
    """Note that the authority to ask for the person has ended (they took it back, a court did): nothing more is given out or done.

    Raises NotAllowed, ReasonMissing, TooLong, IllegalMove.
    """
    require_permission(actor, WORK)
    words = typed(note, REASON_LENGTH)
    with transaction.atomic():
        ended = Representation.objects.filter(request=request, ended_at=None).update(ended_at=clock.now())
        if not ended or request.behalf == Behalf.SELF:
            raise IllegalMove
        subject = str(request.subject.public_id) if request.subject else ""
        record("requests.authority_ended", actor=actor, subject=subject, ticket=request.ref)
        if request.verified_at is not None:
            add_note(request, words=words, actor=actor)
        else:  # nobody's messages yet
            note_for_desk(request, "authority_ended", words=words, actor=actor)


def _representation(request: Request) -> Representation:
    found = Representation.objects.filter(request=request).first()
    if found is None or request.status != Status.RECEIVED:
        raise IllegalMove
    return found


def _require_ready(request: Request, representation: Representation) -> None:
    if representation.ended_at is not None:
        raise NotReady("ended")
    if representation.submitted_at is None:
        raise NotReady("unsent")
    if request.behalf == Behalf.AGENT and representation.confirmed_at is None:
        raise NotReady("unconfirmed")
    if representation.is_of_age:
        raise NotReady("of_age")
    if ProofDocument.objects.filter(request=request, seen_at=None).exists():
        raise NotReady("unseen")


def _decide_documents(request: Request, decision: Decision, *, actor: Actor) -> None:
    """What the documents show was seen and is noted; the files themselves are needed no longer (GDPR Art. 5(1)(c) and (e))."""
    documents = ProofDocument.objects.filter(request=request)
    documents.update(decision=decision, decided_at=clock.now())
    record("requests.proof_decided", actor=actor, ticket=request.ref, what="representation", decision=decision.value)
    remove_documents(documents, request=request, actor=actor)
