"""A small shop database for the demo, wired as a connector the way staff would do it."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from privacycenter.datamap.domain import save_connector, save_source
from privacycenter.datamap.enums import ErasureChoice, Strategy
from privacycenter.datamap.erasing import save_handling
from privacycenter.datamap.models import Connector, ConnectorSource, Recipient
from privacycenter.datamap.sql.rows import FieldRow, JoinRow, StrategyRow, as_json
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Sensitivity

_PRODUCTS = (
    ("Notes for teams", "Software", 12.00),
    ("Team calendar", "Software", 8.50),
    ("Help desk seats", "Software", 29.00),
    ("Backup vault, 1 TB", "Storage", 9.90),
    ("Onboarding workshop", "Service", 480.00),
    ("Data import", "Service", 150.00),
)
_CITIES = (("Kuala Lumpur", "MY"), ("Berlin", "DE"), ("São Paulo", "BR"), ("東京", "JP"), ("Αθήνα", "GR"))
_SCHEMA = """
CREATE TABLE customer (
    customer_id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, city TEXT, country TEXT, since DATE NOT NULL,
    password_hash TEXT NOT NULL
);
CREATE INDEX customer_by_email ON customer (lower(email));
CREATE TABLE product (product_id INTEGER PRIMARY KEY, name TEXT NOT NULL, kind TEXT NOT NULL, price NUMERIC(10, 2) NOT NULL);
CREATE TABLE invoice (
    invoice_id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer, issued DATETIME NOT NULL,
    total NUMERIC(10, 2) NOT NULL, paid BOOLEAN NOT NULL
);
CREATE INDEX invoice_by_customer ON invoice (customer_id, invoice_id);
CREATE TABLE invoice_line (
    line_id INTEGER PRIMARY KEY, invoice_id INTEGER NOT NULL REFERENCES invoice, product_id INTEGER REFERENCES product,
    quantity INTEGER NOT NULL, price NUMERIC(10, 2) NOT NULL
);
CREATE INDEX line_by_invoice ON invoice_line (invoice_id);
"""
_ANONYMOUS = (
    StrategyRow("customer.name", Strategy.FIXED, "Erased customer"),
    StrategyRow("customer.email", Strategy.UNIQUE, "erased-*@example.invalid"),
    StrategyRow("customer.city", Strategy.NULL),
    StrategyRow("customer.country", Strategy.NULL),
    StrategyRow("customer.since", Strategy.YEAR),
    StrategyRow("customer.password_hash", Strategy.FIXED, "-"),
)
_KEPT = {
    "erasure": ErasureChoice.RETAIN,
    "erasure_reason": "Accounting rules ask us to keep what was sold. It stays without your name and address.",
    "keep_days": 3653,
}


def make_shop(people: Iterable[tuple[str, str]], *, invoices_per_person: int = 6, seed: int = 1) -> Path:
    """Write var/demo/shop.sqlite3 anew for people as (name, e-mail address); the same people and seed give the same rows."""
    folder = Path(settings.VAR_DIR) / "demo"
    folder.mkdir(parents=True, exist_ok=True)
    path, draft = folder / "shop.sqlite3", folder / "shop.draft"
    draft.unlink(missing_ok=True)
    connection = sqlite3.connect(draft)
    try:
        connection.executescript(_SCHEMA)
        products = [(number, *product) for number, product in enumerate(_PRODUCTS, start=1)]
        connection.executemany("INSERT INTO product VALUES (?, ?, ?, ?)", products)
        chance = random.Random(seed)  # noqa: S311 - demo data, the same each time
        for customer_id, (name, email) in enumerate(people, start=1):
            _add_customer(connection, customer_id, name, email, invoices_per_person, chance)
        connection.commit()
    finally:
        connection.close()
    draft.replace(path)  # whole or not at all: a running server may be reading the one before
    return path


def _add_customer(connection: sqlite3.Connection, customer_id: int, name: str, email: str, invoices: int, chance: random.Random) -> None:
    city, country = chance.choice(_CITIES)
    start = datetime(2024, 1, 8, 9, tzinfo=UTC) + timedelta(days=chance.randrange(200))
    customer = (customer_id, name, email, city, country, start.date().isoformat(), f"argon2${chance.getrandbits(64):016x}")
    connection.execute("INSERT INTO customer VALUES (?, ?, ?, ?, ?, ?, ?)", customer)
    for number in range(1, invoices + 1):
        invoice_id = customer_id * 1_000_000 + number
        lines = [(chance.randrange(len(_PRODUCTS)), chance.randint(1, 4)) for _line in range(chance.randint(1, 3))]
        total = sum(_PRODUCTS[product][2] * quantity for product, quantity in lines)
        issued = start + timedelta(days=number * 21, minutes=chance.randrange(480))
        connection.execute(
            "INSERT INTO invoice VALUES (?, ?, ?, ?, ?)",
            (invoice_id, customer_id, issued.strftime("%Y-%m-%d %H:%M:%S"), round(total, 2), number < invoices),
        )
        connection.executemany(
            "INSERT INTO invoice_line VALUES (?, ?, ?, ?, ?)",
            [
                (invoice_id * 10 + position, invoice_id, product + 1, quantity, _PRODUCTS[product][2])
                for position, (product, quantity) in enumerate(lines)
            ],
        )


def connect_shop(path: Path, *, actor: Actor) -> Connector:
    """Wire the shop as a connector with three sources: profile, invoices, invoice lines. Running it again renews them."""
    connector = Connector.objects.filter(key="shop").first() or Connector(key="shop")
    # One recipient is told by mail of what is corrected or erased; the others show how staff do it by hand.
    Recipient.objects.filter(key="payment_processors", notice_address="").update(notice_address="privacy@payments.example")
    connector.name, connector.may_write = "Demo shop", True
    save_connector(connector, url=f"sqlite:///{path}", changed=("address",), actor=actor)
    to_customer = JoinRow("customer.customer_id", "invoice.customer_id")
    _source(
        connector,
        "profile",
        "Your customer record in the shop",
        "identity",
        "customer",
        "what you gave us with your first order",
        (
            FieldRow("name", "Name", "customer.name", Sensitivity.CONTACT),
            FieldRow("email", "E-mail address", "customer.email", Sensitivity.CONTACT),
            FieldRow("city", "City", "customer.city", Sensitivity.CONTACT),
            FieldRow("country", "Country", "customer.country"),
            FieldRow("since", "Customer since", "customer.since"),
            FieldRow("password", "Password", "", Sensitivity.SECRET, "A secret that protects your access; nobody is shown it."),
        ),
        handling={
            "correctable": ["name", "city", "country"],
            "erasure": ErasureChoice.ANONYMISE,
            "erasure_reason": "Your invoices refer to this row. Nothing in it leads to you any more.",
            "strategies": as_json(_ANONYMOUS),
        },
        actor=actor,
    )
    _source(
        connector,
        "invoices",
        "Invoices",
        "purchases",
        "invoice",
        "your orders in the shop",
        (
            FieldRow("issued", "Date", "invoice.issued"),
            FieldRow("total", "Total", "invoice.total", Sensitivity.FINANCIAL),
            FieldRow("paid", "Paid", "invoice.paid", Sensitivity.FINANCIAL),
        ),
        joins=(to_customer,),
        date_column="invoice.issued",
        handling=_KEPT,
        actor=actor,
    )
    _source(
        connector,
        "invoice_lines",
        "What you bought",
        "purchases",
        "invoice_line",
        "your orders in the shop",
        (
            FieldRow("invoice", "Invoice", "invoice.invoice_id"),
            FieldRow("product", "Product", "product.name"),
            FieldRow("kind", "Kind", "product.kind"),
            FieldRow("quantity", "Quantity", "invoice_line.quantity"),
            FieldRow("price", "Price", "invoice_line.price", Sensitivity.FINANCIAL),
        ),
        joins=(
            to_customer,
            JoinRow("invoice.invoice_id", "invoice_line.invoice_id"),
            JoinRow("invoice_line.product_id", "product.product_id"),
        ),
        handling=_KEPT,
        actor=actor,
    )
    return connector


def _source(
    connector: Connector,
    key: str,
    title: str,
    category: str,
    table: str,
    origin: str,
    fields: tuple[FieldRow, ...],
    *,
    joins: tuple[JoinRow, ...] = (),
    date_column: str = "",
    handling: dict[str, Any],
    actor: Actor,
) -> None:
    source = ConnectorSource.objects.filter(connector=connector, key=key).first() or ConnectorSource(connector=connector, key=key)
    source.connector = connector
    source.title, source.category, source.origin = title, category, origin
    source.table, source.person_column, source.date_column = table, "customer.email", date_column
    source.joins, source.columns = as_json(joins), as_json(fields)
    source.purposes, source.recipients = ["account_and_service"], ["staff_and_contractors", "payment_processors"]
    source.retention_id, source.is_portable = "connected_system", True
    save_source(source, changed=("table", "joins", "columns"), actor=actor)
    for name, value in handling.items():
        setattr(source, name, value)
    save_handling(source, changed=tuple(handling), actor=actor)
