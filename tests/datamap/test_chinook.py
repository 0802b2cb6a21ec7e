"""A customer of a real shop gets profile, invoices and invoice lines with track names, from either database."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql.source import SqlSource
from privacycenter.kernel.sources import Record, registry
from privacycenter.subjects.domain import add_identifier, create_subject
from tests.datamap.builders import LUIS, STAFF, make_chinook_sources, make_source

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("R-01")]


@pytest.fixture(params=["chinook_sqlite", pytest.param("chinook_postgresql", marks=pytest.mark.services)])
def connector(request: pytest.FixtureRequest) -> Connector:
    return request.getfixturevalue(request.param)


def test_profile_is_exported_with_its_key(connector: Connector):
    source = SqlSource(make_chinook_sources(connector)["profile"])

    assert list(source.export(LUIS)) == [
        Record(
            "1",
            {
                "first_name": "Luís",
                "last_name": "Gonçalves",
                "company": "Embraer - Empresa Brasileira de Aeronáutica S.A.",
                "city": "São José dos Campos",
                "email": "luisg@embraer.com.br",
            },
        )
    ]


def test_invoices_keep_the_types_of_their_values(connector: Connector):
    source = SqlSource(make_chinook_sources(connector)["invoices"])

    records = list(source.export(LUIS))

    assert [record.key for record in records] == ["98", "121", "143", "195", "316", "327", "382"]
    assert records[0].values == {"date": datetime(2022, 3, 11, tzinfo=UTC), "city": "São José dos Campos", "total": Decimal("3.98")}
    assert records[0].values["date"].utcoffset() is not None
    assert (source.count(LUIS), source.newest(LUIS)) == (7, records[-1].values["date"])


def test_invoice_lines_bring_the_names_of_tracks_and_artists(connector: Connector):
    source = SqlSource(make_chinook_sources(connector)["lines"])

    records = list(source.export(LUIS))

    assert (len(records), source.count(LUIS)) == (38, 38)
    assert records[0] == Record(
        "531",
        {
            "invoice": 98,
            "track": "Experiment In Terra",
            "artist": "Battlestar Galactica (Classic)",
            "price": Decimal("1.99"),
            "quantity": 1,
        },
    )
    assert [int(record.key) for record in records] == sorted(int(record.key) for record in records)


def test_employees_are_a_source_of_their_own(connector: Connector):
    style = "Employee" if "sqlite" in connector.place else "employee"
    email = f"{style}.Email" if "sqlite" in connector.place else f"{style}.email"
    source = SqlSource(make_source(connector, "staff", table=style, person_column=email))

    records = list(source.export({"kind": "email", "values": ["andrew@chinookcorp.com"]}))

    assert [record.key for record in records] == ["1"]
    assert records[0].values["birth_date"] == datetime(1962, 2, 18, tzinfo=UTC)


def test_the_registry_finds_the_sources_of_a_person_by_proven_addresses_only(connector: Connector):
    make_chinook_sources(connector)
    subject = create_subject(actor=STAFF)
    add_identifier(subject, kind="email", value="LuisG@Embraer.com.br", source="test", proven=True, actor=STAFF)
    add_identifier(subject, kind="email", value="leonekohler@surfeu.de", source="test", proven=False, actor=STAFF)

    found = {source.describe().key: source.count(source.locate(subject)) for source in registry.all() if not source.describe().in_database}

    assert found == {"shop.profile": 1, "shop.invoices": 7, "shop.invoice_lines": 38}


def test_somebody_the_shop_does_not_know_has_nothing_there(connector: Connector):
    source = SqlSource(make_chinook_sources(connector)["invoices"])
    nobody = {"kind": "email", "values": ["nobody@example.com"]}

    assert (source.count(nobody), source.newest(nobody), list(source.export(nobody)), list(source.export({}))) == (0, None, [], [])
