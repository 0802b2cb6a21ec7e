"""MariaDB as an outside database: the guards of reading, and corrections and erasures. Needs PyMySQL and a server in MARIADB_URL."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from privacycenter.datamap.domain import save_connector
from privacycenter.datamap.errors import SourceChanged, SourceTimeout, SourceUnavailable
from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql.engines import connected, engine_for, forget_engine, is_guarded
from privacycenter.kernel.sources import CannotChange, CannotErase, Erased, FieldChange, Treatment
from tests.datamap.builders import ADA, BOB, GONE, STAFF, becomes, handled, make_connector, make_source, outside, rows_of

URL = os.environ.get("MARIADB_URL", "")
pytestmark = [
    pytest.mark.django_db,
    pytest.mark.services,
    pytest.mark.obligation("R-02", "R-03"),
    pytest.mark.skipif(not URL, reason="MARIADB_URL names no server"),
]
TABLES = (
    "CREATE TABLE pc_c (Id INTEGER PRIMARY KEY AUTO_INCREMENT, Email VARCHAR(60) NOT NULL, Phone VARCHAR(20), Born DATE,"
    " Paid DECIMAL(8,2), Seen DATETIME) CHARACTER SET utf8mb4",
    "CREATE TABLE pc_i (Id INTEGER PRIMARY KEY, CId INTEGER NOT NULL, Total DECIMAL(8,2), FOREIGN KEY (CId) REFERENCES pc_c (Id))",
    "INSERT INTO pc_c VALUES (1,'Ada@example.com','1','1815-12-10',9.5,NULL),(2,'bob@example.com','2','1970-01-01',1,NULL),"
    "(3,'adá@example.com','3',NULL,1,NULL)",
    "INSERT INTO pc_i VALUES (1,1,5),(2,1,6),(3,2,7)",
)


@pytest.fixture
def mariadb(settings: object) -> Iterator[Connector]:
    settings.OUTBOUND_ALLOW = [str(sa.make_url(URL).host)]  # type: ignore[attr-defined]
    connector = make_connector(URL)
    engine = outside(connector)
    with engine.begin() as connection:
        for statement in ("DROP TABLE IF EXISTS pc_i", "DROP TABLE IF EXISTS pc_c", *TABLES):
            connection.exec_driver_sql(statement)
    connector.may_write = True
    yield save_connector(connector, actor=STAFF)
    forget_engine(connector.pk)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE pc_i")
        connection.exec_driver_sql("DROP TABLE pc_c")


def test_a_reading_session_can_not_write_and_ends_what_takes_too_long(mariadb: Connector):
    mariadb.statement_timeout_seconds = 1
    save_connector(mariadb, actor=STAFF)

    assert is_guarded(mariadb)
    with pytest.raises((SourceChanged, SourceUnavailable)), connected(engine_for(mariadb)) as connection:
        connection.exec_driver_sql("DELETE FROM pc_i")
    with pytest.raises(SourceTimeout), connected(engine_for(mariadb)) as connection:
        connection.exec_driver_sql("SELECT SLEEP(30)")
    assert rows_of(mariadb, "SELECT count(*) FROM pc_i") == [(3,)]


def test_one_customer_is_read_corrected_and_made_anonymous_and_nobody_with_another_accent(mariadb: Connector):
    columns = {name.lower(): f"pc_c.{name}" for name in ("Phone", "Born", "Paid", "Seen")}
    source = make_source(mariadb, "profile", table="pc_c", person_column="pc_c.Email", columns=columns)
    rules = becomes(Email="unique:erased-", Phone="null", Born="year")
    rules = [rule | {"column": rule["column"].replace("T.", "pc_c.")} for rule in rules]
    profile = handled(source, correctable=list(columns), **GONE, strategies=rules)
    changes = [FieldChange("1", name, value) for name, value in (("phone", "77"), ("paid", "12.5"), ("seen", "2026-01-02T03:04:05"))]

    assert [profile.rectify(ADA, changes) for _twice in range(2)] == [1, 0]
    with pytest.raises(CannotChange, match="invalid_value"):
        profile.rectify(ADA, [FieldChange("1", "phone", "x" * 21)])
    assert [record.values["phone"] for record in profile.export(ADA)] == ["77"]
    assert [profile.erase(ADA, Treatment.ANONYMISE) for _twice in range(2)] == [Erased(anonymised=1), Erased()]
    assert (profile.verify_erased(ADA), profile.verify_erased(BOB)) == (0, 1)
    assert [phone for (phone,) in rows_of(mariadb, "SELECT Phone FROM pc_c ORDER BY Id")] == [None, "2", "3"]


def test_what_a_foreign_key_protects_stays_until_the_rest_is_gone(mariadb: Connector):
    profile = handled(make_source(mariadb, "profile", table="pc_c", person_column="pc_c.Email"), erasure="delete")
    orders = handled(
        make_source(mariadb, "orders", table="pc_i", person_column="pc_c.Email", joins=["pc_c.Id = pc_i.CId"]), erasure="delete"
    )

    with pytest.raises(CannotErase, match="unfit_treatment"):
        profile.erase(ADA, Treatment.DELETE)
    assert [source.erase(ADA, Treatment.DELETE).removed for source in (orders, profile)] == [2, 1]
    assert rows_of(mariadb, "SELECT Id FROM pc_c ORDER BY Id") == [(2,), (3,)]
