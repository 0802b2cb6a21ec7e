"""Security questions: a second hurdle behind the reset link, and nothing else (C-02)."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.client import Client as Browser
from accounts.domain import set_answers
from accounts.models import QuestionTries, ResetLink, SecurityAnswer, User
from accounts.sources import SecurityQuestionSource
from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_due
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.models import OutboxMessage
from tests.factories.accounts import PASSWORD, make_account, signed_in

PAGE, NEW = "/accounts/security-questions/", "a wholly new password"

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("C-02")]


@pytest.fixture(autouse=True)
def _no_memory_of_tries() -> None:
    cache.clear()


def person(answer: str = "Miss Prism") -> User:
    user = make_account(email="ada@example.com")
    set_answers(user, answers={"teacher": answer}, client=Browser(), actor=Actor.for_user(user))
    return user


def open_link(client: Client) -> str:
    client.post("/accounts/password/reset/", {"email": "ada@example.com"})
    run_due(100, kinds=["accounts.send_reset"])
    body = OutboxMessage.objects.filter(kind="accounts.reset_password").latest("pk").body
    link = re.search(r"^http://localhost:8000(/\S+)$", body, re.MULTILINE).group(1)
    return client.get(link).url


def test_questions_are_set_replaced_and_removed() -> None:
    user = make_account()
    client = signed_in(user, fresh=True)

    client.post(PAGE, {"question_1": "teacher", "answer_1": "Miss Prism", "question_2": "first_concert", "answer_2": "Orfeo"})
    first = set(SecurityAnswer.objects.values_list("question", flat=True))
    client.post(PAGE, {"question_1": "unused_job", "answer_1": "Pirate"})
    second = set(SecurityAnswer.objects.values_list("question", flat=True))
    client.post(PAGE, {"remove": "1"})

    assert (first, second) == ({"teacher", "first_concert"}, {"unused_job"})
    assert not SecurityAnswer.objects.exists()


@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"question_1": "teacher", "answer_1": "x"},
        {"question_1": "teacher", "answer_1": "Miss Prism", "question_2": "teacher", "answer_2": "Miss Prism"},
        {"question_1": "", "answer_1": "Miss Prism"},
        {"question_1": "made_up", "answer_1": "Miss Prism"},
    ],
)
def test_half_filled_doubled_and_unknown_questions_are_refused(sent: dict[str, str]) -> None:
    client = signed_in(make_account(), fresh=True)

    assert client.post(PAGE, sent).status_code == 200
    assert not SecurityAnswer.objects.exists()


def test_answers_are_hashed_and_stand_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    user = person("Lady Bracknell")

    page = signed_in(user, fresh=True).get(PAGE).content.decode()
    exported = list(SecurityQuestionSource().export({"account": user.pk}))

    stored = SecurityAnswer.objects.get().answer_hash
    assert stored.startswith("argon2$")
    for text in (page, str(exported), caplog.text, str(list(AuditEntry.objects.values()))):
        assert "bracknell" not in text.lower()
        assert stored not in text
    assert [set(record.values) for record in exported] == [{"question", "set_at"}]


def test_without_questions_the_link_leads_straight_to_the_new_password() -> None:
    make_account(email="ada@example.com")

    page = Client().get(open_link(client := Client()))

    assert client.session is not None
    assert page.status_code == 200


def test_the_question_stands_between_the_link_and_the_new_password() -> None:
    user, client = person(), Client()
    page = open_link(client)

    asked = client.get(page)
    skipped = client.post(page, {"password1": NEW, "password2": NEW})
    user.refresh_from_db()
    unchanged = user.check_password(PASSWORD)
    answered = client.post(page, {"answer": "  miss   PRISM "})
    client.post(page, {"password1": NEW, "password2": NEW})

    user.refresh_from_db()
    assert "favourite teacher" in asked.content.decode()
    assert "favourite teacher" in skipped.content.decode()
    assert unchanged
    assert answered.status_code == 302
    assert user.check_password(NEW)


def test_five_wrong_answers_burn_the_link_and_a_new_one_can_be_had() -> None:
    user, client = person(), Client()
    page = open_link(client)

    answers = [client.post(page, {"answer": "wrong"}).status_code for _ in range(5)]
    burnt = client.post(page, {"answer": "Miss Prism"})
    cache.clear()
    with clock.stopped_at(clock.now() + timedelta(seconds=1)):
        fresh = open_link(other := Client())
        passed = other.post(fresh, {"answer": "Miss Prism"})

    assert answers == [200] * 5
    assert burnt.status_code == 403
    assert passed.status_code in {302, 403}
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_ten_wrong_answers_a_day_close_the_way_until_the_next_day() -> None:
    user = person()
    QuestionTries.objects.create(user=user, day=clock.now().date(), tries=10)
    client = Client()
    page = open_link(client)

    refused = client.post(page, {"answer": "Miss Prism"})
    with clock.stopped_at(clock.now() + timedelta(days=1)):
        passed = client.post(page, {"answer": "Miss Prism"})

    assert refused.status_code == 403
    assert "our staff" in refused.content.decode().lower()
    assert passed.status_code == 302


def test_a_right_answer_costs_no_try() -> None:
    person()
    client = Client()
    page = open_link(client)

    client.post(page, {"answer": "Miss Prism"})

    assert ResetLink.objects.get().tries == 0
    assert QuestionTries.objects.get().tries == 0


def test_the_answer_opens_nothing_but_the_link_it_was_given_for() -> None:
    user = person()
    client = Client()
    client.post(open_link(client), {"answer": "Miss Prism"})

    assert client.get("/accounts/profile/").status_code == 302
    assert User.objects.get().check_password(PASSWORD)
    assert user.pk
