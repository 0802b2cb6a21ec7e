"""Words of a person that stand beside their data from then on."""

from __future__ import annotations

from django.db import IntegrityError, transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.correction.errors import AlreadyNoted
from requests_app.correction.values import unpack
from requests_app.domain.people import require_role
from requests_app.domain.words import typed
from requests_app.enums import CorrectionKind, Decision, NoteKind
from requests_app.errors import IllegalMove
from requests_app.models import Annotation, Correction, Request
from requests_app.transitions import Role

NOTE_LENGTH = 2000


def may_be_noted(request: Request, correction: Correction) -> bool:
    """Whether the person can leave a note: not accepted, and the answer is out. Asks no database."""
    return correction.decision == Decision.REFUSED and not request.is_open


def annotate(request: Request, correction: Correction, *, text: str, actor: Actor) -> Annotation:
    """Put the person's note beside data that stays as it is. Raises ReasonMissing, TooLong, IllegalMove, AlreadyNoted."""
    require_role(request, Role.PERSON, actor=actor)
    words = typed(text, NOTE_LENGTH)
    if correction.request_id != request.pk or request.subject is None or not may_be_noted(request, correction):
        raise IllegalMove
    try:
        with transaction.atomic():
            annotation = _write(request, correction, NoteKind.NOTE, words)
            record(
                "requests.annotated",
                actor=actor,
                subject=str(request.subject.public_id),
                ticket=request.ref,
                field=f"{correction.source_key}.{correction.field}",
            )
    except IntegrityError as error:
        raise AlreadyNoted from error
    return annotation


def write_supplement(request: Request, correction: Correction) -> None:
    """Put an addition that was accepted beside the data; in the caller's transaction. Twice adds none."""
    assert correction.kind == CorrectionKind.SUPPLEMENT
    if not Annotation.objects.filter(correction=correction).exists():
        _write(request, correction, NoteKind.SUPPLEMENT, str(unpack(correction.proposed or '""')))


def _write(request: Request, correction: Correction, kind: NoteKind, words: str) -> Annotation:
    assert request.subject is not None, "only proven requests get this far"
    return Annotation.objects.create(
        subject=request.subject,
        request=request,
        correction=correction,
        kind=kind,
        source_key=correction.source_key,
        title=correction.title,
        record=correction.record,
        field=correction.field,
        label=correction.label,
        text=words,
        at=clock.now(),
    )
