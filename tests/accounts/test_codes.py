"""Codes: hashed, ten minutes, five tries, once, whatever races."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from accounts.domain import issue_code, use_code
from accounts.domain.codes import PER_ADDRESS, PER_CLIENT
from accounts.enums import CodePurpose
from accounts.errors import TooManyCodes
from accounts.models import EmailCode, User
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from tests.factories.accounts import make_account

ACTOR = Actor.system("tests")


def issue(user: User | None, reference: str = "reference", *, address: str = "ada@example.com", client: str = "203.0.113.1") -> str:
    return issue_code(reference, purpose=CodePurpose.VERIFY_EMAIL, address=address, user=user, client_address=client, actor=ACTOR)


def use(typed: str, reference: str = "reference", purpose: CodePurpose = CodePurpose.VERIFY_EMAIL) -> bool:
    return use_code(reference, purpose=purpose, typed=typed, actor=ACTOR)


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    """Run `work` in `count` threads that start together, each with a connection of its own."""
    barrier = Barrier(count)

    def run(number: int) -> Any:
        barrier.wait()
        try:
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@pytest.mark.django_db
class TestOneCode:
    def test_has_at_least_eight_signs_and_is_stored_as_a_hash(self) -> None:
        code = issue(make_account())

        row = EmailCode.objects.values().get()
        assert len(code) >= 8
        assert code not in str(row)
        assert "ada@example.com" not in str(row)

    def test_works_once_however_it_is_typed(self) -> None:
        code = issue(make_account())

        assert use(f" {code[:4].lower()}-{code[4:]} ")
        assert not use(code)

    def test_of_another_purpose_or_reference_is_of_no_use(self) -> None:
        code = issue(make_account())

        assert not use(code, purpose=CodePurpose.STEP_UP)
        assert not use(code, reference="another")
        assert use(code)

    def test_lapses_after_ten_minutes(self) -> None:
        code, now = issue(make_account()), clock.now()

        with clock.stopped_at(now + timedelta(minutes=10, seconds=1)):
            assert not use(code)

    def test_is_dead_after_five_wrong_tries(self) -> None:
        code = issue(make_account())

        assert [use("AAAA2222") for _ in range(5)] == [False] * 5
        assert not use(code)

    def test_for_nobody_never_fits(self) -> None:
        code = issue(None)

        assert not use(code)
        assert not use("")

    def test_is_refused_beyond_the_limit_of_its_address_until_an_hour_has_passed(self) -> None:
        user, now = make_account(), clock.now()
        for number in range(PER_ADDRESS):
            issue(user, f"r{number}", client=f"203.0.113.{number}")

        with pytest.raises(TooManyCodes):
            issue(user, "one more", address="Ada@EXAMPLE.com", client="198.51.100.1")
        issue(user, "another address", address="other@example.com")
        with clock.stopped_at(now + timedelta(hours=1, seconds=5)):
            issue(user, "later")

    def test_is_refused_beyond_the_limit_of_its_client(self) -> None:
        for number in range(PER_CLIENT):
            issue(None, f"r{number}", address=f"a{number}@example.com")

        with pytest.raises(TooManyCodes):
            issue(None, "one more", address="fresh@example.com")


@pytest.mark.django_db(transaction=True)
class TestRaces:
    def test_of_ten_right_codes_at_once_one_counts(self) -> None:
        code = issue(make_account())

        outcomes = at_once(lambda _number: use(code), 5)

        assert sorted(outcomes) == [False] * 4 + [True]

    def test_twenty_wrong_guesses_at_once_get_five_tries_together(self) -> None:
        code = issue(make_account())

        at_once(lambda number: use(f"AAAA22{number:02}"), 10)

        assert EmailCode.objects.get().tries == 5
        assert not use(code)

    def test_the_limit_of_an_address_holds_when_codes_are_asked_for_at_once(self) -> None:
        user = make_account()

        def attempt(number: int) -> bool:
            try:
                issue(user, f"r{number}", client="")
            except TooManyCodes:
                return False
            return True

        outcomes = at_once(attempt, PER_ADDRESS + 4)

        assert outcomes.count(True) == PER_ADDRESS
