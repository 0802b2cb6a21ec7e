"""Messages between the person and the desk, the desk's notes, and the files that come along."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.db import transaction
from django.db.models import Sum

from privacycenter.audit.domain import record
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.storage import storage
from requests_app.attachments import MAX_FILES, Checked
from requests_app.domain.mails import tell_person
from requests_app.domain.people import WORK, require_permission, require_role
from requests_app.domain.retention import also_forget
from requests_app.domain.sealing import seal, unseal
from requests_app.domain.words import typed
from requests_app.enums import MessageSide
from requests_app.errors import IllegalMove, TooManyFiles
from requests_app.models import Attachment, Message, Request
from requests_app.transitions import Role

LENGTH = 10_000
BYTES_PER_REQUEST = 100 * 1024 * 1024


def write_to_desk(request: Request, *, words: str, files: Sequence[Checked] = (), actor: Actor) -> Message:
    """The person writes to the desk.

    Raises IllegalMove for a request nobody has proven, ReasonMissing, TooLong, TooManyFiles, NotAllowed.
    """
    require_role(request, Role.PERSON, actor=actor)
    return _write(request, MessageSide.PERSON, words, files, actor)


def write_to_person(request: Request, *, words: str, files: Sequence[Checked] = (), actor: Actor) -> Message:
    """Staff write to the person. The mail says only that there is a message. Raises as `write_to_desk`."""
    require_permission(actor, WORK)
    return _write(request, MessageSide.DESK, words, files, actor)


def add_note(request: Request, *, words: str, actor: Actor) -> Message:
    """Staff note something for their colleagues. It is work on the answer: the person does not see it. Raises ReasonMissing, NotAllowed."""
    require_permission(actor, WORK)
    return _write(request, MessageSide.NOTE, words, (), actor)


def mark_read(request: Request, *, side: MessageSide) -> int:
    """Note that everything from one side was read by the other; answers how much of it was new."""
    return Message.objects.filter(request=request, side=side, read_at=None).update(read_at=clock.now())


def open_attachment(attachment: Attachment) -> Iterator[bytes]:
    """The content, piece by piece."""
    return unseal(object_name=attachment.object_name, key=attachment.key, sealed_size=attachment.sealed_size)


def _write(request: Request, side: MessageSide, words: str, files: Sequence[Checked], actor: Actor) -> Message:
    text = typed(words, LENGTH, is_required=not files)
    if request.verified_at is None or request.forgotten_at is not None:
        raise IllegalMove
    if len(files) > MAX_FILES or _bytes_of(request) + sum(len(file.content) for file in files) > BYTES_PER_REQUEST:
        raise TooManyFiles
    # Objects first, outside the transaction: a storage may be slow, and a row that points nowhere would be worse than a sealed object
    # whose key nobody has.
    kept: list[Attachment] = []
    try:
        for file in files:
            kept.append(_kept(file))
        with transaction.atomic():
            is_staff = actor.kind is ActorKind.STAFF
            message = Message.objects.create(
                request=request, side=side, author_id=int(actor.ref) if is_staff else None, body=text, sent_at=clock.now()
            )
            for attachment in kept:
                attachment.message = message
                attachment.save(force_insert=True)
            verb = "requests.note_added" if side is MessageSide.NOTE else "requests.message_sent"
            subject = str(request.subject.public_id) if request.subject else ""
            record(verb, actor=actor, subject=subject, ticket=request.ref, files=len(kept))
            if side is MessageSide.DESK:
                tell_person(request, "requests.message", actor=actor)
    except BaseException:
        for attachment in kept:
            storage().delete(attachment.object_name)
        raise
    return message


def _kept(file: Checked) -> Attachment:
    return Attachment(**seal(file, folder="attachments"))


def _bytes_of(request: Request) -> int:
    return Attachment.objects.filter(message__request=request).aggregate(total=Sum("size"))["total"] or 0


def forget_messages(keys: Iterable[int]) -> None:
    """Delete the messages of requests, their files with them. The keys go with the rows; the objects are removed by a job."""
    names = list(Attachment.objects.filter(message__request__in=list(keys)).values_list("object_name", flat=True))
    Message.objects.filter(request__in=list(keys)).delete()
    for name in names:
        enqueue("requests.remove_objects", key=name, payload={"prefix": name.rpartition("/")[0]})


also_forget(forget_messages)
