"""Connectors and sources as tests need them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from privacycenter.datamap.domain import save_connector, save_source
from privacycenter.datamap.erasing import save_handling
from privacycenter.datamap.models import Connector, ConnectorSource
from privacycenter.datamap.sql.addresses import read_address
from privacycenter.datamap.sql.source import SqlSource
from privacycenter.kernel.actor import Actor, ActorKind

STAFF = Actor(ActorKind.STAFF, "1")
LUIS = {"kind": "email", "values": ["luisg@embraer.com.br"]}
ADA = {"kind": "email", "values": ["ada@example.com"]}
BOB = {"kind": "email", "values": ["bob@example.com"]}
KEPT = {"erasure": "retain", "erasure_reason": "Tax law asks us to keep invoices.", "keep_days": 3650}
GONE = {"erasure": "anonymise", "erasure_reason": "The books need the row, not you."}


def make_connector(url: str, key: str = "shop", **values: Any) -> Connector:
    return save_connector(Connector(key=key, name="Music shop", **values), url=url, actor=STAFF)


def make_source(connector: Connector, key: str, *, table: str, person_column: str, **values: Any) -> ConnectorSource:
    """Save a source; `joins` as ("a.b = c.d", …), `columns` as {"name": "table.column"}."""
    joins = [dict(zip(("left", "right"), (side.strip() for side in join.split("=")), strict=True)) for join in values.pop("joins", ())]
    columns = [
        {"name": name, "label": name.replace("_", " ").capitalize(), "column": column, "sensitivity": "ordinary", "withheld": ""}
        for name, column in values.pop("columns", {}).items()
    ]
    source = ConnectorSource(
        **{
            "connector": connector,
            "key": key,
            "title": key.replace("_", " ").capitalize(),
            "category": "purchases",
            "table": table,
            "person_column": person_column,
            "joins": joins,
            "columns": columns,
            "purposes": ["account_and_service"],
            "recipients": ["staff_and_contractors"],
            "retention_id": "connected_system",
            "origin": "your orders in the shop",
            "is_portable": True,
            **values,
        }
    )
    return save_source(source, changed=("table",), actor=STAFF)


def make_chinook_sources(connector: Connector) -> dict[str, ConnectorSource]:
    """Profile, invoices and invoice lines of the shop, in the names of either database."""
    style = (lambda name: name) if "sqlite" in connector.place else snake

    def name(expression: str) -> str:
        return " = ".join(".".join(style(part) for part in side.split(".")) for side in expression.split(" = "))

    def columns(**wanted: str) -> dict[str, str]:
        return {field: name(column) for field, column in wanted.items()}

    email = name("Customer.Email")
    return {
        "profile": make_source(
            connector,
            "profile",
            table=name("Customer"),
            person_column=email,
            columns=columns(
                first_name="Customer.FirstName",
                last_name="Customer.LastName",
                company="Customer.Company",
                city="Customer.City",
                email="Customer.Email",
            ),
        ),
        "invoices": make_source(
            connector,
            "invoices",
            table=name("Invoice"),
            person_column=email,
            joins=[name("Customer.CustomerId = Invoice.CustomerId")],
            columns=columns(date="Invoice.InvoiceDate", city="Invoice.BillingCity", total="Invoice.Total"),
            date_column=name("Invoice.InvoiceDate"),
        ),
        "lines": make_source(
            connector,
            "invoice_lines",
            table=name("InvoiceLine"),
            person_column=email,
            joins=[
                name("Customer.CustomerId = Invoice.CustomerId"),
                name("Invoice.InvoiceId = InvoiceLine.InvoiceId"),
                name("InvoiceLine.TrackId = Track.TrackId"),
                name("Track.AlbumId = Album.AlbumId"),
                name("Album.ArtistId = Artist.ArtistId"),
            ],
            columns=columns(
                invoice="Invoice.InvoiceId",
                track="Track.Name",
                artist="Artist.Name",
                price="InvoiceLine.UnitPrice",
                quantity="InvoiceLine.Quantity",
            ),
        ),
    }


def snake(name: str) -> str:
    """CustomerId -> customer_id."""
    return "".join(("_" if character.isupper() and index else "") + character.lower() for index, character in enumerate(name))


def handled(source: ConnectorSource, **values: Any) -> SqlSource:
    for name, value in values.items():
        setattr(source, name, value)
    save_handling(source, changed=tuple(values), actor=STAFF)
    return SqlSource(source)


def becomes(**columns: str) -> list[dict[str, str]]:
    """Strategies for columns of T."""
    return [
        {"column": f"T.{name}", "strategy": strategy.partition(":")[0], "text": strategy.partition(":")[2]}
        for name, strategy in columns.items()
    ]


def outside(connector: Connector) -> sa.Engine:
    return sa.create_engine(read_address(connector.url).url, poolclass=sa.NullPool)


def rows_of(connector: Connector, query: str) -> list[tuple[Any, ...]]:
    with outside(connector).connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(query)]


def named(connector: Connector, name: str) -> str:
    return name if "sqlite" in connector.place else ".".join(snake(part) for part in name.split("."))
