"""What happens by the clock: reminded, expired, shredded, lapsed, forgotten. And what the room tells the rooms above."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs import periodic
from privacycenter.jobs.domain import enqueue, run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Problem, Record, registry
from privacycenter.kernel.storage import FolderStorage, storage
from privacycenter.mail.models import OutboxMessage
from requests_app.domain import expire_bundle
from requests_app.enums import Outcome, Status
from requests_app.errors import IllegalMove
from requests_app.fulfilment.direct import export_directly
from requests_app.models import Bundle, DownloadGrant, IdentityProof, Look, RateWindow, Request
from tests.factories.accounts import make_account
from tests.factories.requests import bundle_of, filed, fresh, released, withdrawn, worked
from tests.requests_app.test_proof import file, know, mailed, prove

pytestmark = pytest.mark.django_db


def keep_house(**later: Any) -> None:
    with clock.stopped_at(clock.now() + timedelta(**later)):
        enqueue("requests.keep_house", key="test")
        run_until_idle()


def kinds_of(request: Request) -> list[str]:
    return sorted(OutboxMessage.objects.filter(ticket=request.ref).values_list("kind", flat=True))


def test_house_is_kept_by_the_clock() -> None:
    assert periodic.all_entries()["requests.keep_house"].seconds <= 900


@pytest.mark.obligation("R-01")
def test_the_person_is_reminded_once_before_the_file_goes() -> None:
    request = released(make_account(password=None))

    keep_house(days=10)
    assert "requests.reminder" not in kinds_of(request)
    keep_house(days=12)
    keep_house(days=13)

    assert kinds_of(request).count("requests.reminder") == 1


def test_who_has_fetched_it_is_not_reminded() -> None:
    request = released(make_account(password=None))
    Bundle.objects.update(fetched_at=clock.now())

    keep_house(days=12)

    assert "requests.reminder" not in kinds_of(request)


@pytest.mark.obligation("R-01", "K-01")
def test_after_its_days_the_file_and_its_key_are_gone(stored: Any) -> None:
    request = released(make_account(password=None))
    assert stored() == [bundle_of(request).object_name]

    keep_house(days=13)
    assert bundle_of(request).key is not None
    keep_house(days=15)

    bundle = bundle_of(request)
    assert (fresh(request).status, fresh(request).outcome) == (Status.CLOSED, Outcome.FULFILLED)
    assert (bundle.key, stored()) == (None, [])
    assert AuditEntry.objects.filter(verb="requests.bundle_shredded", ticket=request.ref).count() == 1


def test_the_days_are_a_setting(settings: Any) -> None:
    settings.BUNDLE_RETENTION_DAYS = 3

    bundle = bundle_of(released())

    assert bundle.expires_at - bundle.released_at == timedelta(days=3)


def test_nothing_expires_early() -> None:
    request = released()

    with pytest.raises(IllegalMove):
        expire_bundle(bundle_of(request), actor=Actor.system("tests"))
    assert bundle_of(request).shredded_at is None


def test_what_nobody_proves_lapses_after_a_day_and_the_address_goes() -> None:
    know()
    file()

    keep_house(hours=23)
    assert Request.objects.get().status == Status.RECEIVED
    keep_house(hours=25)

    assert (Request.objects.get().status, Request.objects.get().outcome) == (Status.CLOSED, Outcome.NOT_VERIFIED)
    assert not IdentityProof.objects.exists()


def test_what_was_proven_does_not_lapse() -> None:
    know()
    proof = file()
    request = prove(proof, mailed(proof))

    keep_house(hours=25)

    assert fresh(request).outcome != Outcome.NOT_VERIFIED


def test_what_a_late_worker_wrote_is_swept_away(stored: Any, tmp_path: Path) -> None:
    request = withdrawn()
    run_until_idle()
    storage().put_stream(f"{bundle_of(request).prefix}/work/late/records", [b"sealed"])
    assert len(stored()) == 1

    keep_house(hours=2)

    assert stored() == []


def test_what_a_killed_export_of_an_operator_left_is_removed_after_a_day(stored: Any, tmp_path: Path, monkeypatch: Any) -> None:
    user = make_account(password=None)
    monkeypatch.setattr(FolderStorage, "delete_folder", lambda self, name: None)  # as if the process was killed before
    export_directly(user.subject, kind="access", path=tmp_path / "copy.zip", actor=Actor.system("operator"))
    monkeypatch.undo()
    keep_house(hours=1)
    assert len(stored()) == 1

    keep_house(hours=25)

    assert stored() == []


def test_a_file_that_nobody_releases_is_shredded_and_made_afresh(stored: Any) -> None:
    request = worked()
    old = bundle_of(request)

    keep_house(days=59)
    assert bundle_of(request) == old
    keep_house(days=61)

    old.refresh_from_db()
    assert old.shredded_at is not None
    assert fresh(request).status == Status.REVIEW
    assert stored() == [bundle_of(request).object_name]


def test_counters_grants_and_looks_are_forgotten_when_they_are_over() -> None:
    request = released()
    now = clock.now()
    RateWindow.objects.create(key_hash="x", starts_at=now - timedelta(hours=3), count=1)
    RateWindow.objects.create(key_hash="y", starts_at=now, count=1)
    DownloadGrant.objects.create(bundle=bundle_of(request), session_hash="x", opened_at=now, expires_at=now - timedelta(hours=1))
    Look.objects.create(
        request=request,
        user=make_account(password=None),
        reason="repair",
        note="x",
        opened_at=now - timedelta(days=40),
        expires_at=now - timedelta(days=40),
    )

    keep_house(minutes=1)

    assert list(RateWindow.objects.values_list("key_hash", flat=True)) == ["y"]
    assert not DownloadGrant.objects.exists()
    assert not Look.objects.exists()


def test_one_request_that_can_not_be_moved_stops_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = released(), released()
    from requests_app.fulfilment import housekeeping

    real = housekeeping.expire_bundle

    def lose_one(bundle: Bundle, *, actor: Actor) -> None:
        if bundle.request_id == first.pk:
            raise IllegalMove
        real(bundle, actor=actor)

    monkeypatch.setattr(housekeeping, "expire_bundle", lose_one)
    keep_house(days=15)

    assert (fresh(first).status, fresh(second).status) == (Status.READY, Status.CLOSED)


# The source ------------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-01")
def test_the_requests_themselves_are_a_source_with_their_history() -> None:
    user = make_account(password=None)
    withdrawn(user)
    filed(make_account(password=None))
    source = registry.get("requests.requests")

    locator = source.locate(user.subject)
    records = list(source.export(locator))

    assert source.count(locator) == len(records) == 1
    assert records[0].values["outcome"] == Outcome.WITHDRAWN.label
    assert [event["what"] for event in records[0].values["history"]] == [
        "Your request came in",
        "You confirmed that it is you",
        "You withdrew the request",
    ]
    assert set(records[0].values) == {field.name for field in source.describe().fields}


def test_what_can_not_be_decrypted_costs_its_own_row_alone() -> None:
    user = make_account(password=None)
    broken, with_note, whole = withdrawn(user), withdrawn(user), withdrawn(user)
    for table, column, where, pk in (("request", "contact", "id", broken.pk), ("timelineevent", "note", "request_id", with_note.pk)):
        with connection.cursor() as cursor:
            statement = f"UPDATE requests_app_{table} SET {column} = %s WHERE {where} = %s"
            cursor.execute(statement, [b"not sealed by us", pk])
    source = registry.get("requests.requests")

    items = list(source.export(source.locate(user.subject)))

    assert {item.key: len(item.values["history"]) for item in items if isinstance(item, Record)} == {str(with_note.pk): 0, str(whole.pk): 3}
    assert {item.record for item in items if isinstance(item, Problem)} == {str(broken.pk), str(with_note.pk)}


def test_the_source_takes_two_queries_however_many_requests(django_assert_num_queries: Any) -> None:
    user = make_account(password=None)
    for _ in range(3):
        withdrawn(user)
    source = registry.get("requests.requests")

    with django_assert_num_queries(2):
        assert len(list(source.export(source.locate(user.subject)))) == 3
