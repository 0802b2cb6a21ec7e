"""Two do something about the same corrections at the same moment: one of both happens, and the other is told."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from privacycenter.kernel.sources import registry
from requests_app.correction import deciding
from requests_app.correction.deciding import decide, order_corrections, refuse_corrections
from requests_app.correction.errors import NotAllRefused, Undecided
from requests_app.correction.proposing import add_for_person, drafts_of, fill_in, propose
from requests_app.domain.people import actor_for
from requests_app.enums import Decision, Status
from requests_app.errors import IllegalMove
from requests_app.models import Correction
from tests.factories.accounts import make_account
from tests.factories.corrections import CALLS, DictSource, a_call, decided, draft, sent
from tests.factories.requests import fresh, staff_actor
from tests.requests_app.together import in_threads

SECONDS = 0.4  # in which the other one would get ahead, if it could
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def amira() -> Any:
    return make_account(password=None, email="amira@example.com")


def one_after_the_other(first: Any, second: Any) -> list[Any]:
    """`first` in one thread and `second` in another, in the order in which the threads come."""
    works, lock = [first, second], threading.Lock()

    def next_one() -> Any:
        with lock:
            work = works.pop(0)
        return work()

    return in_threads(2, next_one)


def test_nothing_is_decided_anew_between_the_look_at_the_decisions_and_the_order(amira, monkeypatch) -> None:
    draft(amira, a_call(amira))
    request, actor = sent(amira), staff_actor()
    (correction,) = decided(request, True)
    looked, refused, usual = threading.Event(), threading.Event(), deciding._require_decided

    def look_and_wait(corrections: Any) -> None:
        usual(corrections)
        looked.set()
        refused.wait(SECONDS)

    monkeypatch.setattr(deciding, "_require_decided", look_and_wait)

    def refuse_once_looked() -> None:
        assert looked.wait(20)
        decide(correction, is_accepted=False, reason="Your lease says 12 b.", actor=actor)
        refused.set()

    answers = one_after_the_other(lambda: order_corrections(request, actor=actor), refuse_once_looked)

    assert sum(isinstance(answer, IllegalMove) for answer in answers) == 1
    assert (fresh(request).status, Correction.objects.get().decision) == (Status.CORRECTING, Decision.ACCEPTED)


def test_the_request_is_not_refused_while_a_colleague_accepts_one_of_its_corrections(amira) -> None:
    draft(amira, a_call(amira))
    request, actor = sent(amira), staff_actor()
    (correction,) = decided(request, False)

    answers = one_after_the_other(
        lambda: refuse_corrections(request, actor=actor), lambda: decide(correction, is_accepted=True, actor=actor)
    )

    told = [answer for answer in answers if answer is not None]
    assert len(told) == 1
    assert isinstance(told[0], IllegalMove | NotAllRefused)
    is_refused = fresh(request).status == Status.CLOSED
    assert (Correction.objects.get().decision == Decision.REFUSED) is is_refused


def test_a_colleague_can_t_change_the_value_under_a_decision(amira) -> None:
    call = a_call(amira)
    request, actor = sent(amira, "It is 21 b."), staff_actor()
    added = add_for_person(request, source=CALLS, record_key=str(call.pk), field="summary", actor=actor)
    fill_in(added, value="Moved to flat 21 b", reason="", actor=actor)
    seen = Correction.objects.select_related("request__subject").get()  # as the colleague's page had it
    decided(request, True)

    with pytest.raises(IllegalMove):
        fill_in(seen, value="Moved to flat 99", reason="", actor=actor)
    answers = in_threads(2, lambda: order_corrections(fresh(request), actor=actor))

    assert sum(answer is None for answer in answers) == 1
    assert Correction.objects.get().proposed == '"Moved to flat 21 b"'


def test_what_was_sent_in_one_window_is_not_changed_in_another(amira) -> None:
    seen = draft(amira, a_call(amira))
    sent(amira)

    with pytest.raises(IllegalMove):
        fill_in(seen, value="Moved to flat 99", reason="", actor=actor_for(amira.subject))

    assert Correction.objects.get().proposed == '"Moved to flat 21 b"'


def test_four_clicks_begin_one_draft(amira) -> None:
    call = a_call(amira)

    answers = in_threads(4, lambda: propose(amira.subject, source=CALLS, record_key=str(call.pk), field="summary").pk)

    assert len(set(answers)) == 1
    assert len(drafts_of(amira.subject)) == 1


def test_the_last_accepted_one_is_refused_before_the_order_and_the_order_is_refused(amira) -> None:
    source = DictSource()
    with registry.temporarily(source):
        draft(amira, "a", "21 b", source="tests.outside", field="flat")
        request, actor = sent(amira), staff_actor()
        decided(request, True)
        decided(request, False)

        with pytest.raises(Undecided):
            order_corrections(request, actor=actor)

    assert fresh(request).status == Status.TRIAGE
