"""Correcting and erasing in somebody else's database: one person's rows, all or none, and nobody else's."""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from privacycenter.datamap.domain import save_connector
from privacycenter.datamap.errors import SourceMisconfigured, SourceUnavailable
from privacycenter.datamap.handling import notes_on
from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql import writing as module
from privacycenter.datamap.sql.engines import NotAllowed, connected, engine_for, writing
from privacycenter.datamap.sql.source import SqlSource
from privacycenter.kernel.sources import CannotChange, CannotErase, Erased, FieldChange, Treatment
from tests.datamap.builders import (
    ADA,
    BOB,
    GONE,
    KEPT,
    LUIS,
    STAFF,
    becomes,
    handled,
    make_chinook_sources,
    make_source,
    named,
    outside,
    rows_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("R-02", "R-03")]

MakeShop = Callable[[str], Connector]


def test_a_customer_becomes_anonymous_while_the_invoices_are_kept(chinook: Connector):
    sources = make_chinook_sources(chinook)
    everybody = f"SELECT * FROM {named(chinook, 'Customer')} ORDER BY 1"
    before = rows_of(chinook, everybody)
    profile = handled(sources["profile"], **GONE)
    invoices, lines = handled(sources["invoices"], **KEPT), handled(sources["lines"], **KEPT)

    kept = [source.erase(LUIS, Treatment.RETAIN) for source in (lines, invoices)]
    done = [profile.erase(LUIS, Treatment.ANONYMISE) for _twice in range(2)]

    after = rows_of(chinook, everybody)
    assert (kept, done) == ([Erased(retained=38), Erased(retained=7)], [Erased(anonymised=1), Erased()])
    assert after[1:] == before[1:]
    number, first, last, company, address, city, *others, email, support = after[0]
    assert (number, first, last, company, address, city, support) == (1, "erased", "erased", None, None, None, 3)
    assert (others, email.startswith("erased-")) == ([None] * 5, True)
    assert [source.verify_erased(LUIS) for source in (profile, invoices, lines)] == [0, 0, 0]
    assert rows_of(chinook, f"SELECT count(*) FROM {named(chinook, 'Invoice')}") == [(412,)]


def test_a_customer_is_deleted_after_what_hangs_on_it(chinook: Connector):
    sources = make_chinook_sources(chinook)
    profile = handled(sources["profile"], erasure="delete")
    invoices = handled(sources["invoices"], erasure="delete")
    lines = handled(sources["lines"], erasure="delete")
    ordered = sorted((profile, invoices, lines), key=lambda source: source.describe().erasure.order)

    with pytest.raises(CannotErase, match="unfit_treatment"):
        profile.erase(LUIS, Treatment.DELETE)
    counts = [source.erase(LUIS, Treatment.DELETE).removed for source in ordered]

    assert (ordered, counts) == ([lines, invoices, profile], [38, 7, 1])
    assert [source.verify_erased(LUIS) for source in ordered] == [0, 0, 0]
    left = [
        rows_of(chinook, f"SELECT count(*) FROM {named(chinook, name)}")[0][0] for name in ("Customer", "Invoice", "InvoiceLine", "Track")
    ]
    assert left == [58, 405, 2202, 3503]
    assert any("Invoice" in note or "invoice" in note for note in notes_on(profile.source))


def test_joined_rows_go_along_only_where_staff_say_so_and_never_shared_ones(chinook: Connector):
    def style(*names: str) -> list[str]:
        return [named(chinook, name) for name in names]

    joins = [
        " = ".join(style("Customer.CustomerId", "Invoice.CustomerId")),
        " = ".join(style("Invoice.InvoiceId", "InvoiceLine.InvoiceId")),
        " = ".join(style("InvoiceLine.TrackId", "Track.TrackId")),
    ]
    table, email, fk = style("Invoice", "Customer.Email", "Invoice.CustomerId")
    source = make_source(chinook, "orders", table=table, person_column=email, joins=joins, columns={"customer": fk})
    for shared in style("Track", "Customer"):
        with pytest.raises(SourceMisconfigured, match="may belong to others"):
            handled(source, erasure="delete", owned_tables=[shared])
    orders = handled(source, erasure="delete", owned_tables=style("InvoiceLine"))

    assert [count.rows for count in orders.rehearse(LUIS)] == [38, 7]
    assert (orders.erase(LUIS, Treatment.DELETE), orders.verify_erased(LUIS)) == (Erased(removed=7), 0)
    assert rows_of(chinook, f"SELECT count(*) FROM {named(chinook, 'InvoiceLine')}") == [(2202,)]


def test_phone_and_address_are_put_right_once(chinook: Connector):
    columns = {
        name: named(chinook, f"Customer.{column}") for name, column in (("phone", "Phone"), ("street", "Address"), ("email", "Email"))
    }
    source = make_source(
        chinook, "profile", table=named(chinook, "Customer"), person_column=named(chinook, "Customer.Email"), columns=columns
    )
    profile = handled(source, correctable=["phone", "street"])
    changes = [FieldChange("1", "phone", " +55 12 3923-0000 "), FieldChange("1", "street", None)]

    assert [profile.rectify(LUIS, changes) for _twice in range(2)] == [1, 0]
    (record,) = profile.export(LUIS)
    assert record.values == {"phone": "+55 12 3923-0000", "street": None, "email": "luisg@embraer.com.br"}
    assert [field.name for field in profile.describe().fields if field.correctable] == ["phone", "street"]
    for change, code in (
        (FieldChange("2", "phone", "1"), "unknown_record"),
        (FieldChange("1", "email", "new@example.com"), "read_only"),
        (FieldChange("1", "shoe_size", "44"), "unknown_field"),
        (FieldChange("1", "phone", "x" * 25), "invalid_value"),
        (FieldChange("1", "street", "4111 1111 1111 1111"), "invalid_value"),
    ):
        with pytest.raises(CannotChange, match=code):
            profile.rectify(LUIS, [FieldChange("1", "phone", "+1"), change])
    assert next(iter(profile.export(LUIS))).values == record.values


TYPES = """CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT NOT NULL, Age INTEGER, Paid NUMERIC(6,2), Born DATE, Seen DATETIME,
    Ok BOOLEAN, Name VARCHAR(10) NOT NULL, Photo BLOB, Size INTEGER CHECK (Size < 100));
    INSERT INTO T VALUES (1,'ada@example.com',36,1.5,'1815-12-10','2026-01-02 03:04:05',1,'Ada',NULL,1),
    (2,'bob@example.com',40,2,'1970-01-01',NULL,0,'Bob',NULL,2);"""


@pytest.mark.parametrize(
    ("field", "value", "read"),
    [
        ("age", "37", 37),
        ("paid", "12.5", Decimal("12.50")),
        ("born", "1815-12-11", None),
        ("seen", "2026-07-02T03:04:05+02:00", None),
        ("ok", "no", False),
        ("name", None, ""),
        ("age", None, None),
    ],
)
def test_a_value_becomes_one_of_its_column(shop: MakeShop, field: str, value: Any, read: Any):
    connector = shop(TYPES)
    fields = {name.lower(): f"T.{name}" for name in ("Age", "Paid", "Born", "Seen", "Ok", "Name")}
    source = handled(make_source(connector, "rows", table="T", person_column="T.Email", columns=fields), correctable=list(fields))

    assert [source.rectify(ADA, [FieldChange("1", field, value)]) for _twice in range(2)] == [1, 0]
    (record,) = source.export(ADA)
    assert record.values[field] == read or (field in {"born", "seen"} and str(record.values[field])[:10] in {"1815-12-11", "2026-07-02"})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("age", "old"),
        ("age", 1.5),
        ("age", True),
        ("age", 2**63),
        ("age", 4111111111111111),
        ("paid", "1.005"),
        ("paid", "12345"),
        ("paid", "NaN"),
        ("born", "yesterday"),
        ("born", "2023-02-29"),
        ("seen", "soon"),
        ("ok", "maybe"),
        ("name", "a name too long"),
        ("name", ["Ada"]),
        ("size", 100),
    ],
)
def test_a_value_that_does_not_fit_changes_nothing(shop: MakeShop, field: str, value: Any):
    connector = shop(TYPES)
    fields = {name.lower(): f"T.{name}" for name in ("Age", "Paid", "Born", "Seen", "Ok", "Name", "Size")}
    source = handled(make_source(connector, "rows", table="T", person_column="T.Email", columns=fields), correctable=list(fields))
    before = rows_of(connector, "SELECT * FROM T")

    with pytest.raises(CannotChange, match="invalid_value"):
        source.rectify(ADA, [FieldChange("1", "name", "Augusta"), FieldChange("1", field, value)])

    assert rows_of(connector, "SELECT * FROM T") == before


LINKED = """CREATE TABLE C (Id INTEGER PRIMARY KEY, Email TEXT);
    CREATE TABLE T (Id INTEGER PRIMARY KEY, CId INTEGER NOT NULL REFERENCES C, City TEXT, Note TEXT);
    INSERT INTO C VALUES (1,'ada@example.com'),(2,'bob@example.com');
    INSERT INTO T VALUES (1,1,'Rome','x'),(2,1,NULL,'y'),(3,2,'Oslo','z');"""


def test_rows_found_over_another_table_count_as_anonymous_by_what_stands_in_them(shop: MakeShop):
    source = make_source(shop(LINKED), "rows", table="T", person_column="C.Email", joins=["T.CId = C.Id"])
    with pytest.raises(SourceMisconfigured, match="is known again"):
        handled(source, **GONE, strategies=becomes(Note="unique"))
    rows = handled(source, **GONE, strategies=becomes(City="null", Note="unique"))

    assert rows.verify_erased(ADA) == 1  # the row without a city looks done
    assert (rows.erase(ADA, Treatment.ANONYMISE), rows.erase(ADA, Treatment.ANONYMISE)) == (Erased(anonymised=1), Erased())
    assert (rows.verify_erased(ADA), rows.count(ADA), rows.verify_erased(BOB)) == (0, 2, 1)
    assert any("can still be found over C" in note for note in notes_on(rows.source))


@pytest.mark.parametrize("treatment", [Treatment.DELETE, Treatment.ANONYMISE])
def test_what_fails_in_the_middle_leaves_everything_as_it_was(shop: MakeShop, monkeypatch: pytest.MonkeyPatch, treatment: Treatment):
    rows = ",".join(f"({number},'ada@example.com')" for number in range(6))
    connector = shop(f"CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO T VALUES {rows};")
    values = {"erasure": "delete"} if treatment is Treatment.DELETE else {**GONE, "strategies": becomes(Email="null")}
    source = handled(make_source(connector, "rows", table="T", person_column="T.Email"), **values)
    monkeypatch.setattr(module, "CHUNK", 2)
    chunks = module._chunks

    def dies(keys: Any) -> Any:
        for number, some in enumerate(chunks(keys)):
            if number == 2:
                raise SystemExit
            yield some

    monkeypatch.setattr(module, "_chunks", dies)
    with pytest.raises(SystemExit):
        source.erase(ADA, treatment)
    monkeypatch.setattr(module, "_chunks", chunks)

    assert rows_of(connector, "SELECT count(*) FROM T WHERE Email = 'ada@example.com'") == [(6,)]
    assert sum(source.erase(ADA, treatment)) == 6


def test_a_connector_reads_only_until_it_is_told_otherwise(sqlite_shop: MakeShop):
    connector = sqlite_shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO T VALUES (1,'ada@example.com');")
    row = make_source(connector, "rows", table="T", person_column="T.Email", columns={"id": "T.Id"})
    source = handled(row, erasure="delete")

    with pytest.raises(CannotErase, match="read_only"):
        source.erase(ADA, Treatment.DELETE)
    with pytest.raises(CannotChange, match="read_only"):
        source.rectify(ADA, [FieldChange("1", "id", 2)])
    with pytest.raises(NotAllowed):
        engine_for(connector, writes=True)
    assert (source.obstacle(ADA), source.obstacle(BOB), source.erase(BOB, Treatment.DELETE)) == ("read_only", "", Erased())
    assert source.erase(ADA, Treatment.RETAIN) == Erased(retained=1)


def test_only_what_was_set_up_is_done(shop: MakeShop):
    connector = shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO T VALUES (1,'ada@example.com');")
    row = make_source(connector, "rows", table="T", person_column="T.Email")
    with pytest.raises(CannotErase, match="read_only"):
        SqlSource(row).erase(ADA, Treatment.DELETE)
    source = handled(row, **GONE, strategies=becomes(Email="null"))

    with pytest.raises(CannotErase, match="unfit_treatment"):
        source.erase(ADA, Treatment.DELETE)
    assert (source.erase({}, Treatment.ANONYMISE), source.verify_erased({}), source.verify_erased(ADA)) == (Erased(), 0, 1)


def test_a_file_that_may_not_be_written_is_said_to_be_read_only(shop: MakeShop, monkeypatch: pytest.MonkeyPatch):
    connector = shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO T VALUES (1,'ada@example.com');")
    source = handled(make_source(connector, "rows", table="T", person_column="T.Email"), erasure="delete")
    monkeypatch.setattr(
        "privacycenter.datamap.sql.engines._open_sqlite",
        lambda url, *, writes: sqlite3.connect(f"file:{url.database}?mode=ro", uri=True, check_same_thread=False),
    )

    with pytest.raises(CannotErase, match="read_only"):
        source.erase(ADA, Treatment.DELETE)


def test_a_database_that_somebody_else_holds_is_tried_again_later(shop: MakeShop, outside_folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("privacycenter.datamap.sql.engines.CONNECT_TIMEOUT_SECONDS", 0)
    connector = shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO T VALUES (1,'ada@example.com');")
    source = handled(make_source(connector, "rows", table="T", person_column="T.Email"), erasure="delete")
    other = sqlite3.connect(outside_folder / "small.sqlite3", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(SourceUnavailable):
        source.erase(ADA, Treatment.DELETE)
    other.close()

    assert source.erase(ADA, Treatment.DELETE) == Erased(removed=1)


@pytest.mark.services
def test_an_account_that_may_not_write_is_said_to_be_read_only(chinook_postgresql: Connector):
    with outside(chinook_postgresql).begin() as connection:
        connection.exec_driver_sql("DROP ROLE IF EXISTS pc_reader")
        connection.exec_driver_sql("CREATE ROLE pc_reader LOGIN")
        connection.exec_driver_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO pc_reader")
    chinook_postgresql.may_write = True
    address = sa.make_url(chinook_postgresql.url).set(username="pc_reader", password=None)
    save_connector(chinook_postgresql, write_url=address.render_as_string(hide_password=False), actor=STAFF)
    profile = handled(make_chinook_sources(chinook_postgresql)["profile"], **GONE)

    try:
        with pytest.raises(CannotErase, match="read_only"):
            profile.erase(LUIS, Treatment.ANONYMISE)
        assert profile.count(LUIS) == 1
    finally:
        with outside(chinook_postgresql).begin() as connection:
            connection.exec_driver_sql("DROP OWNED BY pc_reader")
            connection.exec_driver_sql("DROP ROLE pc_reader")


def test_a_statement_of_a_change_ends_at_the_time_out(shop: MakeShop, monkeypatch: pytest.MonkeyPatch):
    connector = shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT);")
    clock = iter([0.0] * 3 + [100.0] * 10_000)
    with writing(engine_for(connector, writes=True)) as connection:
        connection.exec_driver_sql("SELECT 1")
    monkeypatch.setattr("privacycenter.datamap.sql.engines.time.monotonic", lambda: next(clock))
    endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) INSERT INTO T SELECT i, 'x' FROM n"

    with pytest.raises(SourceUnavailable), writing(engine_for(connector, writes=True)) as connection:
        connection.exec_driver_sql(endless)

    assert rows_of(connector, "SELECT count(*) FROM T") == [(0,)]


def test_a_process_that_is_killed_in_the_middle_leaves_all_rows(chinook: Connector):
    lines = handled(make_chinook_sources(chinook)["lines"], erasure="delete")
    before = (lines.count(LUIS), lines.rehearse(LUIS))
    delete = module.Writer._delete

    def delete_some(self: module.Writer, connection: sa.Connection, table: Any, key: Any, keys: Any) -> int:
        delete(self, connection, table, key, keys[:20])
        os.kill(os.getpid(), signal.SIGKILL)
        return 0

    child = os.fork()
    if child == 0:
        module.Writer._delete = delete_some  # type: ignore[method-assign]
        lines.erase(LUIS, Treatment.DELETE)
        os._exit(0)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    assert (lines.count(LUIS), lines.rehearse(LUIS)) == before
    assert (lines.erase(LUIS, Treatment.DELETE), lines.verify_erased(LUIS)) == (Erased(removed=38), 0)


def test_what_a_killed_writer_left_in_a_file_is_undone_before_it_is_read(shop: MakeShop, outside_folder: Path):
    connector = shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT, Text TEXT);")
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Email"))
    file = outside_folder / "small.sqlite3"
    with sqlite3.connect(file) as filled:
        filled.executemany("INSERT INTO T VALUES (?, 'ada@example.com', ?)", [(number, "x" * 500) for number in range(500)])
    filled.close()
    child = os.fork()
    if child == 0:
        killed = sqlite3.connect(file, isolation_level=None)
        for statement in ("PRAGMA cache_size = 10", "BEGIN IMMEDIATE", "DELETE FROM T WHERE Id < 400"):
            killed.execute(statement)
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)

    assert file.with_name("small.sqlite3-journal").exists()
    assert source.count(ADA) == 500
    with pytest.raises(SourceUnavailable), connected(engine_for(connector)) as connection:
        connection.exec_driver_sql("DELETE FROM T")
