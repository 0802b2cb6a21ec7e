"""A worker dies before each statement that changes something, one after the other: every change is made once, or not at all."""

from __future__ import annotations

from collections import Counter
from itertools import count
from typing import Any

import pytest
from django.db import connection

from privacycenter.jobs.claims import claim_due
from privacycenter.jobs.models import Job
from privacycenter.kernel.sources import registry
from privacycenter.mail.models import OutboxMessage
from requests_app.correction.applying import apply_corrections
from requests_app.correction.deciding import JOB
from requests_app.enums import Outcome, Status
from requests_app.models import Correction, RecipientNotice, TimelineEvent
from tests.factories.accounts import make_account
from tests.factories.corrections import DictSource, a_call, decided, draft, ordered, sent
from tests.factories.requests import fresh

pytestmark = pytest.mark.django_db


class Killed(BaseException):
    """As if the process had ended here: nothing of the open transaction stays."""


def die_at(fatal: int) -> Any:
    writes = count(1)

    def execute(run_it: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith(("INSERT", "UPDATE", "DELETE")) and next(writes) == fatal:
            raise Killed
        return run_it(sql, params, many, context)

    return execute


@pytest.mark.obligation("R-02")
def test_killed_before_any_of_its_writes_a_correction_is_made_once() -> None:
    amira = make_account(password=None, email="amira@example.com")
    call, source = a_call(amira), DictSource()
    kills = 0
    with registry.temporarily(source):
        draft(amira, call)
        draft(amira, "a", "21 b", source="tests.outside", field="flat")
        request = sent(amira)
        decided(request, True, True)
        ordered(request)
        for fatal in count(1):
            Job.objects.filter(kind=JOB).update(state="waiting", lease_until=None)  # as when the lease of the dead worker has lapsed
            (claim,) = claim_due(kinds=[JOB], room=1)
            try:
                with connection.execute_wrapper(die_at(fatal)):
                    apply_corrections(claim)
            except Killed:
                kills += 1
                call.refresh_from_db()
                is_closed = fresh(request).status == Status.CLOSED
                assert (call.summary == "Moved to flat 21 b") is is_closed is False
            else:
                break

    call.refresh_from_db()
    assert kills > 5
    assert (source.changes, source.rows["a"]["flat"], call.summary) == (1, "21 b", "Moved to flat 21 b")
    assert fresh(request).outcome == Outcome.FULFILLED
    assert Counter(TimelineEvent.objects.filter(request=request).values_list("event", flat=True))["corrected"] == 1
    assert OutboxMessage.objects.filter(kind="requests.decision").count() == 1
    assert sorted(RecipientNotice.objects.values_list("recipient_key", flat=True)) == ["group_entities", "service_providers"]
    assert not Correction.objects.filter(applied_at=None).exists()
