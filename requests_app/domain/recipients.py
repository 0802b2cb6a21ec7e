"""Who had data and must know that it was corrected, erased or restricted (GDPR Art. 19): one notice for each recipient.

A recipient with an address in the data map is told by mail. The mail holds no data: its link opens a page that says whom and what it
is about, and takes the answer. Others are told by staff, who note it at the ticket.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from privacycenter.audit.domain import record
from privacycenter.datamap.queries import all_recipients
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.hashing import candidates, keyed_hash
from privacycenter.kernel.sources import registry
from privacycenter.kernel.tokens import digest, new_token
from privacycenter.mail.domain import queue_message
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers
from requests_app.domain.people import WORK, require_permission
from requests_app.domain.words import typed
from requests_app.enums import Kind, NoticeEvent, NoticeState, NoticeWay
from requests_app.errors import IllegalMove, ReasonMissing
from requests_app.models import Receiver, RecipientNotice, Request
from requests_app.transfer.queries import receivers_of

# Our own people work on the record itself: there is nobody to tell.
OURSELVES = frozenset({"staff_and_contractors"})
TOLD_OF = frozenset({Kind.RECTIFICATION, Kind.ERASURE, Kind.RESTRICTION})  # rights that may change data
OPEN_DAYS = 30  # for that long a link works, and what it shows is kept
REMIND_DAYS = 7
ANSWER_LENGTH = 2000
_MARK_CONTEXT = "requests.recipient_notice"
RECIPIENT, SYSTEM = Actor.system("recipient"), Actor.system("requests")
_NEXT: dict[NoticeState, set[str]] = {
    NoticeState.DUE: {NoticeState.TOLD, NoticeState.ANSWERED, *NoticeState.WITH_REASON},
    NoticeState.TOLD: {NoticeState.ANSWERED},
    NoticeState.OBSTRUCTED: {NoticeState.ANSWERED, *NoticeState.WITH_REASON},
    NoticeState.IMPOSSIBLE: {NoticeState.TOLD, NoticeState.ANSWERED},
    NoticeState.DISPROPORTIONATE: {NoticeState.TOLD, NoticeState.ANSWERED},
}


@dataclass(frozen=True)
class Changed:
    """One thing that was changed in a source: how it is called, and what stands there now, where the recipient has to know.

    `occasion` tells apart what comes to the same: a field that gets its first value back, a source that is erased a second time.
    """

    source: str
    label: str
    value: str = ""
    occasion: str = ""

    @property
    def text(self) -> str:
        """All of it, as it is hashed."""
        return json.dumps([self.source, self.label, self.value, self.occasion])


@dataclass(frozen=True)
class Details:
    """What a recipient needs to find the data: whom it is about, and what stands there now."""

    who: Sequence[Sequence[str]]  # kind and value of each identifier that was proven
    what: Sequence[Sequence[str]]  # label and new value


# Telling ---------------------------------------------------------------------------------------------------------------


def make_notices(request: Request, event: NoticeEvent, changes: Iterable[Changed]) -> list[RecipientNotice]:
    """A notice for each recipient of the sources in which something was changed, and for each service to which the person had them sent.

    Nobody is told yet.
    In the caller's transaction, as long as the person can be found; twice adds none. What is changed once more is told once more, by a
    notice of its own: what an earlier one said, and what became of it, stays.
    """
    recipients_of = {source.describe().key: source.describe().recipients for source in registry.all()}
    sent_to = receivers_of(request.subject)
    changed: dict[str, list[Changed]] = {}
    for change in changes:
        for key in (*recipients_of.get(change.source, ()), *map(_receiver_key, sent_to.get(change.source, ()))):
            if key not in OURSELVES:
                changed.setdefault(key, []).append(change)
    if not changed:
        return []
    names = {recipient.key: recipient.name for recipient in all_recipients()}
    names |= {_receiver_key(receiver): receiver.name for receivers in sent_to.values() for receiver in receivers}
    standing: dict[str, list[RecipientNotice]] = {}
    for notice in RecipientNotice.objects.filter(request=request):
        standing.setdefault(notice.recipient_key, []).append(notice)
    due = []
    for key, theirs in sorted(changed.items()):
        earlier = standing.get(key, [])
        marks = {mark for notice in earlier for mark in notice.marks}
        new = [change for change in theirs if not _is_marked(change, marks)]
        if new:
            round_ = max((notice.round for notice in earlier), default=0) + 1
            due.append(_make(request, event, new, recipient_key=key, recipient_name=names.get(key, key)[:120], round=round_))
    return due


def _make(request: Request, event: NoticeEvent, changes: Sequence[Changed], **values: Any) -> RecipientNotice:
    return RecipientNotice.objects.create(
        request=request,
        event=event,
        changed=sorted({each.label for each in changes}),
        marks=sorted({str(keyed_hash(each.text, context=_MARK_CONTEXT)) for each in changes}),
        details=_details(request.subject, changes),
        made_at=clock.now(),
        **values,
    )


def _is_marked(change: Changed, marks: Collection[str]) -> bool:
    return any(str(each) in marks for each in candidates(change.text, context=_MARK_CONTEXT))


def _receiver_key(receiver: Receiver) -> str:
    """How a notice names a service that took data over, beside the recipients of the data map."""
    return f"receiver:{receiver.public_id}"


def tell_recipients(request: Request, *, only_of: Collection[str] | None = None, since: datetime | None = None) -> None:
    """Write to those who have an address and were not told yet; in the transaction of the change.

    Notices made `since` then about none of the sources `only_of` are dropped: these kept what they hold after all. What was told stays.
    """
    due = list(RecipientNotice.objects.filter(request=request, state=NoticeState.DUE))
    if due and only_of is not None:
        described = [source.describe() for source in registry.all()]
        concerned = {key for each in described if each.key in only_of for key in each.recipients}
        sent_to = receivers_of(request.subject)
        concerned |= {_receiver_key(receiver) for key in only_of for receiver in sent_to.get(key, ())}
        dropped = [each for each in due if each.recipient_key not in concerned and (since is None or each.made_at >= since)]
        RecipientNotice.objects.filter(pk__in=[each.pk for each in dropped]).delete()
        due = [each for each in due if each not in dropped]
    addresses = _addresses() if due else {}
    for notice in due:
        if notice.recipient_key not in addresses:
            continue
        notice.request = request
        notice.open_until = clock.now() + timedelta(days=OPEN_DAYS)
        _write(notice, addresses[notice.recipient_key], "requests.recipient_notice")
        notice.state, notice.how, notice.told_at = NoticeState.TOLD, NoticeWay.EMAIL, clock.now()
        notice.save(update_fields=["state", "how", "told_at", "token", "open_until"])
        _record(notice, "requests.recipient_told")


def remind_recipients(*, limit: int) -> int:
    """Write once more to those who were told by mail and have not answered for a week; answers to how many.

    The new link works no longer than the first one: what it shows is kept for 30 days at most.
    """
    before = clock.now() - timedelta(days=REMIND_DAYS)
    addresses = _addresses()
    late = RecipientNotice.objects.filter(state=NoticeState.TOLD, reminded_at=None, told_at__lte=before, recipient_key__in=addresses)
    late = late.filter(open_until__gt=clock.now())
    reminded = 0
    for pk in list(late.exclude(token="").order_by("told_at").values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            notice = _locked(late.exclude(token="").filter(pk=pk))
            if notice is None:
                continue  # it has answered meanwhile
            _write(notice, addresses[notice.recipient_key], "requests.recipient_reminder")
            notice.reminded_at = clock.now()
            notice.save(update_fields=["reminded_at", "token"])
            _record(notice, "requests.recipient_told")
            reminded += 1
    return reminded


def close_details(*, limit: int) -> int:
    """Forget what recipients were to find the data by, once its days are over; answers for how many notices.

    Who was not told yet still has to be: that notice keeps it until then.
    """
    over = RecipientNotice.objects.filter(details__isnull=False, open_until__lte=clock.now()).exclude(state=NoticeState.DUE)
    return RecipientNotice.objects.filter(pk__in=list(over.values_list("pk", flat=True)[:limit])).update(details=None, token="")


def _addresses() -> dict[str, str]:
    return {recipient.key: recipient.notice_address for recipient in all_recipients() if recipient.notice_address}


def _write(notice: RecipientNotice, address: str, kind: str) -> None:
    """Queue a mail with a new link; an earlier one opens nothing any more."""
    token = new_token()
    notice.token = digest(token)
    context = {
        "reference": notice.request.ref,
        "event": notice.event,
        "notice_url": settings.SITE_URL + reverse("requests:recipient_notice", args=[token]),
        "open_until": notice.open_until,
    }
    queue_message(kind, to=address, context=context, language=settings.LANGUAGE_CODE, ticket=notice.request.ref, actor=SYSTEM)


def _details(subject: Subject | None, changes: Sequence[Changed]) -> str:
    who = sorted([kind, value] for kind, value in proven_identifiers(subject)) if subject is not None else []
    what = [[label, value] for label, value in sorted({(each.label, each.value) for each in changes})]
    return json.dumps({"who": who, "what": what}, ensure_ascii=False)


# Answers ---------------------------------------------------------------------------------------------------------------


def notice_of_link(token: str) -> RecipientNotice | None:
    """The notice that a link leads to, as long as it was not answered and its days are not over."""
    found = RecipientNotice.objects.select_related("request__subject").filter(token=digest(token), open_until__gt=clock.now())
    return found.exclude(token="").first()


def details_of(notice: RecipientNotice) -> Details | None:
    """Whom and what a notice is about; None once that is forgotten."""
    return Details(**json.loads(notice.details)) if notice.details else None


def open_details(notice: RecipientNotice) -> Details | None:
    """The same for the recipient. That it was opened is written first."""
    with transaction.atomic():
        RecipientNotice.objects.filter(pk=notice.pk, opened_at=None).update(opened_at=clock.now())
        _record(notice, "requests.recipient_opened")
    return details_of(notice)


def take_answer(notice: RecipientNotice, *, is_done: bool, words: str) -> None:
    """Note what a recipient answered on its page: it is done, or why it can't be, which staff follow up.

    What it was to find the data by is forgotten once it is done. Raises ReasonMissing, TooLong, IllegalMove.
    """
    text = typed(words, ANSWER_LENGTH, is_required=not is_done)
    with transaction.atomic():
        current = _locked(RecipientNotice.objects.filter(pk=notice.pk, state=NoticeState.TOLD, token=notice.token))
        if current is None:
            raise IllegalMove
        current.state = NoticeState.ANSWERED if is_done else NoticeState.OBSTRUCTED
        current.answered_at, current.answer, current.token = clock.now(), text or None, ""
        if is_done:
            current.details = None
        current.save()
        _record(current, "requests.recipient_noted", state=str(current.state), actor=RECIPIENT)


def note_notice(notice: RecipientNotice, *, state: str, how: str = "", words: str = "", actor: Actor) -> None:
    """Write down that a recipient was told, what it answered, or why it can't be told. Raises ReasonMissing, TooLong, IllegalMove."""
    require_permission(actor, WORK)
    text = typed(words, ANSWER_LENGTH, is_required=False)
    is_told = state in {NoticeState.TOLD, NoticeState.ANSWERED}
    if (is_told and how not in NoticeWay.values) or (state != NoticeState.TOLD and not text):
        raise ReasonMissing
    with transaction.atomic():
        current = _locked(RecipientNotice.objects.filter(pk=notice.pk))
        if current is None or state not in _NEXT.get(NoticeState(current.state), set()):
            raise IllegalMove
        now = clock.now()
        current.state = NoticeState(state)
        if is_told:
            if current.told_at is None:
                current.open_until = now + timedelta(days=OPEN_DAYS)
            current.how, current.told_at, current.reason = how, current.told_at or now, None
        else:
            current.reason = text
        if state == NoticeState.ANSWERED:
            current.answered_at, current.answer = now, text
        if state != NoticeState.TOLD:
            current.details, current.token = None, ""  # nobody has to find it any more
        current.told_by_id = int(actor.ref)
        current.save()
        _record(current, "requests.recipient_noted", state=state, actor=actor)


def _locked(notices: Any) -> RecipientNotice | None:
    found: RecipientNotice | None = notices.select_for_update(of=("self",), no_key=True).select_related("request__subject").first()
    return found


def _record(notice: RecipientNotice, verb: str, *, actor: Actor = SYSTEM, **parameters: Any) -> None:
    subject = notice.request.subject
    public_id = str(subject.public_id) if subject is not None else ""
    record(verb, actor=actor, subject=public_id, ticket=notice.request.ref, recipient=notice.recipient_key, **parameters)
