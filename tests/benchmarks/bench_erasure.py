"""Erasure: one person with 200 records in 40 sources, from the ledger to the certificate, against the same deletes by the bare driver.

    DATABASE_URL=postgresql://… python -m tests.benchmarks.run erasure

Ours is the whole job of an approved erasure whose days are over: both entries of the ledger (each safe before what rests on
it), every source in one transaction, every source asked again, moves, audit entries, the signed certificate and its mail. The
bare driver deletes the same rows of other people, forty statements in one transaction.
"""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection, models

from tests.benchmarks import bench_requests as usual

ROUNDS = 30


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Measure, and answer the rows for the table."""
    from privacycenter.kernel.sources import registry

    rounds = 5 if quick else ROUNDS
    tables = usual._tables()
    with tempfile.TemporaryDirectory(prefix="privacycenter-bench-") as folder:
        settings.ERASURE_LEDGER = f"file://{Path(folder, 'ledger.jsonl')}"
        with registry.temporarily(*usual._sources(tables), only=True):
            return _compare(tables, rounds)


def _compare(tables: list[type[models.Model]], rounds: int) -> list[dict[str, Any]]:
    from privacycenter.jobs.domain import run_due

    def erase() -> None:
        run_due(1, kinds=["requests.erase"])

    plans = [_begun(usual._person()) for _ in range(rounds + 4)]
    for _ in range(3):
        erase()  # warm: imports, prepared plans
    queries = usual._count_queries(erase)
    ours, theirs = [], []
    for number in range(rounds):
        ours.append(usual._seconds(erase))
        theirs.append(usual._seconds(lambda owner=usual.PEOPLE - number: _bare(tables, owner)))  # type: ignore[misc]
    _check(plans, tables)
    return [
        {
            "name": f"erase a person ({usual.SOURCES} sources x {usual.RECORDS_EACH} records), ledger, proof, audit and certificate",
            "ours": f"{median(ours) * 1000:.1f} ms, {queries} round trips",
            "baseline": f"{median(theirs) * 1000:.1f} ms ({usual.SOURCES} deletes, bare driver, one transaction)",
            "ratio": median(ours) / median(theirs),
            "target": "<= 2.5",
            "aim": "<= 1.2",
        }
    ]


def _begun(person: Any) -> Any:
    """An erasure that has been planned, approved and cooled off, so that only its job is left."""
    from privacycenter.jobs.domain import run_due
    from privacycenter.kernel import clock
    from requests_app.domain import file_request
    from requests_app.domain.people import actor_for
    from requests_app.erasure.work import begin_erasure
    from requests_app.models import ErasurePlan, Request

    request = file_request(kind="erasure", user=person, actor=actor_for(person.subject))
    run_due(kinds=["requests.plan_erasure", "mail.send"])
    plan = ErasurePlan.objects.select_related("request__subject").get(request=request, superseded_at=None)
    plan.approved_at = plan.cooling_until = clock.now() - timedelta(days=1)
    plan.save(update_fields=["approved_at", "cooling_until"])
    Request.objects.filter(pk=request.pk).update(status="cooling")
    plan.request.status = "cooling"
    assert begin_erasure(plan), "an erasure did not begin"
    return plan


def _bare(tables: list[type[models.Model]], owner: int) -> None:
    """What the driver alone takes to delete as many rows for good."""
    raw = connection.connection
    mark = "%s" if connection.vendor == "postgresql" else "?"
    cursor = raw.cursor()
    cursor.execute("BEGIN")
    for model in tables:
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE owner = {mark}", (owner,))
        assert cursor.rowcount == usual.RECORDS_EACH
    cursor.execute("COMMIT")
    cursor.close()


def _check(plans: list[Any], tables: list[type[models.Model]]) -> None:
    from requests_app.models import ErasurePlan, ErasureStep, LedgerEntry

    done = ErasurePlan.objects.filter(pk__in=[plan.pk for plan in plans], finished_at__isnull=False)
    assert done.count() == len(plans), "not every erasure was done"
    removed = ErasureStep.objects.filter(plan__in=done, status="done").values_list("removed", flat=True)
    assert list(removed) == [usual.RECORDS_EACH] * usual.SOURCES * len(plans), "an erasure removed another number of records"
    assert LedgerEntry.objects.count() == 2 * len(plans), "the ledger has another number of entries"
    left = sum(model._default_manager.filter(owner__in=[plan.request.subject_id for plan in plans]).count() for model in tables)
    assert left == 0, "something was left"
