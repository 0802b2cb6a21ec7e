"""Reading somebody else's database: every row once, types kept, damage named, nobody else's data, nothing written."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from privacycenter.datamap.errors import SourceChanged, SourceTimeout, SourceUnavailable
from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql import source as reading
from privacycenter.datamap.sql.engines import connected, engine_for
from privacycenter.datamap.sql.source import SqlSource
from privacycenter.datamap.sql.values import Values, sqlite_reader
from privacycenter.jobs.errors import Retryable
from privacycenter.kernel import page_size
from privacycenter.kernel.sources import Problem, Record
from tests.datamap.builders import LUIS, make_chinook_sources, make_connector, make_source

pytestmark = pytest.mark.django_db

ADA = {"kind": "email", "values": ["ada@example.com"]}
MakeShop = Callable[[str], Connector]


def keys_of(source: SqlSource, locator: dict[str, Any] = ADA) -> list[str]:
    return [item.key if isinstance(item, Record) else item.record for item in source.export(locator)]


def send(connector: Connector, *statements: str) -> None:
    with connected(engine_for(connector)) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_every_row_comes_once_and_in_key_order_whatever_the_page(sqlite_shop: MakeShop, monkeypatch: pytest.MonkeyPatch, page: int):
    monkeypatch.setattr(reading, "PAGE", page)
    rows = ",".join(f"({number}, 'ada@example.com')" for number in (5, 1, 9, 3, 7, 2))
    connector = sqlite_shop(f"CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO T VALUES {rows}, (4, 'bob@example.com');")
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Email"))

    assert keys_of(source) == ["1", "2", "3", "5", "7", "9"]


@pytest.mark.parametrize("page", [1, 2, 100])
def test_a_key_of_several_columns_is_paged_along_all_of_them(sqlite_shop: MakeShop, monkeypatch: pytest.MonkeyPatch, page: int):
    monkeypatch.setattr(reading, "PAGE", page)
    connector = sqlite_shop(
        "CREATE TABLE T (A INTEGER NOT NULL, B TEXT NOT NULL, Email TEXT, PRIMARY KEY (A, B));"
        "INSERT INTO T VALUES (1,'b','ada@example.com'),(1,'a','ada@example.com'),(2,'a','ada@example.com'),(1,'c','bob@example.com');"
    )
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Email"))

    assert keys_of(source) == ["1/a", "1/b", "2/a"]


@pytest.mark.parametrize("page", [1, 2, 3, 100])
def test_a_join_that_multiplies_rows_loses_none_and_numbers_them(sqlite_shop: MakeShop, monkeypatch: pytest.MonkeyPatch, page: int):
    monkeypatch.setattr(reading, "PAGE", page)
    connector = sqlite_shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); CREATE TABLE Tag (TId INTEGER, Name TEXT);"
        "INSERT INTO T VALUES (1,'ada@example.com'),(2,'ada@example.com'),(3,'ada@example.com');"
        "INSERT INTO Tag VALUES (1,'x'),(1,'a'),(1,'m'),(3,'z');"
    )
    source = SqlSource(
        make_source(connector, "rows", table="T", person_column="T.Email", joins=["T.Id = Tag.TId"], columns={"tag": "Tag.Name"})
    )

    assert [(item.key, item.values["tag"]) for item in source.export(ADA)] == [
        ("1", "a"),
        ("1#2", "m"),
        ("1#3", "x"),
        ("2", None),
        ("3", "z"),
    ]


def test_rows_without_a_key_are_named_as_problems(sqlite_shop: MakeShop):
    connector = sqlite_shop(
        "CREATE TABLE T (Id TEXT PRIMARY KEY, Email TEXT); INSERT INTO T VALUES (NULL,'ada@example.com'),('k','ada@example.com');"
    )

    assert keys_of(SqlSource(make_source(connector, "rows", table="T", person_column="T.Email"))) == ["k", "without-key-1"]


def test_a_missing_look_up_costs_no_record(sqlite_shop: MakeShop):
    connector = sqlite_shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT, TrackId INTEGER); CREATE TABLE Track (Id INTEGER PRIMARY KEY, Name TEXT);"
        "INSERT INTO T VALUES (1,'ada@example.com',7),(2,'ada@example.com',8); INSERT INTO Track VALUES (7,'Song');"
    )
    source = make_source(
        connector, "rows", table="T", person_column="T.Email", joins=["T.TrackId = Track.Id"], columns={"track": "Track.Name"}
    )

    assert [item.values for item in SqlSource(source).export(ADA)] == [{"track": "Song"}, {"track": None}]


def test_types_are_kept_and_odd_values_passed_on(sqlite_shop: MakeShop):
    connector = sqlite_shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT, At DATETIME, Day DATE, Price NUMERIC(10,2), Ok BOOLEAN, Photo BLOB, N REAL);"
        "INSERT INTO T VALUES (1,'ada@example.com','2026-01-02 03:04:05','2026-01-02',1.1,1,x'00ff',1e999);"
        "INSERT INTO T VALUES (2,'ada@example.com','soon','0000-00-00','free','maybe',NULL,2.5);"
    )
    connector.time_zone = "Europe/Berlin"
    connector.save()
    source = make_source(connector, "rows", table="T", person_column="T.Email")

    first, second = SqlSource(source).export(ADA)

    assert first.values == {
        "id": 1,
        "email": "ada@example.com",
        "at": datetime(2026, 1, 2, 3, 4, 5, tzinfo=ZoneInfo("Europe/Berlin")),
        "day": date(2026, 1, 2),
        "price": Decimal("1.10"),
        "ok": True,
        "photo": {"media_type": "application/octet-stream", "size": 2, "base64": "AP8="},
        "n": "inf",
    }
    assert str(first.values["price"]) == "1.10"
    assert second.values == {
        "id": 2,
        "email": "ada@example.com",
        "at": "soon",
        "day": "0000-00-00",
        "price": "free",
        "ok": "maybe",
        "photo": None,
        "n": 2.5,
    }


@pytest.mark.obligation("C-04")
def test_card_numbers_are_masked_on_their_way(sqlite_shop: MakeShop):
    connector = sqlite_shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT, Note TEXT, Card INTEGER);"
        "INSERT INTO T VALUES (1,'ada@example.com','paid with 4111 1111 1111 1111',4111111111111111);"
    )
    source = make_source(connector, "rows", table="T", person_column="T.Email", columns={"note": "T.Note", "card": "T.Card"})

    assert [item.values for item in SqlSource(source).export(ADA)] == [
        {"note": "paid with [card number ending 1111]", "card": "[card number ending 1111]"}
    ]


@pytest.mark.parametrize("page", [1, 2, 100])
def test_text_that_is_no_utf8_is_shown_and_the_others_go_on(sqlite_shop: MakeShop, monkeypatch: pytest.MonkeyPatch, page: int):
    monkeypatch.setattr(reading, "PAGE", page)
    connector = sqlite_shop(
        "CREATE TABLE T (Id TEXT PRIMARY KEY NOT NULL, Email TEXT, Note TEXT);"
        "INSERT INTO T VALUES ('a','ada@example.com','fine'),('b','ada@example.com',CAST(x'67ff68' AS TEXT)),"
        "(CAST(x'62fe' AS TEXT),'ada@example.com','odd key'),('c','ada@example.com',CAST(x'eda080' AS TEXT)),('d','ada@example.com','end');"
    )
    source = make_source(connector, "rows", table="T", person_column="T.Email", columns={"note": "T.Note"})

    assert [(item.key, item.values["note"]) for item in SqlSource(source).export(ADA)] == [
        ("a", "fine"),
        ("b", "g\\xffh"),
        ("b\\xfe", "odd key"),
        ("c", "\\xed\\xa0\\x80"),
        ("d", "end"),
    ]


@pytest.mark.services
@pytest.mark.parametrize("page", [1, 2, 100])
def test_a_value_that_the_driver_can_not_read_is_a_problem_and_the_others_go_on(
    chinook_postgresql: Connector, monkeypatch: pytest.MonkeyPatch, page: int
):
    import psycopg  # slow import

    monkeypatch.setattr(reading, "PAGE", page)
    with psycopg.connect(chinook_postgresql.url.replace("+psycopg", "")) as connection:
        connection.execute("UPDATE invoice SET invoice_date = 'infinity' WHERE invoice_id = 121")
    source = SqlSource(make_chinook_sources(chinook_postgresql)["invoices"])

    items = list(source.export(LUIS))

    assert [item.record if isinstance(item, Problem) else item.key for item in items] == ["98", "121", "143", "195", "316", "327", "382"]
    assert [item for item in items if isinstance(item, Problem)] == [
        Problem("121", "The connected database holds a value here that could not be read.")
    ]


@pytest.mark.parametrize("stored", ["Ada@Example.COM", "ada@example.com"])
def test_addresses_match_in_any_case(sqlite_shop: MakeShop, stored: str):
    connector = sqlite_shop(f"CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO T VALUES (1,'{stored}');")

    assert keys_of(SqlSource(make_source(connector, "rows", table="T", person_column="T.Email"))) == ["1"]


def test_addresses_with_other_letters_match_in_every_spelling(sqlite_shop: MakeShop):
    connector = sqlite_shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT);"
        "INSERT INTO T VALUES (1,'JOSÉ@bücher.example'),(2,'jose\u0301@xn--bcher-kva.example'),(3,'jose@bücher.example');"
    )
    locator = {"kind": "email", "values": ["josé@xn--bcher-kva.example"]}

    assert keys_of(SqlSource(make_source(connector, "rows", table="T", person_column="T.Email")), locator) == ["1", "2"]


@pytest.mark.parametrize(
    ("kind", "declared", "stored", "value", "found"),
    [
        ("phone", "TEXT", "+49 (30) 90-1820", "+4930901820", True),
        ("phone", "TEXT", "0049 30 901820", "+4930901820", True),
        ("phone", "TEXT", "+49 30 9018200", "+4930901820", False),
        ("username", "TEXT", "Ada", "ada", True),
        ("customer_number", "INTEGER", "42", "42", True),
        ("customer_number", "INTEGER", "42", "forty-two", False),
        ("customer_number", "INTEGER", "42", "9" * 40, False),
        ("customer_number", "TEXT", "0042", "42", False),
        ("device", "TEXT", "a1-B2", "a1-B2", True),
        ("device", "TEXT", "a1-B2", "a1-b2", False),
    ],
)
def test_other_identifiers_match_by_what_they_mean(sqlite_shop: MakeShop, kind: str, declared: str, stored: str, value: str, found: bool):
    connector = sqlite_shop(f"CREATE TABLE T (Id INTEGER PRIMARY KEY, Who {declared}); INSERT INTO T VALUES (1,'{stored}');")
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Who", identifier_kind=kind))

    assert keys_of(source, {"kind": kind, "values": [value]}) == (["1"] if found else [])


def test_a_database_that_compares_loosely_hands_out_nobody_elses_row(sqlite_shop: MakeShop, monkeypatch: pytest.MonkeyPatch):
    connector = sqlite_shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO T VALUES (1,'ada@example.com'),(2,'àda@example.com');"
    )
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Email"))
    monkeypatch.setattr(reading, "condition", lambda *args: sa.true())

    assert (source.count(ADA), keys_of(source)) == (2, ["1"])


def test_values_are_bound_and_never_part_of_the_statement(sqlite_shop: MakeShop):
    connector = sqlite_shop(
        'CREATE TABLE "T""; --" (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO "T""; --" VALUES (1,\'ada@example.com\');'
    )
    source = SqlSource(make_source(connector, "rows", table='T"; --', person_column='T"; --.Email'))

    assert keys_of(source) == ["1"]
    assert keys_of(source, {"kind": "email", "values": ["' OR 1=1 --@example.com"]}) == []


@pytest.mark.parametrize(
    "statement",
    ["INSERT INTO T VALUES (2, 'x')", "DELETE FROM T", "DROP TABLE T", "CREATE TABLE U (a)", "PRAGMA query_only = OFF; DELETE FROM T"],
)
def test_sqlite_refuses_to_write(sqlite_shop: MakeShop, statement: str):
    connector = sqlite_shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT); INSERT INTO T VALUES (1,'a');")

    with pytest.raises((SourceUnavailable, SourceChanged)):
        send(connector, *statement.split("; "))

    with connected(engine_for(connector)) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM T").scalar() == 1


@pytest.mark.services
@pytest.mark.parametrize("statement", ["DELETE FROM invoice_line", "CREATE TABLE u (a int)", "UPDATE customer SET email = 'x'"])
def test_postgresql_refuses_to_write(chinook_postgresql: Connector, statement: str):
    with pytest.raises(SourceChanged), connected(engine_for(chinook_postgresql)) as connection:
        connection.exec_driver_sql(statement)


def test_sqlite_ends_a_statement_that_takes_too_long(sqlite_shop: MakeShop):
    connector = sqlite_shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT);")
    connector.statement_timeout_seconds = 1
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"

    with pytest.raises(SourceTimeout), connected(engine_for(connector)) as connection:
        connection.exec_driver_sql(endless)

    with connected(engine_for(connector)) as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1


@pytest.mark.services
def test_postgresql_ends_a_statement_that_takes_too_long(chinook_postgresql: Connector):
    chinook_postgresql.statement_timeout_seconds = 1

    with pytest.raises(SourceTimeout), connected(engine_for(chinook_postgresql)) as connection:
        connection.exec_driver_sql("SELECT pg_sleep(30)")


def test_a_database_that_is_gone_can_be_tried_again_and_tells_nothing(db: None, settings: Any):
    settings.OUTBOUND_ALLOW = ["127.0.0.1"]
    connector = make_connector("postgresql://ada:hunter2@127.0.0.1:1/shop")

    with pytest.raises(SourceUnavailable) as caught, connected(engine_for(connector)):
        pass

    assert isinstance(caught.value, Retryable)
    assert (str(caught.value), caught.value.code) == ("source_unavailable", "source_unavailable")
    assert caught.value.__suppress_context__
    assert "hunter2" not in repr(caught.value) + repr(engine_for(connector))


def test_a_column_that_is_gone_is_a_change_not_an_outage(sqlite_shop: MakeShop):
    connector = sqlite_shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT, Note TEXT);")
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Email", columns={"note": "T.Note"}))
    with sqlite3.connect(engine_for(connector).url.database) as connection:
        connection.execute("ALTER TABLE T RENAME COLUMN Note TO Remark")
    connection.close()

    with pytest.raises(SourceChanged):
        list(source.export(ADA))


def test_an_address_that_is_no_longer_allowed_is_not_used(sqlite_shop: MakeShop, settings: Any):
    connector = sqlite_shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT);")
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Email"))
    settings.VAR_DIR = "/nowhere"
    source.connector.revision = "another"

    with pytest.raises(SourceUnavailable, match="source_address_refused"):
        source.count(ADA)


def test_withheld_fields_are_named_and_never_read(sqlite_shop: MakeShop):
    connector = sqlite_shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT, Password TEXT); INSERT INTO T VALUES (1,'ada@example.com','x');"
    )
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Email"))

    (record,) = source.export(ADA)

    assert record.values == {"id": 1, "email": "ada@example.com"}
    assert [(field.name, bool(field.withheld)) for field in source.describe().fields] == [
        ("id", False),
        ("email", False),
        ("password", True),
    ]


@given(st.decimals(min_value=-(10**9), max_value=10**9, places=2))
def test_a_price_stored_as_a_float_is_the_same_price_again(price: Decimal):
    read = sqlite_reader(sa.Numeric(12, 2))
    assert read is not None

    assert str(read(float(price))) == str(price) or price == 0


@given(
    st.recursive(
        st.none() | st.integers() | st.floats() | st.text() | st.binary() | st.datetimes() | st.dates() | st.timedeltas(), st.lists
    )
)
@hypothesis_settings(suppress_health_check=[HealthCheck.too_slow])
def test_every_value_of_a_driver_has_a_form_in_a_record(value: Any):
    plain = Values(ZoneInfo("UTC")).of(value)

    assert isinstance(plain, str | int | float | bool | datetime | date | Decimal | list | dict | type(None))
    if isinstance(value, datetime):
        assert plain.tzinfo is not None


def test_an_aware_time_keeps_its_offset():
    moment = datetime(2026, 1, 1, tzinfo=UTC)

    assert Values(ZoneInfo("Asia/Tokyo")).of(moment) is moment


def test_pages_hold_fewer_rows_where_rows_are_large(sqlite_shop: MakeShop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(page_size, "PAGE_BYTES", 50_000)
    connector = sqlite_shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT, Body TEXT);"
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)"
        "INSERT INTO T SELECT i, 'ada@example.com', hex(zeroblob(5000)) FROM n;"
    )
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Email", columns={"body": "T.Body"}))
    taken: list[int] = []
    page = reading.Reading._page

    def noting(self: Any, statement: Any, width: int) -> list[Any]:
        rows = page(self, statement, width)
        taken.append(len(rows))
        return rows

    monkeypatch.setattr(reading.Reading, "_page", noting)

    assert len(keys_of(source)) == 150
    assert taken == [100, *[4] * 12, 2]


def test_a_key_that_too_many_rows_share_is_named_and_costs_no_other(sqlite_shop: MakeShop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(reading, "PAGE", 2)
    monkeypatch.setattr(reading, "GROUP_ROWS", 8)
    shared = ",".join(["(2, 'ada@example.com')"] * 30)
    connector = sqlite_shop(
        "CREATE TABLE T (Id INTEGER NOT NULL, Email TEXT);"
        f"INSERT INTO T VALUES (1, 'ada@example.com'), (1, 'ada@example.com'), {shared}, (3, 'ada@example.com');"
    )
    source = SqlSource(make_source(connector, "rows", table="T", person_column="T.Email", key_columns=["Id"]))

    items = list(source.export(ADA))

    assert [item.key for item in items if isinstance(item, Record)] == ["1", "1#2", "3"]
    assert [item.record for item in items if isinstance(item, Problem)] == ["2"]
