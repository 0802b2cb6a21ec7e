"""Security questions (C-02): a second hurdle behind the e-mailed reset link, and nothing else."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models import F

from accounts.client import Client
from accounts.domain.events import note_security_event
from accounts.enums import SecurityEventKind, SecurityQuestion
from accounts.errors import LinkNotValid, TooManyTries
from accounts.models import QuestionTries, ResetLink, SecurityAnswer, User
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.tokens import digest

TRIES_PER_LINK, TRIES_PER_DAY = 5, 10


def tidy_answer(answer: str) -> str:
    """What is compared: compatibility forms, case and spacing do not matter."""
    return " ".join(unicodedata.normalize("NFKC", answer).casefold().split())


def set_answers(user: User, *, answers: Mapping[str, str], client: Client, actor: Actor) -> None:
    """Replace the account's security questions; an empty mapping removes them. Only hashes are stored."""
    now = clock.now()
    hashed = [
        SecurityAnswer(user=user, question=SecurityQuestion(question), answer_hash=make_password(tidy_answer(answer)), set_at=now)
        for question, answer in answers.items()
    ]
    with transaction.atomic():
        SecurityAnswer.objects.filter(user=user).delete()
        SecurityAnswer.objects.bulk_create(hashed)
        note_security_event(user, kind=SecurityEventKind.QUESTIONS_CHANGED, client=client)
        record("accounts.questions_changed", actor=actor, subject=str(user.subject.public_id), count=len(hashed))


def question_of_link(user: User, *, key: str) -> SecurityQuestion | None:
    """The question that stands before a new password for this reset link; None when there is none or it was answered.

    A link always asks the same question, so that asking again is no way to a friendlier one. Raises LinkNotValid for a
    burnt link.
    """
    questions = list(SecurityAnswer.objects.filter(user=user).order_by("pk").values_list("question", flat=True))
    if not questions:
        return None
    link, _created = ResetLink.objects.get_or_create(key_digest=digest(key), defaults={"user": user, "created_at": clock.now()})
    if link.passed_at is not None:
        return None
    if link.tries >= TRIES_PER_LINK:
        raise LinkNotValid
    return SecurityQuestion(questions[int(link.key_digest[:8], 16) % len(questions)])


def answer_question(user: User, *, key: str, answer: str, client: Client, actor: Actor) -> bool:
    """Whether `answer` is right for the question of this link. A right one opens the link, a wrong one costs a try.

    Five wrong answers burn the link, ten a day the account's questions for that day. Tries are counted before the
    comparison, by conditional updates. Raises LinkNotValid or TooManyTries.
    """
    question = question_of_link(user, key=key)
    if question is None:
        return True
    now = clock.now()
    with transaction.atomic():
        QuestionTries.objects.get_or_create(user=user, day=now.date())
        today = QuestionTries.objects.filter(user=user, day=now.date(), tries__lt=TRIES_PER_DAY)
        if today.update(tries=F("tries") + 1) != 1:
            raise TooManyTries
        links = ResetLink.objects.filter(key_digest=digest(key), user=user, passed_at=None)
        if links.filter(tries__lt=TRIES_PER_LINK).update(tries=F("tries") + 1) != 1:
            raise LinkNotValid
        stored = SecurityAnswer.objects.values_list("answer_hash", flat=True).get(user=user, question=question)
        if check_password(tidy_answer(answer), stored):
            # the try of a right answer is given back: it was no guess
            links.update(passed_at=now, tries=F("tries") - 1)
            QuestionTries.objects.filter(user=user, day=now.date()).update(tries=F("tries") - 1)
            return True
        note_security_event(user, kind=SecurityEventKind.QUESTIONS_FAILED, client=client)
        record("accounts.questions_failed", actor=actor, subject=str(user.subject.public_id))
    return False
