"""What staff decide about other people's data in a copy: done when the copy is made anew, and nothing is released before that."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from privacycenter.audit.domain import record
from privacycenter.audit.queries import entries_of
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.cards import contains_card_number
from privacycenter.kernel.text import storable
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers
from requests_app.domain.people import LOOK, WORK, require_permission
from requests_app.domain.retention import also_forget
from requests_app.enums import Kind, LabelKind, RedactionKind, Status
from requests_app.errors import CannotHide, IllegalMove
from requests_app.models import Bundle, BundleScan, Look, Redaction, Request
from requests_app.queries import account_of
from requests_app.redaction.folding import fold
from requests_app.redaction.labels import Label, hash_of, known_label, label_key, label_words, labels_of, next_label
from requests_app.redaction.loading import region_of
from requests_app.redaction.patterns import MOST, Needle, TooShort, needle_for

HIDEABLE = frozenset({Status.ATTENTION, Status.REVIEW, Status.REOPENED})
MOST_AT_ONCE = 500
NEW = {kind.value: f"{kind.value}:new" for kind in LabelKind}


def may_hide(request: Request) -> bool:
    """Whether what is hidden in the copies of this request can be changed now."""
    return request.kind in Kind.COPIES and request.status in HIDEABLE


def hide_text(request: Request, *, text: str, label: str = "", actor: Actor) -> Redaction:
    """Hide a text wherever it stands in the copy, in every form. The same again changes nothing.

    `label` is one of `choices_of`; empty gives the label that this text had before, else a new person. Raises CannotHide for what is
    too short or too long, or belongs to the person themselves; IllegalMove, NotAllowed.
    """
    words = " ".join(storable(text).split())
    if not words or len(words) > MOST or contains_card_number(words):
        raise CannotHide(_("Give a text of at most %(count)d characters that is no card number.") % {"count": MOST})
    try:
        needle = needle_for(words, region=region_of(request))
    except TooShort as error:
        raise CannotHide(_("This is too short: it would hide half of the copy.")) from error
    if any(_is_about(needle, own) for own in own_texts(request)):
        raise CannotHide(_("This is the person's own. What is theirs is never hidden from them."))
    with transaction.atomic():
        subject = _locked(request, actor=actor)
        text_hash = hash_of(needle)
        standing = Redaction.objects.filter(request=request, ended_at=None, text_hash=text_hash).first()
        if standing is not None:
            return _with_label(standing, label)
        kind, number = _label(subject, label, needle)
        return _decide(request, actor, kind=RedactionKind.TEXT, label_kind=kind, number=number, text=words, text_hash=text_hash)


def hide_place(request: Request, *, kind: str, source: str, record_key: str, field: str = "", label: str = "", actor: Actor) -> Redaction:
    """Hide one field of a record, a whole record with its files, or only its files. Raises CannotHide, IllegalMove, NotAllowed."""
    place = storable(record_key).strip()[:MOST]
    name = storable(field).strip()[:120] if kind == RedactionKind.FIELD else ""
    if kind not in {RedactionKind.FIELD, RedactionKind.RECORD, RedactionKind.FILE} or not place or not source:
        raise CannotHide(_("Name the source and the record."))
    if (kind == RedactionKind.FIELD and not name) or name == "key":
        raise CannotHide(_("Name the field of the record, as it stands in the JSON."))
    with transaction.atomic():
        subject = _locked(request, actor=actor)
        for standing in Redaction.objects.filter(request=request, ended_at=None, kind=kind, source_key=source, field_name=name):
            if standing.record_key == place:
                return _with_label(standing, label)
        label_kind, number = _label(subject, label, None)
        where = {"source_key": source[:120], "record_key": place, "field_name": name}
        return _decide(request, actor, kind=kind, label_kind=label_kind, number=number, **where)


def show_again(redaction: Redaction, *, actor: Actor) -> None:
    """Hide it no longer. The text goes; that it was hidden, by whom and by what label, stays. Raises IllegalMove, NotAllowed."""
    request = redaction.request
    with transaction.atomic():
        _locked(request, actor=actor)
        ended = {"ended_at": clock.now(), "text": None, "record_key": None}
        if Redaction.objects.filter(pk=redaction.pk, ended_at=None).update(**ended):
            _outdate(request)
            _record("requests.redaction_ended", request, actor, kind=str(redaction.kind))


def note_redactions_opened(request: Request, look: Look, *, actor: Actor) -> None:
    """Write down that what may be hidden, which shows parts of the copy, is about to be looked at: once for each look, however often
    the page is loaded while it lasts."""
    noted = entries_of(request.ref).filter(verb="requests.redactions_opened", actor_ref=actor.ref, at__gte=look.opened_at)
    if noted.exists():
        return
    _record("requests.redactions_opened", request, actor, reason=look.reason)


def choices_of(subject: Subject | None) -> list[Label]:
    """The labels that were given out in requests of this person."""
    return labels_of(subject) if subject is not None else []


def own_texts(request: Request) -> list[str]:
    """What the person themselves is known by: never hidden, never suggested."""
    own = [value for _kind, value in proven_identifiers(request.subject)] if request.subject else []
    account: User | None = account_of(request.subject)
    if account is not None:
        own += [account.full_name, account.username, account.email, str(account.phone or "")]
    return [text for text in [*own, request.contact or ""] if text]


def _is_about(needle: Needle, own: str) -> bool:
    return bool(needle.pattern.search(fold(own)))


def _locked(request: Request, *, actor: Actor) -> Subject:
    """The person of a request that stands where something can be hidden; both wait for whoever else decides about them now."""
    require_permission(actor, WORK)
    require_permission(actor, LOOK)
    current = Request.objects.select_for_update().get(pk=request.pk)
    if not may_hide(current) or current.subject_id is None:
        raise IllegalMove
    return Subject.objects.select_for_update().get(pk=current.subject_id)


def _label(subject: Subject, wanted: str, needle: Needle | None) -> Label:
    if wanted in NEW.values():
        return next_label(subject, wanted.partition(":")[0])
    for label in labels_of(subject) if wanted else ():
        if label_key(label) == wanted:
            return label
    if wanted:
        raise CannotHide(_("There is no such label."))
    return (known_label(subject, needle) if needle else None) or next_label(subject, LabelKind.PERSON)


def _with_label(standing: Redaction, wanted: str) -> Redaction:
    """What is hidden already. Raises CannotHide where another label was chosen for it."""
    has = (standing.label_kind, standing.number)
    if wanted and label_key(has) != wanted:
        words = _("This is hidden already, as “%(label)s”. To give it another label, show it again first.")
        raise CannotHide(words % {"label": label_words(*has)})
    return standing


def _decide(request: Request, actor: Actor, **columns: object) -> Redaction:
    if Redaction.objects.filter(request=request, ended_at=None).count() >= MOST_AT_ONCE:
        raise CannotHide(_("So much is hidden already that the source is better withheld as a whole."))
    made = Redaction.objects.create(request=request, decided_by_id=int(actor.ref), decided_at=clock.now(), **columns)
    _outdate(request)
    _record("requests.redaction_added", request, actor, kind=str(made.kind))
    return made


def _outdate(request: Request) -> None:
    Bundle.objects.filter(request=request, released_at=None, shredded_at=None, outdated_at=None).update(outdated_at=clock.now())


def _record(verb: str, request: Request, actor: Actor, **parameters: str) -> None:
    subject = str(request.subject.public_id) if request.subject else ""
    record(verb, actor=actor, subject=subject, ticket=request.ref, **parameters)


def _forget(requests: Sequence[int]) -> None:
    """Nothing of other people stays longer than the request in which it was hidden."""
    Redaction.objects.filter(request__in=requests).delete()
    BundleScan.objects.filter(bundle__request__in=requests).delete()


also_forget(_forget)
