"""Answers in words: a question to the person, a refusal with its letter, a decision. None of the words stands in a mail."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.text import storable
from requests_app.answers.grounds import Ground, grounds_for
from requests_app.answers.letters import answer_letter, refusal_letter
from requests_app.behalf.standing import require_standing
from requests_app.domain.deadlines import pause_clock, resume_clock
from requests_app.domain.deciders import DROPPED, PROPOSED, deciders_of
from requests_app.domain.mails import tell_person
from requests_app.domain.moves import Change, lock_request, move
from requests_app.domain.people import DECIDE_CHILD, WORK, require_permission
from requests_app.domain.release import shred_unreleased
from requests_app.domain.words import typed
from requests_app.enums import AskedFor, Channel, Kind, Status
from requests_app.errors import ChannelMissing, DocumentWanted, GroundMissing, IllegalMove, RefusalChanged, SecondPersonNeeded
from requests_app.models import ProposedRefusal, Question, Request, TimelineEvent
from requests_app.queries import authorities_for_person
from requests_app.rights.registry import end_of, reply_of
from requests_app.transitions import Event, Guard, Role, find

QUESTION_LENGTH = 2000
REPLY_LENGTH = 4000
REASONING_LENGTH = 4000
ANSWER_LENGTH = 8000


# Questions -------------------------------------------------------------------------------------------------------------


def ask_person(
    request: Request, *, question: str, about: str = AskedFor.CLARIFICATION, wants_document: bool = False, actor: Actor
) -> Question:
    """Ask the person something that is needed to go on. The question stands on their page; the mail only says that there is one.

    The clock rests until the answer where the law allows it for what the question is `about`. With `wants_document` the person is
    to send a document that shows who they are.
    """
    words = typed(question, QUESTION_LENGTH)
    with transaction.atomic():
        move(request, Change(Event.ASK, Guard.REASON_GIVEN, note=words), role=Role.STAFF, actor=actor)
        pause_clock(request, about=about, actor=actor)
        asked = TimelineEvent.objects.filter(request=request, event=Event.ASK).latest("id")
        tell_person(request, "requests.question", actor=actor)
        return Question.objects.create(request=request, asked=asked, asked_at=asked.at, wants_document=wants_document)


def reply_to_question(request: Request, *, words: str, channel: str = "", with_document: bool = False, actor: Actor) -> None:
    """Take the person's answer: from their page, or typed in by staff, who say how it came (by mail, phone, letter).

    What the request needs next goes on: for some rights by itself, for others a colleague reads the answer first. Where a document was
    asked for, the person sends one (`with_document`); staff may note that they saw it otherwise. Raises ChannelMissing, DocumentWanted.
    """
    question = open_question(request)
    if question is not None and question.wants_document and not (with_document or actor.is_staff):
        raise DocumentWanted
    answer = typed(words, REPLY_LENGTH)
    if actor.is_staff and channel not in Channel.BY_STAFF:
        raise ChannelMissing
    role = Role.STAFF if actor.is_staff else Role.PERSON
    change = Change(Event.REPLY, Guard.REASON_GIVEN, note=answer, details={"channel": channel} if actor.is_staff else {})
    _go_on(request, change, role=role, actor=actor)


def go_on_without_reply(request: Request, *, actor: Actor) -> None:
    """Go on with what is known. Raises IllegalMove until the person was reminded and the days after that are over."""
    question = open_question(request)
    if question is None or not is_reply_overdue(question):
        raise IllegalMove
    _go_on(request, Change(Event.GO_ON, Guard.REPLY_OVERDUE), role=Role.STAFF, actor=actor)


def remind_of_question(question: Question, *, actor: Actor) -> bool:
    """Remind the person once, some days after the question. Answers whether a mail was queued."""
    with transaction.atomic():
        waiting = Question.objects.filter(pk=question.pk, reminded_at=None, ended_at=None, request__status=Status.WAITING)
        if not waiting.update(reminded_at=clock.now()):
            return False
        request = question.request
        tell_person(request, "requests.question_reminder", actor=actor)
        record("requests.person_reminded", actor=actor, subject=_subject(request), ticket=request.ref)
        return True


def open_question(request: Request) -> Question | None:
    """The question that waits for its answer."""
    return Question.objects.select_related("asked").filter(request=request, ended_at=None).first()


def is_reply_overdue(question: Question) -> bool:
    """Whether the person was reminded, and had as many days again to answer."""
    days = timedelta(days=settings.ASK_REMINDER_DAYS)
    return question.reminded_at is not None and question.reminded_at + days <= clock.now()


def _go_on(request: Request, change: Change, *, role: Role, actor: Actor) -> None:
    with transaction.atomic():
        resume_clock(request, actor=actor)
        move(request, change, role=role, actor=actor)
        _end_questions(request)
        reply_of(request, actor)


def _end_questions(request: Request) -> None:
    Question.objects.filter(request=request, ended_at=None).update(ended_at=clock.now())


# Refusals --------------------------------------------------------------------------------------------------------------


def refuse_request(request: Request, *, ground: str, reasoning: str, actor: Actor) -> None:
    """Refuse a request on a ground of the list, with a letter that says why and what the person can do about it.

    Where the setting asks for a second person, it only waits for them (`agree_to_refusal`), and nobody is told yet; a review is a
    second look already. How much may be typed is for the form to say: reasons that are put together here are longer, and stay whole.
    Raises GroundMissing for a ground that does not fit the right or comes without reasoning.
    """
    words = storable(reasoning).strip()
    if ground not in grounds_for(request.kind) or not words:
        raise GroundMissing
    # That somebody is no child is for those to say who may decide it.
    require_permission(actor, DECIDE_CHILD if request.kind == Kind.CHILD else WORK)
    require_other_person(request, actor=actor)
    if not settings.REFUSAL_FOUR_EYES or request.kind == Kind.REVIEW:
        refuse_now(request, Ground(ground), words, actor=actor)
        return
    now = clock.now()
    values = {"ground": ground, "reasoning": words, "proposed_by_id": int(actor.ref), "proposed_at": now}
    with transaction.atomic():
        lock_request(request)
        if find(request.status, Event.REFUSE, request.kind) is None:
            raise IllegalMove
        ProposedRefusal.objects.update_or_create(request=request, defaults=values)
        note_for_desk(request, PROPOSED, actor=actor, details={"ground": ground})
        record("requests.refusal_proposed", actor=actor, subject=_subject(request), ticket=request.ref, ground=ground)


def digest_of_proposal(proposed: ProposedRefusal) -> str:
    """What somebody who agrees names, so that they agree to what they read: it is another one for every other text or proposer."""
    parts = (proposed.request_id, proposed.ground, proposed.proposed_by_id, proposed.proposed_at.isoformat(), proposed.reasoning)
    return hashlib.sha256("\n".join(map(str, parts)).encode()).hexdigest()


def agree_to_refusal(request: Request, *, digest: str, actor: Actor) -> None:
    """Refuse as a colleague proposed, in the very words that were read (`digest_of_proposal`).

    Raises SecondPersonNeeded for the one who proposed it, RefusalChanged where it is another proposal by now, IllegalMove, NotAllowed.
    """
    require_permission(actor, DECIDE_CHILD if request.kind == Kind.CHILD else WORK)
    with transaction.atomic():
        lock_request(request)
        proposed = ProposedRefusal.objects.filter(request=request).first()
        if proposed is None:
            raise IllegalMove
        if str(proposed.proposed_by_id) == actor.ref:
            raise SecondPersonNeeded
        if digest != digest_of_proposal(proposed):
            raise RefusalChanged
        require_other_person(request, actor=actor)
        refuse_now(request, Ground(proposed.ground), proposed.reasoning, actor=actor)


def drop_refusal(request: Request, *, actor: Actor) -> None:
    """Give a proposed refusal back: it does not go out."""
    require_permission(actor, WORK)
    with transaction.atomic():
        lock_request(request)
        deleted, _each = ProposedRefusal.objects.filter(request=request).delete()
        if not deleted:
            raise IllegalMove
        note_for_desk(request, DROPPED, actor=actor)
        record("requests.refusal_dropped", actor=actor, subject=_subject(request), ticket=request.ref)


def refuse_now(request: Request, ground: Ground, reasoning: str, *, actor: Actor) -> None:
    """Refuse without asking who decides: for the verbs that have seen to it."""
    now = clock.now()
    letter = refusal_letter(request, ground=ground, reasoning=reasoning, authorities=authorities_for_person(request), at=now)
    with transaction.atomic():
        change = Change(Event.REFUSE, Guard.GROUND_GIVEN, note=reasoning, details={"ground": ground.value})
        columns = {"refusal_ground": ground.value, "letter": letter, "decided_at": now, "decided_by_id": int(actor.ref)}
        resume_clock(request, actor=actor)
        move(request, change, role=Role.STAFF, actor=actor, answered_at=now, closed_at=now, **columns)
        ProposedRefusal.objects.filter(request=request).delete()
        _end_questions(request)
        shred_unreleased(request, actor=actor)
        end_of(request, actor)
        tell_person(request, "requests.decision", actor=actor)


# Decisions -------------------------------------------------------------------------------------------------------------


def decide_request(request: Request, *, outcome: str, answer: str, actor: Actor) -> None:
    """Close a request whose answer is words (a complaint, a question, a review) with a letter. The mail only says that it is there."""
    words = typed(answer, ANSWER_LENGTH)
    require_other_person(request, actor=actor)
    decide_now(request, outcome=outcome, answer=words, actor=actor)


def decide_now(request: Request, *, outcome: str, answer: str, actor: Actor) -> None:
    """Close with a letter without asking who decides: for the verbs that have seen to it."""
    require_standing(request)
    now = clock.now()
    letter = answer_letter(request, answer=answer, authorities=authorities_for_person(request), at=now)
    with transaction.atomic():
        columns = {"letter": letter, "decided_at": now, "decided_by_id": int(actor.ref)}
        change = Change(Event.DECIDE, Guard.DECISION_MADE, outcome=outcome)
        move(request, change, role=Role.STAFF, actor=actor, answered_at=now, closed_at=now, **columns)
        ProposedRefusal.objects.filter(request=request).delete()
        tell_person(request, "requests.decision", actor=actor)


def take_up(request: Request, *, actor: Actor) -> None:
    """Look once more at an answered request of which the person says that something is missing."""
    move(request, Change(Event.TAKE_UP), role=Role.STAFF, actor=actor)


def require_other_person(request: Request, *, actor: Actor) -> None:
    """Raise SecondPersonNeeded where this is a review and the actor had a part in the decision that it is about."""
    first = request.follows if request.kind == Kind.REVIEW else None
    if first is not None and actor.is_staff and int(actor.ref) in deciders_of(first):
        raise SecondPersonNeeded


def note_for_desk(request: Request, event: str, *, words: str = "", details: dict[str, Any] | None = None, actor: Actor) -> None:
    """Write into the history what colleagues have to know, and nobody else. In the caller's transaction."""
    TimelineEvent.objects.create(
        request=request,
        at=clock.now(),
        event=event,
        status=request.status,
        actor_kind=actor.kind,
        actor_ref=actor.ref,
        note=words or None,
        details=details or {},
        is_internal=True,
    )


def _subject(request: Request) -> str:
    return str(request.subject.public_id) if request.subject else ""
