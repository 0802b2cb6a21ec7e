"""The index of the queue is replaced while requests go on coming in (migration 0021), both ways, and again after an interruption."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.test.utils import CaptureQueriesContext

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE, NAME = ("requests_app", "0020_told"), ("requests_app", "0021_urgent_first")


def definition() -> str:
    """How the index stands in the database; empty where it does not, or is half built."""
    if connection.vendor == "postgresql":
        sql = "SELECT pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = to_regclass('request_order') AND indisvalid"
    else:
        sql = "SELECT sql FROM sqlite_master WHERE type = 'index' AND name = 'request_order'"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        row = cursor.fetchone()
    return str(row[0]) if row else ""


def run(*, back: bool = False) -> list[str]:
    """Apply the migration, or take it back; the statements about the index."""
    loader = MigrationExecutor(connection).loader
    migration: Any = loader.get_migration(*NAME)
    state = loader.project_state(BEFORE)
    with CaptureQueriesContext(connection) as captured, connection.schema_editor(atomic=migration.atomic) as editor:
        (migration.unapply if back else migration.apply)(state, editor)
    return [query["sql"] for query in captured if "request_order" in query["sql"]]


def test_it_goes_back_and_forth_without_a_lock_on_the_table() -> None:
    as_it_is = definition()

    back = run(back=True)
    older = definition()
    forth = run()

    assert as_it_is
    assert older
    assert older != as_it_is
    assert definition() == as_it_is
    assert (len(back), len(forth)) == (2, 2)
    assert all(("CONCURRENTLY" in sql) == (connection.vendor == "postgresql") for sql in back + forth)


def test_it_can_be_run_again_after_it_was_interrupted() -> None:
    as_it_is = definition()
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX request_order")
    assert not definition()

    run()
    run()

    assert definition() == as_it_is
