"""Connectors: which addresses may be used, how changes reach every process, what the demo wires."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacycenter.datamap.demo import connect_shop, make_shop
from privacycenter.datamap.domain import delete_source, preview_source, save_connector, save_source
from privacycenter.datamap.errors import BadAddress, ReasonMissing, SourceMisconfigured, StaffOnly
from privacycenter.datamap.models import Connector, ConnectorSource
from privacycenter.datamap.sql.addresses import read_address
from privacycenter.datamap.sql.engines import connected, engine_for
from privacycenter.datamap.sql.masking import masked
from privacycenter.datamap.sql.provider import connected_sources
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.encryption import encrypted_fields
from privacycenter.kernel.errors import OutboundRefused
from privacycenter.kernel.sources import Erased, Treatment, UnknownSource, registry
from tests.datamap.builders import STAFF, make_chinook_sources, make_connector, make_source

pytestmark = pytest.mark.django_db


@pytest.fixture
def allowed(settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["db.example.com", "other.example.com:6543", "::1"]


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    ("text", "place", "driver"),
    [
        ("postgres://u:p@db.example.com/shop", "postgresql db.example.com:5432/shop", "postgresql+psycopg"),
        ("postgresql://u:p@DB.example.com:99/shop?sslmode=require", "postgresql DB.example.com:99/shop", "postgresql+psycopg"),
        ("mysql://u:p@db.example.com/shop?charset=utf8mb4", "mysql db.example.com:3306/shop", "mysql+pymysql"),
        ("mariadb://u:p@other.example.com:6543/shop", "mariadb other.example.com:6543/shop", "mariadb+pymysql"),
        ("postgresql://u:p%40ss@[::1]:5432/shop", "postgresql [::1]:5432/shop", "postgresql+psycopg"),
    ],
)
def test_the_place_of_an_address_has_no_user_and_no_password(text: str, place: str, driver: str):
    address = read_address(text)

    assert (address.place, address.url.drivername) == (place, driver)
    assert "p%40ss" not in repr(address)


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "shop",
        "postgresql://",
        "postgresql:///shop",
        "postgresql://db.example.com",
        "postgresql://db.example.com:port/shop",
        "postgresql://u:p@db.example.com/shop?host=evil.example.net",
        "postgresql://u:p@db.example.com/shop?hostaddr=10.0.0.1",
        "postgresql://u:p@db.example.com/shop?service=other",
        "postgresql://u:p@db.example.com/shop?sslrootcert=/etc/passwd",
        "mysql://u:p@db.example.com/shop?unix_socket=/run/mysql.sock",
        "mysql://u:p@db.example.com/shop?read_default_file=/etc/my.cnf",
        "sqlite://",
        "sqlite:///relative.sqlite3",
        "sqlite:///file:/etc/x?mode=rwc",
        "sqlite:////tmp/x.sqlite3?mode=rwc",
    ],
)
def test_an_address_that_could_lead_elsewhere_is_refused(text: str):
    with pytest.raises(BadAddress):
        read_address(text)


@pytest.mark.usefixtures("allowed")
@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:p@evil.example.net/shop",
        "postgresql://u:p@127.0.0.1/shop",
        "postgresql://u:p@localhost/shop",
        "postgresql://u:p@db.example.com,evil.example.net/shop",
        "mariadb://u:p@other.example.com:1/shop",
        "oracle://u:p@evil.example.net/shop",
        "sqlite:////etc/hostname",
    ],
)
def test_what_is_not_named_is_not_reached(text: str):
    with pytest.raises(OutboundRefused):
        read_address(text)


def test_a_file_outside_is_opened_only_when_it_is_named(tmp_path: Path, settings: Any):
    outside = tmp_path / "outside.sqlite3"
    outside.touch()
    text = f"sqlite:///{outside}"
    with pytest.raises(OutboundRefused):
        read_address(text)

    settings.OUTBOUND_ALLOW = [f"file:{tmp_path}"]

    assert read_address(text).place == "sqlite outside.sqlite3"


def test_a_link_counts_as_what_it_points_to(tmp_path: Path, outside_folder: Path):
    (tmp_path / "secret.sqlite3").touch()
    link = outside_folder / "link.sqlite3"
    link.symlink_to(tmp_path / "secret.sqlite3")

    for path in (link, outside_folder / ".." / ".." / ".." / "secret.sqlite3"):
        with pytest.raises(OutboundRefused):
            read_address(f"sqlite:///{path}")


@pytest.mark.sqlite_only
def test_the_privacy_centers_own_database_is_never_a_source(settings: Any):
    own = Path(connection.settings_dict["NAME"])
    settings.OUTBOUND_ALLOW = [f"file:{own}"]

    with pytest.raises(OutboundRefused, match="own database"):
        read_address(f"sqlite:///{own}")


def test_the_address_is_encrypted_at_rest(chinook_sqlite: Connector, chinook_file: Path):
    with connection.cursor() as cursor:
        cursor.execute("SELECT url FROM datamap_connector")
        (stored,) = cursor.fetchone()

    assert str(chinook_file).encode() not in bytes(stored)
    assert (Connector, "url") in {(model, field.name) for model, field in encrypted_fields()}
    assert Connector.objects.get().url == f"sqlite+pysqlite:///{chinook_file}"


def test_asking_again_costs_one_query_until_something_changes(chinook_sqlite: Connector):
    make_chinook_sources(chinook_sqlite)
    first = connected_sources()

    with CaptureQueriesContext(connection) as unchanged:
        again = connected_sources()
    source = ConnectorSource.objects.get(key="profile")
    source.title = "Your profile"
    save_source(source, changed=("title",), actor=STAFF)
    with CaptureQueriesContext(connection) as changed:
        renewed = connected_sources()

    assert (len(unchanged), len(changed)) == (1, 2)
    assert again == first
    assert {item.describe().title for item in renewed} == {"Your profile", "Invoices", "Invoice lines"}


def test_sources_that_are_switched_off_or_removed_are_gone_from_the_registry(chinook_sqlite: Connector):
    sources = make_chinook_sources(chinook_sqlite)
    before = registry.get("shop.profile").describe().key

    delete_source(sources["profile"], actor=STAFF)
    chinook_sqlite.refresh_from_db()
    with pytest.raises(UnknownSource):
        registry.get("shop.profile")
    chinook_sqlite.is_enabled = False
    save_connector(chinook_sqlite, changed=("is_enabled",), actor=STAFF)

    assert before == "shop.profile"
    assert [item for item in registry.all() if not item.describe().in_database] == []


def test_a_source_can_not_take_the_key_of_one_in_code(outside_folder: Path, sqlite_shop: Any):
    sqlite_shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT)")
    connector = make_connector(f"sqlite:///{outside_folder / 'small.sqlite3'}", key="records")

    with pytest.raises(SourceMisconfigured, match="exists already"):
        make_source(connector, "interactions", table="T", person_column="T.Email")


def test_an_engine_is_shared_until_the_connector_changes_and_holds_few_connections(chinook_sqlite: Connector):
    first = engine_for(chinook_sqlite)

    save_connector(chinook_sqlite, changed=("name",), actor=STAFF)

    assert engine_for(chinook_sqlite) is engine_for(chinook_sqlite)
    assert engine_for(chinook_sqlite) is not first
    assert (first.pool.size(), first.pool._max_overflow) == (4, 0)


def test_a_child_process_starts_without_its_parents_connections(chinook_sqlite: Connector):
    with connected(engine_for(chinook_sqlite)) as used:
        used.exec_driver_sql("SELECT 1")
    from privacycenter.datamap.sql import engines

    child = os.fork()
    if child == 0:
        os._exit(0 if not engines._engines else 1)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert engines._engines


@pytest.mark.parametrize("kind", [ActorKind.PERSON, ActorKind.ANONYMOUS, ActorKind.API_CLIENT])
def test_verbs_on_connectors_are_for_staff(chinook_sqlite: Connector, kind: ActorKind):
    source = make_chinook_sources(chinook_sqlite)["profile"]
    actor = Actor(kind, "5")

    for verb in (
        lambda: save_connector(chinook_sqlite, actor=actor),
        lambda: save_source(source, changed=(), actor=actor),
        lambda: delete_source(source, actor=actor),
        lambda: preview_source(source, value="luisg@embraer.com.br", actor=actor),
    ):
        with pytest.raises(StaffOnly):
            verb()


def test_a_sample_takes_a_reason_from_the_list(chinook_sqlite: Connector):
    source = make_chinook_sources(chinook_sqlite)["profile"]

    with pytest.raises(ReasonMissing):
        preview_source(source, value="luisg@embraer.com.br", reason="Luís asked me", actor=STAFF)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "–"),
        ("luisg@embraer.com.br", "lu•••@•••••••.•••.••"),
        (12.5, "12.•"),
        ("", ""),
        ("東京都", "東京•"),
        ("x" * 50, "xx" + "•" * 38 + "…"),
    ],
)
def test_masked_values_show_their_shape_only(value: Any, shown: str):
    assert masked(value) == shown


def test_the_demo_shop_is_wired_like_any_other_and_can_be_made_again():
    people = [("Ada Lovelace", "ada@example.com"), ("Grace Hopper", "grace@example.com")]
    for _attempt in range(2):
        connect_shop(make_shop(people, invoices_per_person=4), actor=Actor.system("seed_demo"))
    locator = {"kind": "email", "values": ["ada@example.com"]}

    found = {source.describe().key: len(list(source.export(locator))) for source in connected_sources()}

    assert found["shop.profile"] == 1
    assert found["shop.invoices"] == 4
    assert found["shop.invoice_lines"] >= 4
    assert [source.describe().portable for source in connected_sources()] == [True, True, True]


@pytest.mark.obligation("R-03")
def test_the_demo_shop_makes_a_customer_anonymous_and_keeps_the_invoices():
    people = [("Ada Lovelace", "ada@example.com"), ("Grace Hopper", "grace@example.com")]
    connect_shop(make_shop(people, invoices_per_person=4), actor=Actor.system("seed_demo"))
    sources = {source.describe().key: source for source in connected_sources()}
    ada, grace = ({"kind": "email", "values": [email]} for _name, email in people)

    done = {key: source.erase(ada, source.describe().erasure.treatment) for key, source in sources.items() if key != "shop.profile"}
    done["shop.profile"] = sources["shop.profile"].erase(ada, Treatment.ANONYMISE)

    assert (done["shop.profile"], done["shop.invoices"]) == (Erased(anonymised=1), Erased(retained=4))
    assert [source.verify_erased(ada) for source in sources.values()] == [0, 0, 0]
    assert [len(list(sources[key].export(grace))) for key in ("shop.profile", "shop.invoices")] == [1, 4]
    assert sources["shop.invoices"].describe().erasure.keep_days == 3653
