"""Fixtures of every test: a database of its own, an emptied cache, a lifted audit trail while a database is flushed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from django.test import TransactionTestCase

pytest_plugins = ["tests.services.parts", "tests.services.stack", "tests.browser.fixtures"]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """SQLite in a file, as in production: threads and processes see one database, WAL and locks are the real ones."""
    database = settings.DATABASES["default"]
    if "sqlite3" in database["ENGINE"]:
        database.setdefault("TEST", {})["NAME"] = str(Path(settings.VAR_DIR) / "test.sqlite3")


@pytest.fixture(scope="session", autouse=True)
def _flush_with_triggers_lifted() -> Iterator[None]:
    """The triggers that keep the audit trail and the ledger append-only would refuse the flush after a test without a transaction."""
    from privacycenter.kernel.append_only import lifted  # app ready

    flush = TransactionTestCase._fixture_teardown

    def flush_with_triggers_lifted(self: TransactionTestCase) -> None:
        with lifted():
            flush(self)

    TransactionTestCase._fixture_teardown = flush_with_triggers_lifted
    yield
    TransactionTestCase._fixture_teardown = flush


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Read the register of cookies once, so that no test counts its queries and none sees what another rolled back."""
    from privacycenter.preferences.cookies import register as registers  # app ready

    registers.REFRESH_SECONDS = float("inf")
    with django_db_blocker.unblock():
        _baseline.append(registers.current())


_baseline: list[Any] = []  # the register as migrations leave it


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Iterator[None]:
    """After the fixtures are gone, and with them what the test changed in the database."""
    yield
    if _baseline:
        from privacycenter.preferences.cookies import register as registers  # app ready

        registers.restore(_baseline[0])


@pytest.fixture(scope="session", autouse=True)
def _end_the_renderer() -> Iterator[None]:
    """The PDF renderer keeps its child for the next document; after the last test there is none."""
    yield
    from requests_app.pdf.client import shared_renderer  # slow import

    shared_renderer().close()


@pytest.fixture(autouse=True)
def _empty_shared_cache() -> Iterator[None]:
    """Counters of limits live in the cache. The database cache rolls back with its test; Redis has to be emptied."""
    yield
    if settings.REDIS_URL:
        cache.clear()


@pytest.fixture(autouse=True)
def _own_erasure_ledger() -> Iterator[None]:
    """Each test begins without an erasure ledger, and no request looks whether it fits: a test that is about that says so."""
    from requests_app.erasure import serving  # app ready
    from requests_app.erasure.stores import ledger_file  # app ready

    serving.remember(serving.Standing.FIT, seconds=float("inf"))
    yield
    if path := ledger_file(settings.ERASURE_LEDGER):
        path.unlink(missing_ok=True)


@pytest.fixture(autouse=True)
def _forget_consent_texts() -> Iterator[None]:
    """A process remembers which texts it has stored; the rows go with the test's database."""
    from privacycenter.preferences import texts  # app ready

    texts.forget()
    yield
    texts.forget()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what belongs to the other database engine, and in the second run what touches no database at all."""
    engine = settings.DATABASES["default"]["ENGINE"]
    other = "sqlite_only" if "postgresql" in engine else "postgresql_only"
    only_with_database = os.environ.get("ONLY_WITH_DATABASE") == "1"
    kept, left_out = [], []
    for item in items:
        wanted = item.get_closest_marker(other) is None and (not only_with_database or _uses_database(item))
        (kept if wanted else left_out).append(item)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = kept
    _longest_first(items)


def _longest_first(items: list[pytest.Item]) -> None:
    """Within the tests that commit, which pytest-django puts behind the others, the longest come first: at the end one worker would do
    them while the other has nothing left."""
    places = [number for number, item in enumerate(items) if _commits(item)]
    ordered = sorted((items[number] for number in places), key=lambda item: -_seconds(item))
    for number, item in zip(places, ordered, strict=True):
        items[number] = item


def _commits(item: pytest.Item) -> bool:
    marker = item.get_closest_marker("django_db")
    return marker is not None and bool(marker.kwargs.get("transaction"))


def _seconds(item: pytest.Item) -> float:
    marker = item.get_closest_marker("slow")
    return 0 if marker is None else float(marker.kwargs.get("seconds", 10))


def _uses_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db", "live_server"}.isdisjoint(fixtures)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Leave the counts for deploy/run_tests.py, which adds up the stages."""
    target = os.environ.get("TEST_COUNTS")
    if target:
        stats = terminalreporter.stats
        counts = {
            "passed": len(stats.get("passed", [])) + len(stats.get("xfailed", [])),
            "failed": len(stats.get("failed", [])) + len(stats.get("error", [])),
            "skipped": len(stats.get("skipped", [])),
        }
        Path(target).write_text(json.dumps(counts), encoding="utf-8")
