"""Workers are killed at random moments of corrections: each accepted value is put right once everywhere, and each person told once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db.models import Q

from privacycenter.audit.models import AuditEntry
from privacycenter.datamap.domain import save_connector
from privacycenter.datamap.models import Connector, Recipient
from privacycenter.datamap.sql.engines import forget_engine
from privacycenter.jobs.enums import JobState
from privacycenter.jobs.models import Job
from privacycenter.mail.models import OutboxMessage
from privacycenter.records.models import Interaction
from requests_app.correction.deciding import JOB
from requests_app.enums import Decision, NoticeState, Outcome, Status
from requests_app.models import Annotation, Correction, RecipientNotice, Request, TimelineEvent
from tests.datamap.builders import STAFF, handled, make_connector, make_source
from tests.factories.accounts import make_account
from tests.factories.corrections import CALLS, a_call, decided, draft, ordered, sent
from tests.jobs.harness import Workers, worker_environment

PEOPLE = 8
# What is written there is counted there: a second write of the same value would stand in the list as well.
SHOP = """
CREATE TABLE T (id INTEGER PRIMARY KEY, email TEXT NOT NULL, city TEXT, phone TEXT);
CREATE TABLE written (row INTEGER NOT NULL, city TEXT, phone TEXT);
CREATE TRIGGER counted AFTER UPDATE ON T BEGIN INSERT INTO written VALUES (new.id, new.city, new.phone); END;
"""
pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def shop(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """A shop in an SQLite file, as a connected source `shop.customers` whose city and phone may be corrected."""
    settings.VAR_DIR = tmp_path
    path = tmp_path / "outside" / "shop.sqlite3"
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database:
        database.executescript(SHOP)
    connector = make_connector(f"sqlite:///{path}")
    connector.may_write = True
    save_connector(connector, changed=("may_write",), actor=STAFF)
    columns = {"city": "T.city", "phone": "T.phone", "email": "T.email"}
    source = make_source(
        connector, "customers", table="T", person_column="T.email", columns=columns, recipients=["staff_and_contractors", "group_entities"]
    )
    handled(source, correctable=["city", "phone"])
    yield path
    for each in Connector.objects.all():
        forget_engine(each.pk)


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def idle() -> bool:
    return not Job.objects.filter(Q(state__in=[JobState.WAITING, JobState.RUNNING]), kind=JOB).exists()


@pytest.mark.obligation("R-02")
def test_killing_workers_at_random_puts_everything_right_once(tmp_path: Path, settings: Any, shop: Path) -> None:
    Recipient.objects.filter(key="group_entities").update(notice_address="privacy@group.example")
    people = [make_account(password=None) for _each in range(PEOPLE)]
    with closing(sqlite3.connect(shop)) as database:
        customers = [(number, user.email, "Ipo", "+60 1") for number, user in enumerate(people, start=1)]
        database.executemany("INSERT INTO T VALUES (?, ?, ?, ?)", customers)
        database.commit()
    for number, user in enumerate(people, start=1):
        call = a_call(user)
        draft(user, call)
        draft(user, call, "I called twice.", field="")
        draft(user, number, "Ipoh", source="shop.customers", field="city")
        draft(user, number, "+60 2", source="shop.customers", field="phone")
        request = sent(user)
        decided(request, True, True, True, False)
        ordered(request)

    environment = worker_environment(tmp_path, ERASURE_LEDGER=settings.ERASURE_LEDGER, BUNDLE_STORAGE=settings.BUNDLE_STORAGE)
    with Workers(environment, app="tests.requests_app.correction.slow", count=2, processes=1) as workers:
        workers.kill_at_random(until=idle, kills=4, pause_seconds=(0.3, 0.9), seconds=180)
        kills = workers.kills

    assert kills >= 1
    assert Counter(Request.objects.values_list("status", "outcome")) == {(Status.CLOSED, Outcome.IN_PART): PEOPLE}
    assert Counter(Interaction.objects.values_list("summary", flat=True)) == {"Moved to flat 21 b": PEOPLE}
    assert rows(shop, "SELECT DISTINCT city, phone FROM T") == [("Ipoh", "+60 1")]
    assert rows(shop, "SELECT * FROM written ORDER BY row") == [(number, "Ipoh", "+60 1") for number in range(1, PEOPLE + 1)]
    states = [(each.decision, each.applied_at is not None, each.error_code) for each in Correction.objects.all()]
    assert Counter(states) == {(Decision.ACCEPTED, True, ""): 3 * PEOPLE, (Decision.REFUSED, False, ""): PEOPLE}
    assert Counter(Annotation.objects.values_list("source_key", "text")) == {(CALLS, "I called twice."): PEOPLE}
    assert TimelineEvent.objects.filter(event="corrected").count() == PEOPLE
    assert AuditEntry.objects.filter(verb="requests.corrected").count() == PEOPLE
    assert OutboxMessage.objects.filter(kind="requests.decision").count() == PEOPLE
    told = Counter(RecipientNotice.objects.values_list("recipient_key", "state"))
    assert told == {("service_providers", NoticeState.DUE): PEOPLE, ("group_entities", NoticeState.TOLD): PEOPLE}
    assert OutboxMessage.objects.filter(kind="requests.recipient_notice").count() == PEOPLE
