"""Documents sent as proof: sealed, seen by staff with a reason, decided on, and removed. That they were seen stays."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from privacycenter.audit.domain import record
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.storage import storage
from requests_app.attachments import MAX_FILES, Checked
from requests_app.behalf.confirming import ask_represented
from requests_app.behalf.errors import NoRoom, NotReady
from requests_app.domain.answers import open_question, reply_to_question
from requests_app.domain.limits import count_upload
from requests_app.domain.messages import write_to_person
from requests_app.domain.moves import on_moved
from requests_app.domain.people import LOOK, WORK, require_permission, require_role
from requests_app.domain.retention import also_forget
from requests_app.domain.sealing import seal, unseal
from requests_app.enums import Behalf, Decision, DocumentKind, Status
from requests_app.errors import IllegalMove, ReasonMissing, TooManyFiles
from requests_app.models import Look, ProofDocument, Representation, Request
from requests_app.transitions import Role

SYSTEM = Actor.system("requests")
_OF_PERSON = {"person_name": None, "person_address": None, "known_by": None, "of_age_on": None}
MOST = 20  # files of one request, sent at several times
DECIDED, ENDED = "decided", "ended"
KINDS: dict[str, tuple[DocumentKind, ...]] = {
    Behalf.CHILD: (DocumentKind.CUSTODY,),
    Behalf.AGENT: (DocumentKind.AUTHORITY,),
    Behalf.DECEASED: (DocumentKind.DEATH, DocumentKind.ENTITLEMENT),
}


def wanted_kinds(request: Request) -> tuple[DocumentKind, ...]:
    """What somebody can send for this request now: proof that they may ask for another, or who they are where staff asked for it."""
    if request.status == Status.WAITING:
        question = open_question(request)
        return (DocumentKind.IDENTITY,) if question is not None and question.wants_document else ()
    if request.status != Status.RECEIVED or request.behalf == Behalf.SELF:
        return ()
    is_shown = Representation.objects.filter(request=request, shown_at__isnull=False).exists()
    return KINDS[request.behalf] if is_shown else ()


def require_room(request: Request, *, files: int, client: str) -> None:
    """Count that documents are sent, before any of them is looked at: to decode and make them anew is the work that has to be bounded.

    Raises TooManyUploads, and NoRoom where the request has as many as it may ever have.
    """
    with transaction.atomic():
        count_upload(reference=request.ref, client=client)
    if ProofDocument.objects.filter(request=request).count() + files > MOST:
        raise NoRoom


def send_documents(request: Request, *, files: dict[str, Sequence[Checked]], actor: Actor) -> None:
    """Take documents, by what they show. What comes next follows by itself: the agent's person is asked, or the question is answered.

    Raises IllegalMove for what nobody asked for, or no longer by the time the files were looked at; ReasonMissing without any file,
    TooManyFiles, NoRoom, NotAllowed.
    """
    require_role(request, Role.PERSON, actor=actor)
    given = [(DocumentKind(kind), file) for kind, several in files.items() for file in several]
    if not given:
        raise ReasonMissing
    if len(given) > MAX_FILES * len(files):
        raise TooManyFiles
    _require_wanted(request, given)
    # Objects first, like those of messages: a sealed object whose key nobody has harms nobody.
    rows = [ProofDocument(request=request, kind=kind, sent_at=clock.now(), **seal(file, folder="proofs")) for kind, file in given]
    try:
        with transaction.atomic():
            _require_wanted(Request.objects.select_for_update().get(pk=request.pk), given)  # looking at the files took its time
            for row in rows:
                row.save(force_insert=True)
            for kind in sorted({kind for kind, _file in given}):
                count = sum(each == kind for each, _file in given)
                record("requests.proof_sent", actor=actor, subject=_subject(request), ticket=request.ref, what=kind.value, files=count)
            if request.status == Status.WAITING:
                reply_to_question(request, words=_("A document was sent as proof of identity."), with_document=True, actor=actor)
            else:
                _submit(request, actor=actor)
    except BaseException:
        for row in rows:
            storage().delete(row.object_name)
        raise


def _require_wanted(request: Request, given: Sequence[tuple[DocumentKind, Checked]]) -> None:
    if {kind for kind, _file in given} - set(wanted_kinds(request)):
        raise IllegalMove
    if ProofDocument.objects.filter(request=request).count() + len(given) > MOST:
        raise NoRoom


def _submit(request: Request, *, actor: Actor) -> None:
    """Note that the proof is there, once everything that this kind of request takes has come; then the person of an agent is asked."""
    here = set(ProofDocument.objects.filter(request=request, removed_at=None).values_list("kind", flat=True))
    if not here >= set(KINDS[request.behalf]):
        return
    first = Representation.objects.filter(request=request, submitted_at=None).update(submitted_at=clock.now())
    if first and request.behalf == Behalf.AGENT:
        ask_represented(request, actor=actor)


def open_document(document: ProofDocument, *, look: Look, actor: Actor) -> Iterator[bytes]:
    """The content for a member of staff who gave a reason; who saw it and when is noted first, and stays.

    Raises NotAllowed, NotReady for one that was removed.
    """
    require_permission(actor, LOOK)
    if document.removed_at is not None or not document.key:
        raise NotReady("removed")
    request = document.request
    with transaction.atomic():
        record("requests.proof_opened", actor=actor, subject=_subject(request), ticket=request.ref, reason=look.reason)
        ProofDocument.objects.filter(pk=document.pk, seen_at=None).update(seen_at=clock.now(), seen_by_id=int(actor.ref))
    return unseal(object_name=document.object_name, key=document.key, sealed_size=document.sealed_size)


def decide_identity(request: Request, *, is_accepted: bool, reason: str, actor: Actor) -> None:
    """Say whether the identity documents of a request show who somebody is. A refusal tells the person why; they can be asked again.

    With IDENTITY_DOCUMENTS_UNTIL = "decided" the files go at once, else with the end of the request.
    Raises NotAllowed, NotReady before anybody has seen them, ReasonMissing.
    """
    require_permission(actor, WORK)
    if not reason.strip():
        raise ReasonMissing
    with transaction.atomic():
        waiting = undecided_identity(request).select_for_update()
        if not waiting:
            raise NotReady("unsent")
        if any(each.seen_at is None for each in waiting):
            raise NotReady("unseen")
        decision = Decision.ACCEPTED if is_accepted else Decision.REFUSED
        keys = [each.pk for each in waiting]
        ProofDocument.objects.filter(pk__in=keys).update(decision=decision, decided_at=clock.now())
        record(
            "requests.proof_decided", actor=actor, subject=_subject(request), ticket=request.ref, what="identity", decision=decision.value
        )
        if not is_accepted:
            write_to_person(request, words=reason, actor=actor)
        if settings.IDENTITY_DOCUMENTS_UNTIL == DECIDED:
            remove_documents(ProofDocument.objects.filter(pk__in=keys), request=request, actor=actor)


def undecided_identity(request: Request) -> QuerySet[ProofDocument]:
    """Documents that show who somebody is, on which nobody has decided, and which can still be looked at."""
    return ProofDocument.objects.filter(request=request, kind=DocumentKind.IDENTITY, decision=Decision.PENDING, removed_at=None)


def remove_documents(documents: QuerySet[ProofDocument], *, request: Request, actor: Actor) -> int:
    """Destroy the keys of documents and order the removal of their objects; answers how many went. In the caller's transaction."""
    names = list(documents.filter(removed_at=None).values_list("object_name", flat=True))
    if not names:
        return 0
    documents.filter(removed_at=None).update(key=None, original_name=None, removed_at=clock.now())
    for name in names:
        enqueue("requests.remove_objects", key=name, payload={"prefix": name.rpartition("/")[0]})
    record("requests.proof_removed", actor=actor, subject=_subject(request), ticket=request.ref, files=len(names))
    return len(names)


def _remove_at_the_end(request: Request, events: Sequence[str]) -> None:
    """However a request ends: what was sent as proof goes with it; what was said of the person as well, where it never began."""
    if request.status == Status.CLOSED:
        remove_documents(ProofDocument.objects.filter(request=request), request=request, actor=SYSTEM)
        if request.verified_at is None:  # what somebody said of a person who may know nothing of it is no proof of anything
            Representation.objects.filter(request=request).update(**_OF_PERSON)


def _forget(keys: Iterable[int]) -> None:
    """Of requests that are kept no longer: names and addresses go; that somebody asked for another, and the proof was seen, stays."""
    old = list(keys)
    Representation.objects.filter(request__in=old).update(requester_name=None, **_OF_PERSON)
    left = ProofDocument.objects.filter(request__in=old, removed_at=None)
    for request in Request.objects.filter(pk__in=left.values("request")):
        remove_documents(left.filter(request=request), request=request, actor=SYSTEM)


on_moved(_remove_at_the_end)
also_forget(_forget)


def _subject(request: Request) -> str:
    return str(request.subject.public_id) if request.subject else ""
