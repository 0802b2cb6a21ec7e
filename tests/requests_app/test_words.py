"""Nobody's words are cut: too long is refused, what was typed stays, and nothing is written."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from requests_app.correction.annotations import NOTE_LENGTH, annotate
from requests_app.correction.deciding import WORDS_LENGTH, decide
from requests_app.domain.authorities import REFERENCE_LENGTH, SUMMARY_LENGTH, record_feedback
from requests_app.domain.deadlines import REASON_LENGTH, extend_deadline
from requests_app.domain.messages import LENGTH, write_to_desk
from requests_app.domain.people import actor_for
from requests_app.domain.recipients import ANSWER_LENGTH, note_notice, take_answer
from requests_app.domain.words import typed
from requests_app.enums import Decision, NoticeState, NoticeWay
from requests_app.errors import ReasonMissing, TooLong
from requests_app.limits.common import LETTER_LENGTH, letter_of
from requests_app.models import Annotation, AuthorityFeedback, Correction, Message, RecipientNotice, Request
from tests.factories.accounts import make_account
from tests.factories.corrections import a_call, draft, sent
from tests.factories.requests import staff_actor


def test_what_is_typed_is_taken_whole_up_to_the_last_character() -> None:
    assert typed(f"  {'a' * 40}  ", 40) == "a" * 40
    assert typed("  ", 40, is_required=False) == ""
    with pytest.raises(ReasonMissing):
        typed("  ", 40)
    with pytest.raises(TooLong, match="at most 40 characters"):
        typed("a" * 41, 40, is_required=False)


def test_a_letter_of_a_limit_is_not_cut() -> None:
    assert letter_of("a" * LETTER_LENGTH) == "a" * LETTER_LENGTH
    with pytest.raises(TooLong, match="at most 4000 characters"):
        letter_of("a" * (LETTER_LENGTH + 1))


VERBS: dict[str, Callable[[Request, Correction], Any]] = {
    "refusal of a correction": lambda request, item: decide(item, is_accepted=False, reason="a" * (WORDS_LENGTH + 1), actor=staff_actor()),
    "reason of an acceptance": lambda request, item: decide(item, is_accepted=True, reason="a" * (WORDS_LENGTH + 1), actor=staff_actor()),
    "note beside data": lambda request, item: annotate(request, item, text="a" * (NOTE_LENGTH + 1), actor=actor_for(request.subject)),
    "what staff note of a recipient": lambda request, item: note_notice(
        RecipientNotice(request=request), state=NoticeState.TOLD, how=NoticeWay.EMAIL, words="a" * (ANSWER_LENGTH + 1), actor=staff_actor()
    ),
    "answer of a recipient": lambda request, item: take_answer(
        RecipientNotice(request=request), is_done=True, words="a" * (ANSWER_LENGTH + 1)
    ),
    "longer time": lambda request, item: extend_deadline(request, reason="a" * (REASON_LENGTH + 1), actor=staff_actor()),
    "message": lambda request, item: write_to_desk(request, words="a" * (LENGTH + 1), files=[], actor=actor_for(request.subject)),
    "letter of an authority": lambda request, item: record_feedback(
        request, authority=None, received_on=date(2026, 3, 2), summary="a" * (SUMMARY_LENGTH + 1), actor=staff_actor()
    ),
    "reference of an authority": lambda request, item: record_feedback(
        request,
        authority=None,
        received_on=date(2026, 3, 2),
        summary="They ask.",
        reference="a" * (REFERENCE_LENGTH + 1),
        actor=staff_actor(),
    ),
}


@pytest.mark.django_db
@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_refuses_what_is_too_long_and_writes_nothing(verb: str) -> None:
    account = make_account(password=None, email="amira@example.com", username="amira")
    item = draft(account, a_call(account))
    request = sent(account)
    item.refresh_from_db()
    before = Request.objects.values().get(pk=request.pk)

    with pytest.raises(TooLong):
        VERBS[verb](request, item)

    item.refresh_from_db()
    assert item.decision == Decision.PENDING
    assert Request.objects.values().get(pk=request.pk) == before
    assert not any(model.objects.exists() for model in (Annotation, AuthorityFeedback, Message, RecipientNotice))
