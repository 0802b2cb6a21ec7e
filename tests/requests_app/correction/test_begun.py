"""A correction that has begun at a source outside can only be finished: what was changed there, the letter has to say."""

from __future__ import annotations

from typing import Any

import pytest

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel.sources import registry
from privacycenter.records.models import Interaction
from requests_app.correction import applying
from requests_app.correction.deciding import decide, refuse_corrections, resume_corrections
from requests_app.correction.errors import CorrectionBegun
from requests_app.domain import reopen_request, withdraw_request
from requests_app.domain.answers import refuse_request
from requests_app.domain.people import actor_for
from requests_app.enums import Outcome, Status
from requests_app.models import Correction
from tests.factories.accounts import make_account
from tests.factories.corrections import DictSource, a_call, decided, draft, ordered, sent
from tests.factories.requests import fresh, staff_actor

pytestmark = pytest.mark.django_db


@pytest.fixture
def amira() -> Any:
    return make_account(password=None, email="amira@example.com")


@pytest.mark.obligation("R-02")
def test_once_a_source_outside_was_changed_the_request_can_only_be_finished(amira) -> None:
    call, source = a_call(amira), DictSource()
    with registry.temporarily(source):
        draft(amira, call)
        draft(amira, "a", "21 b", source="tests.outside", field="flat")
        request, actor = sent(amira), staff_actor()
        decided(request, True, True)
        Interaction.objects.filter(pk=call.pk).update(summary="Moved to flat 33 c")
        ordered(request)
        run_until_idle()
        assert (fresh(request).status, source.rows["a"]["flat"]) == (Status.ATTENTION, "21 b")

        with pytest.raises(CorrectionBegun):
            withdraw_request(fresh(request), actor=actor_for(amira.subject))
        with pytest.raises(CorrectionBegun):
            refuse_request(fresh(request), ground="accurate_as_it_is", reasoning="It is right.", actor=actor)
        decide(Correction.objects.get(error_code="conflict"), is_accepted=False, reason="It is 33 c now.", actor=actor)
        resume_corrections(fresh(request), actor=actor)
        run_until_idle()

    request = fresh(request)
    call.refresh_from_db()
    assert (request.status, request.outcome, call.summary) == (Status.CLOSED, Outcome.IN_PART, "Moved to flat 33 c")
    assert "Deliveries" in (request.letter or "")


def test_a_source_that_failed_in_the_middle_is_looked_at_before_the_request_may_end(amira, monkeypatch) -> None:
    source = DictSource()
    with registry.temporarily(source):
        draft(amira, "a", "21 b", source="tests.outside", field="flat")
        request, actor = sent(amira), staff_actor()
        decided(request, True)

        def write_and_fail(locator: Any, changes: Any) -> int:
            source.rows["a"]["flat"] = "21 b"
            raise ConnectionError("gone before it answered")

        monkeypatch.setattr(source, "rectify", write_and_fail)
        ordered(request)
        run_until_idle()
        applying.give_up(request.pk, code="lost_worker")
        with pytest.raises(CorrectionBegun):
            withdraw_request(fresh(request), actor=actor_for(amira.subject))

        decide(Correction.objects.get(), is_accepted=False, reason="We put it back by hand.", actor=actor)
        refuse_corrections(fresh(request), actor=actor)

    assert fresh(request).outcome == Outcome.REFUSED


def test_a_source_outside_that_took_nothing_leaves_the_request_free_to_end(amira) -> None:
    source = DictSource()
    with registry.temporarily(source):
        draft(amira, "a", "refuse me", source="tests.outside", field="flat")
        request = sent(amira)
        decided(request, True)
        ordered(request)
        run_until_idle()
        assert Correction.objects.get().error_code == "invalid_value"

        withdraw_request(fresh(request), actor=actor_for(amira.subject))

    assert fresh(request).outcome == Outcome.WITHDRAWN


def test_a_request_that_was_answered_and_opened_again_can_be_withdrawn(amira) -> None:
    source = DictSource()
    with registry.temporarily(source):
        draft(amira, "a", "21 b", source="tests.outside", field="flat")
        request = sent(amira)
        decided(request, True)
        ordered(request)
        run_until_idle()
        reopen_request(fresh(request), missing="The floor is wrong, too.", actor=actor_for(amira.subject))

        withdraw_request(fresh(request), actor=actor_for(amira.subject))

    assert fresh(request).outcome == Outcome.WITHDRAWN
