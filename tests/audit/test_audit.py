from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from privacycenter.audit import events, sealing
from privacycenter.audit.checks import check_triggers
from privacycenter.audit.domain import Event, record, record_many, recording_together
from privacycenter.audit.errors import UnfitAuditParameter, UnknownAuditEvent
from privacycenter.audit.models import AuditEntry, AuditSeal
from privacycenter.audit.queries import entries_about, looks_at
from privacycenter.audit.triggers import TABLES, trail
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind

SYSTEM = Actor.system("test")
PERSON = "5a0f5c3e-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def checkpoints(settings, tmp_path):
    settings.AUDIT_CHECKPOINTS = f"file://{tmp_path}/checkpoints"
    return tmp_path / "checkpoints"


@pytest.fixture
def test_events(monkeypatch):
    monkeypatch.setattr(events, "_kinds", dict(events._kinds))
    events.register("test.done", label="done", parameters=("count",))
    events.register("test.looked", label="looked", is_look=True)


def done(count: int = 1, **more):
    return record("test.done", actor=SYSTEM, subject=PERSON, count=count, **more)


def seal_ids() -> list[int]:
    return list(AuditSeal.objects.order_by("id").values_list("id", flat=True))


def done_and_rolled_back() -> None:
    with transaction.atomic():
        done()
        transaction.set_rollback(True)


def done_and_failed() -> None:
    done()
    record("test.done", actor=SYSTEM, subject=PERSON)


def tamper(statement: str, *values) -> None:
    trail.drop()
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    trail.install()


@pytest.mark.usefixtures("db", "test_events")
def test_what_is_recorded_together_is_inserted_in_its_order_by_one_statement():
    with CaptureQueriesContext(connection) as captured, transaction.atomic():
        with recording_together():
            done(1)
            with recording_together():
                record_many([Event("test.done", SYSTEM, parameters={"count": count}) for count in (2, 3)])
            done(4)
            assert not AuditEntry.objects.exists()
        done(5)
    inserts = [query["sql"] for query in captured if query["sql"].startswith("INSERT")]
    assert len(inserts) == 2
    assert [entry.parameters["count"] for entry in AuditEntry.objects.order_by("id")] == [1, 2, 3, 4, 5]


@pytest.mark.usefixtures("db", "test_events")
def test_what_was_recorded_together_with_a_failure_is_not_there():
    with pytest.raises(UnfitAuditParameter), recording_together():
        done_and_failed()
    done(2)
    assert [entry.parameters["count"] for entry in AuditEntry.objects.all()] == [2]


@pytest.mark.usefixtures("db", "test_events")
class TestEntries:
    def test_entry_names_a_person_only_by_a_keyed_hash(self):
        entry = done(fields=("email",), ticket="PR-1")

        stored = AuditEntry.objects.values().get(pk=entry.pk)
        assert PERSON not in json.dumps(stored, default=str)
        assert list(entries_about(PERSON)) == [entry]
        assert not entries_about("5a0f5c3e-0000-4000-8000-000000000002").exists()

    def test_looks_are_told_apart(self):
        done()
        look = record("test.looked", actor=Actor(ActorKind.STAFF, "3"), subject=PERSON)

        assert list(looks_at(PERSON)) == [look]

    def test_unknown_event_is_refused(self):
        with pytest.raises(UnknownAuditEvent):
            record("test.unheard_of", actor=SYSTEM)

    @pytest.mark.parametrize(
        "parameters", [{}, {"count": 1, "more": 2}, {"count": "ada@example.com"}, {"count": "x" * 201}, {"count": 1.5}]
    )
    def test_missing_unexpected_or_personal_parameters_are_refused(self, parameters):
        with pytest.raises(UnfitAuditParameter):
            record("test.done", actor=SYSTEM, **parameters)

        assert not AuditEntry.objects.exists()

    def test_many_entries_are_one_statement(self, django_assert_num_queries):
        with django_assert_num_queries(1):
            record_many(Event("test.done", SYSTEM, PERSON, parameters={"count": number}) for number in range(20))

        assert AuditEntry.objects.count() == 20

    def test_entry_goes_with_the_transaction_that_wrote_it(self):
        done_and_rolled_back()

        assert not AuditEntry.objects.exists()


@pytest.mark.usefixtures("db", "test_events")
class TestAppendOnly:
    STATEMENTS = (
        "UPDATE {table} SET id = id + 1000000",
        "DELETE FROM {table}",
    )

    @pytest.mark.parametrize("table", TABLES)
    @pytest.mark.parametrize("statement", STATEMENTS)
    def test_change_is_refused_by_the_database(self, table, statement):
        entry = done()
        AuditSeal.objects.create(sealed_at=entry.at, first_id=1, last_id=1, leaves=b"", previous_hash="a", chain_hash="b")

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement.format(table=table))

        assert AuditEntry.objects.count() == 1

    def test_truncate_or_replace_is_refused(self):
        entry = done()
        columns = "id, at, verb, actor_kind, actor_ref, subject_key_id, subject_hash, ticket, fields, parameters"
        replace = (
            f"INSERT OR REPLACE INTO audit_auditentry ({columns}) VALUES ({entry.pk}, '2026-01-01', 'x', 'x', '', '', '', '', '[]', '{{}}')"
        )
        statement = "TRUNCATE audit_auditentry" if connection.vendor == "postgresql" else replace

        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    @pytest.mark.postgresql_only
    def test_trigger_that_a_replica_session_would_pass_counts_as_missing(self):
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER audit_auditentry_no_truncate")

        assert trail.missing() == {"audit_auditentry_no_truncate"}
        trail.install()
        assert trail.missing() == set()

    def test_missing_trigger_is_an_error_at_start(self):
        assert check_triggers(None, databases=["default"]) == []

        trail.drop()

        assert [message.id for message in check_triggers(None, databases=["default"])] == ["privacycenter.E015"]
        trail.install()
        assert trail.missing() == set()


@pytest.mark.alone
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("test_events")
class TestSeals:
    @pytest.fixture(autouse=True)
    def _long_ago(self):
        """Two hours ago: entries that old are sealed whatever other transactions are open in the same PostgreSQL."""
        with clock.stopped_at(clock.now() - timedelta(hours=2)):
            yield

    def test_intact_trail_verifies(self, checkpoints):
        for number in range(5):
            done(number)
        sealing.seal_all()
        done()
        sealing.seal_all()

        result = sealing.verify()

        assert (result.is_intact, result.sealed_entries, result.unsealed_entries) == (True, 6, 0)
        assert sorted(path.name for path in checkpoints.iterdir()) == ["head.json", *sorted(f"seal-{pk:012d}.json" for pk in seal_ids())]

    def test_batches_are_chained(self):
        for number in range(5):
            done(number)

        made = []
        while (seal := sealing.seal_entries(limit=2)) is not None:
            made.append(seal)

        assert [len(bytes(seal.leaves)) // sealing.LEAF_BYTES for seal in made] == [2, 2, 1]
        assert [seal.previous_hash for seal in made] == [sealing.GENESIS, made[0].chain_hash, made[1].chain_hash]
        assert sealing.verify().is_intact

    @pytest.mark.parametrize("column", ["verb", "actor_ref", "ticket", "subject_hash"])
    def test_first_changed_entry_is_named(self, column):
        entries = [done(number) for number in range(4)]
        sealing.seal_all()

        tamper(f"UPDATE audit_auditentry SET {column} = 'forged' WHERE id >= %s", entries[2].pk)

        result = sealing.verify()
        assert (result.bad_entry, result.reason) == (entries[2].pk, "it was changed")

    def test_removed_entry_is_named(self):
        entries = [done(number) for number in range(4)]
        sealing.seal_all()

        tamper("DELETE FROM audit_auditentry WHERE id = %s", entries[1].pk)

        assert (sealing.verify().bad_entry, sealing.verify().reason) == (entries[1].pk, "it was removed")

    @pytest.mark.postgresql_only
    def test_row_that_commits_after_its_neighbours_were_sealed_is_sealed_late(self):
        first = done()
        done_and_rolled_back()
        done()
        sealing.seal_all()
        AuditEntry.objects.bulk_create([AuditEntry(id=first.pk + 1, at=first.at, verb="test.done", actor_kind="system")])

        late = sealing.seal_entries()

        assert late.late == [first.pk + 1]
        assert (sealing.verify().is_intact, sealing.verify().unsealed_entries) == (True, 0)

    @pytest.mark.postgresql_only
    def test_nothing_is_sealed_while_an_older_transaction_is_open(self):
        other = connection.copy()
        try:
            other.set_autocommit(False)
            with other.cursor() as cursor:
                cursor.execute("SELECT pg_current_xact_id()")
            with clock.stopped_at(datetime.now(UTC)):
                done()

            assert sealing.seal_entries() is None
        finally:
            other.rollback()
            other.close()

    def test_seal_that_was_removed_is_found_by_its_checkpoint(self):
        done()
        sealing.seal_all()
        done()
        sealing.seal_all()

        tamper("DELETE FROM audit_auditseal WHERE id = %s", AuditSeal.objects.order_by("-id").first().pk)

        assert sealing.verify().reason == "seals after it were removed"

    def test_every_seal_cut_off_at_the_end_is_found(self):
        for number in range(3):
            done(number)
            sealing.seal_all()

        tamper("DELETE FROM audit_auditseal WHERE id > %s", seal_ids()[0])

        assert sealing.verify().reason == "seals after it were removed"

    def test_missing_checkpoint_is_named(self, checkpoints):
        done()
        sealing.seal_all()
        (checkpoints / f"seal-{seal_ids()[0]:012d}.json").unlink()

        assert sealing.verify().reason == "the checkpoint of its seal is missing"

    def test_checkpoint_that_a_dying_worker_did_not_write_is_written_with_the_next(self, checkpoints):
        done()
        sealing.seal_all()
        (checkpoints / f"seal-{seal_ids()[0]:012d}.json").unlink()

        done()
        sealing.seal_all()

        assert sealing.verify().is_intact

    def test_checkpoint_with_a_forged_signature_is_named(self, checkpoints):
        done()
        sealing.seal_all()
        path = checkpoints / f"seal-{seal_ids()[0]:012d}.json"
        line = json.loads(path.read_text())
        path.write_text(json.dumps({**line, "statement": line["statement"].replace("sealed_at", "sealed_on")}))

        assert sealing.verify().reason == "the checkpoint of its seal bears a wrong signature"

    def test_chain_rewritten_as_a_whole_differs_from_the_checkpoint(self):
        entry = done()
        sealing.seal_all()
        seal = AuditSeal.objects.get()
        tamper("UPDATE audit_auditentry SET verb = 'forged' WHERE id = %s", entry.pk)
        seal.leaves = sealing.leaf(AuditEntry.objects.get())
        tamper("UPDATE audit_auditseal SET leaves = %s, chain_hash = %s WHERE id = %s", seal.leaves, sealing.chain_hash(seal), seal.pk)

        assert sealing.verify().reason == "its seal differs from the exported checkpoint"

    def test_command_tells_the_first_bad_entry_and_exits_with_1(self):
        entry = done()
        sealing.seal_all()
        call_command("verify_audit", stdout=StringIO())
        tamper("UPDATE audit_auditentry SET verb = 'forged' WHERE id = %s", entry.pk)
        out = StringIO()

        with pytest.raises(SystemExit) as ended:
            call_command("verify_audit", json=True, stdout=out)

        assert ended.value.code == 1
        assert json.loads(out.getvalue())["first_bad_entry"] == entry.pk


@pytest.mark.django_db
def test_trail_is_cut_by_event_and_actor_without_reading_all_of_it(admin_client, settings):
    settings.DEMO = True  # the desk opens without a second factor
    record("subjects.created", actor=SYSTEM, subject=PERSON)

    with CaptureQueriesContext(connection) as asked:
        page = admin_client.get("/admin/audit/auditentry/", {"verb": "subjects.created", "actor_kind": "system"})

    assert page.status_code == 200
    assert [entry.verb for entry in page.context["cl"].result_list][:1] == ["subjects.created"]
    assert not [query["sql"] for query in asked if "DISTINCT" in query["sql"] and "audit_auditentry" in query["sql"]]
