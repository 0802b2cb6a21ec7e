"""The data map and the connectors at the desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from privacycenter.audit.models import AuditEntry
from privacycenter.audit.queries import looks_at
from privacycenter.datamap import forms
from privacycenter.datamap.models import Connector, ConnectorSource, Purpose, Recipient
from privacycenter.datamap.sql import schema
from privacycenter.kernel import clock
from tests.datamap.builders import make_chinook_sources, make_connector
from tests.factories.accounts import make_account, make_staff, signed_in

pytestmark = pytest.mark.django_db


def desk(role: str) -> Client:
    staff = make_staff(password=None)
    staff.groups.add(Group.objects.get(name=role))
    return signed_in(staff)


@pytest.fixture
def dpo() -> Client:
    return desk("Data protection officer")


def verbs() -> list[str]:
    return [verb for verb in AuditEntry.objects.order_by("id").values_list("verb", flat=True) if verb.startswith("datamap.")]


def connector_form(**changes: Any) -> dict[str, Any]:
    return {
        "key": "shop",
        "name": "Music shop",
        "kind": "sql",
        "is_enabled": "on",
        "schema": "",
        "time_zone": "UTC",
        "statement_timeout_seconds": "30",
        "address": "",
        **changes,
    }


def source_form(connector: Connector, **changes: Any) -> dict[str, Any]:
    return {
        "connector": connector.pk,
        "key": "invoices",
        "title": "Invoices",
        "category": "purchases",
        "is_enabled": "on",
        "table": "Invoice",
        "key_columns": "",
        "joins-0-left": "Customer.CustomerId",
        "joins-0-right": "Invoice.CustomerId",
        "person_column": "Customer.Email",
        "identifier_kind": "email",
        "date_column": "",
        "columns-0-name": "date",
        "columns-0-label": "Date",
        "columns-0-column": "Invoice.InvoiceDate",
        "columns-0-sensitivity": "ordinary",
        "columns-0-withheld": "",
        "purposes": ["account_and_service"],
        "recipients": ["staff_and_contractors"],
        "retention": "connected_system",
        "origin": "your orders",
        "is_portable": "on",
        **changes,
    }


def errors_of(response: Any) -> dict[str, list[str]]:
    return {name: list(errors) for name, errors in response.context["adminform"].form.errors.items()}


def test_a_purpose_on_legitimate_interests_needs_its_balancing_note(dpo: Client):
    purpose = Purpose.objects.get(key="support")
    form = {"title": "Support", "description": "To help you.", "legal_basis": "legitimate_interests", "balancing_note": "", "position": "1"}
    address = reverse("admin:datamap_purpose_change", args=[purpose.pk])

    refused = dpo.post(address, form)
    accepted = dpo.post(address, {**form, "balancing_note": "People want answers."})

    assert (refused.status_code, accepted.status_code) == (200, 302)
    assert "A legitimate interest needs its balancing note" in refused.content.decode()
    assert Purpose.objects.get(key="support").balancing_note == "People want answers."
    assert verbs() == ["datamap.purpose_saved"]


@pytest.mark.obligation("S-01", "S-02")
@pytest.mark.parametrize("change", [{"safeguards": ""}, {"gives_value": "on"}])
def test_a_recipient_without_safeguards_or_one_that_buys_can_not_be_saved(dpo: Client, change: dict[str, str]):
    form = {
        "key": "broker",
        "name": "Broker",
        "receives": "Names",
        "why": "Reach",
        "safeguards": "Contract",
        "countries": "",
        "position": "1",
    }

    response = dpo.post(reverse("admin:datamap_recipient_add"), form | change)

    assert response.status_code == 200
    assert not Recipient.objects.filter(key="broker").exists()
    assert dpo.post(reverse("admin:datamap_recipient_add"), form).status_code == 302


def test_entries_of_the_data_map_can_not_be_deleted(dpo: Client):
    purpose = Purpose.objects.get(key="support")

    response = dpo.post(reverse("admin:datamap_purpose_delete", args=[purpose.pk]), {"post": "yes"})

    assert (response.status_code, Purpose.objects.filter(key="support").exists()) == (403, True)


def test_a_connector_is_configured_tested_and_never_shows_its_address(dpo: Client, chinook_file: Any):
    added = dpo.post(reverse("admin:datamap_connector_add"), connector_form(address=f"sqlite:///{chinook_file}"))
    connector = Connector.objects.get()
    page = reverse("admin:datamap_connector_change", args=[connector.pk])
    tested = dpo.post(reverse("admin:datamap_connector_test", args=[connector.pk]), follow=True).content.decode()
    shown = dpo.get(page).content.decode()

    assert (added.status_code, connector.place) == (302, "sqlite chinook.sqlite3")
    assert "The connection works. 11 tables can be read: Album, Artist, Customer" in tested
    assert str(chinook_file) not in shown + tested
    assert verbs() == ["datamap.connector_saved", "datamap.connector_tested"]
    assert Connector.objects.get().test_outcome == "reached"


def test_an_empty_address_keeps_the_stored_one(dpo: Client, chinook_sqlite: Connector):
    address = reverse("admin:datamap_connector_change", args=[chinook_sqlite.pk])

    response = dpo.post(address, connector_form(name="The music shop"))

    changed = Connector.objects.get()
    assert (response.status_code, changed.name, changed.url, changed.place) == (
        302,
        "The music shop",
        chinook_sqlite.url,
        chinook_sqlite.place,
    )
    assert changed.revision != chinook_sqlite.revision


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("", "Give the address of the database."),
        ("hello", "This is not a database address."),
        ("postgresql://user:hunter2@db.example.com/shop", "This host is not in OUTBOUND_ALLOW."),
        ("sqlite:////etc/passwd", "neither in VAR_DIR nor named"),
    ],
)
def test_a_bad_address_is_refused_and_not_repeated(dpo: Client, address: str, message: str):
    response = dpo.post(reverse("admin:datamap_connector_add"), connector_form(address=address))

    assert response.status_code == 200
    assert message in errors_of(response)["address"][0]
    assert "hunter2" not in response.content.decode()
    assert not Connector.objects.exists()


def test_a_test_that_fails_says_so_and_is_noted(dpo: Client, chinook_file: Any):
    connector = make_connector(f"sqlite:///{chinook_file}")
    chinook_file.write_bytes(b"this is no database, but long enough to look like one" * 100)

    page = dpo.post(reverse("admin:datamap_connector_test", args=[connector.pk]), follow=True).content.decode()

    assert "The connected database can&#x27;t be reached." in page
    assert Connector.objects.get().test_outcome == "failed"
    assert AuditEntry.objects.get(verb="datamap.connector_tested").parameters == {"key": "shop", "outcome": "source_unavailable"}


def test_a_source_is_added_and_shown_in_rows(dpo: Client, chinook_sqlite: Connector):
    response = dpo.post(reverse("admin:datamap_connectorsource_add"), source_form(chinook_sqlite))

    source = ConnectorSource.objects.get()
    page = dpo.get(reverse("admin:datamap_connectorsource_change", args=[source.pk])).content.decode()
    assert response.status_code == 302
    assert source.joins == [{"left": "Customer.CustomerId", "right": "Invoice.CustomerId"}]
    assert 'name="columns-0-label" value="Date"' in page
    assert 'name="columns-3-label" value=""' in page
    assert "style=" not in page.partition('id="content-main"')[2]


def test_without_fields_every_column_is_proposed_and_secrets_are_withheld(dpo: Client, sqlite_shop: Any):
    connector = sqlite_shop(
        "CREATE TABLE Person (Id INTEGER PRIMARY KEY, Email TEXT, PasswordHash TEXT, 'Total Price' NUMERIC(8,2), key TEXT)"
    )
    form = source_form(connector, table="Person", person_column="Person.Email")
    form = {name: value for name, value in form.items() if not name.startswith(("columns-", "joins-"))}

    response = dpo.post(reverse("admin:datamap_connectorsource_add"), form)

    assert response.status_code == 302
    assert [(row["name"], row["column"], row["sensitivity"], bool(row["withheld"])) for row in ConnectorSource.objects.get().columns] == [
        ("id", "Person.Id", "ordinary", False),
        ("email", "Person.Email", "contact", False),
        ("password_hash", "Person.PasswordHash", "secret", True),
        ("total_price", "Person.Total Price", "financial", False),
        ("key_value", "Person.key", "ordinary", False),
    ]


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"table": "invoice"}, "table", "There is no table invoice. Did you mean Invoice?"),
        ({"table": "Invoice; DROP TABLE Customer"}, "table", "There is no table"),
        ({"person_column": "Customer.email"}, "person_column", "There is no column Customer.email. Did you mean Customer.Email?"),
        ({"person_column": "Employee.Email"}, "person_column", "Employee.Email lies in a table that no join reaches from Invoice."),
        ({"person_column": "Email"}, "person_column", "Write Email as table.column."),
        ({"joins-0-right": "Invoice.Customer"}, "joins", "There is no column Invoice.Customer."),
        ({"joins-1-left": "Genre.GenreId", "joins-1-right": "Track.GenreId"}, "joins", "meets no other table of this source."),
        ({"columns-0-column": "upper(Customer.Email)"}, "columns", "There is no table upper(Customer."),
        ({"columns-0-name": "key"}, "columns", "Row 1: the name key is taken."),
        ({"columns-0-name": "Date!"}, "columns", "Row 1: a name is made of small letters"),
        ({"columns-0-label": ""}, "columns", "Row 1: give it a label"),
        ({"columns-0-sensitivity": "secret"}, "columns", "Row 1: a secret is never exported"),
        ({"columns-0-sensitivity": "huge"}, "columns", "Row 1: check Sensitivity."),
        ({"key_columns": "InvoiceId, InvoiceId"}, "key_columns", "A name stands twice."),
        ({"key_columns": "Number"}, "key_columns", "Write Number as table.column."),
        ({"purposes": ["gossip"]}, "purposes", "gossip is not one of the available choices"),
        ({"purposes": ["fraud_prevention_and_rights"]}, "is_portable", "Only data under consent or contract is portable"),
    ],
)
def test_a_source_that_does_not_fit_is_refused_with_a_clear_message(
    dpo: Client, chinook_sqlite: Connector, changes: dict[str, Any], field: str, message: str
):
    response = dpo.post(reverse("admin:datamap_connectorsource_add"), source_form(chinook_sqlite, **changes))

    assert response.status_code == 200
    assert message in " ".join(errors_of(response)[field])
    assert not ConnectorSource.objects.exists()


def test_words_can_be_changed_while_the_database_is_down(dpo: Client, chinook_sqlite: Connector, chinook_file: Any):
    dpo.post(reverse("admin:datamap_connectorsource_add"), source_form(chinook_sqlite))
    source = ConnectorSource.objects.get()
    chinook_file.unlink()
    page = reverse("admin:datamap_connectorsource_change", args=[source.pk])

    words = dpo.post(page, source_form(chinook_sqlite, title="Your invoices", is_enabled=""))
    structure = dpo.post(page, source_form(chinook_sqlite, table="Customer"))

    assert (words.status_code, ConnectorSource.objects.get().title, structure.status_code) == (302, "Your invoices", 200)


@pytest.mark.obligation("D-07")
def test_a_sample_needs_a_reason_is_masked_and_the_person_can_see_the_look(dpo: Client, chinook_sqlite: Connector):
    source = make_chinook_sources(chinook_sqlite)["profile"]
    luis = make_account(email="luisg@embraer.com.br", password=None)
    page = reverse("admin:datamap_connectorsource_preview", args=[source.pk])

    counted = dpo.post(page, {"identifier": "LuisG@embraer.com.br", "reason": ""}).content.decode()
    shown = dpo.post(page, {"identifier": "LuisG@embraer.com.br", "reason": "setting_up"}).content.decode()

    assert "1 record" in counted
    assert "São José" not in counted + shown
    assert "Sã• ••••" in shown
    assert "Gonçalves" not in shown
    assert [entry.verb for entry in looks_at(str(luis.subject.public_id))] == ["datamap.source_previewed", "datamap.source_counted"]
    assert "luisg" not in str(list(AuditEntry.objects.values_list("parameters", flat=True)))


def test_an_identifier_in_the_address_is_not_used(dpo: Client, chinook_sqlite: Connector):
    source = make_chinook_sources(chinook_sqlite)["profile"]
    before = AuditEntry.objects.count()

    page = dpo.get(
        reverse("admin:datamap_connectorsource_preview", args=[source.pk]), {"identifier": "luisg@embraer.com.br", "reason": "error"}
    )

    assert (page.context["preview"], AuditEntry.objects.count()) == (None, before)


@pytest.mark.parametrize(
    ("role", "read", "change"), [("Data protection officer", 200, 200), ("Privacy agent", 200, 403), ("Auditor", 200, 403)]
)
def test_who_may_read_and_who_may_try_out(chinook_sqlite: Connector, role: str, read: int, change: int):
    source = make_chinook_sources(chinook_sqlite)["profile"]
    client = desk(role)

    statuses = (
        client.get(reverse("admin:datamap_connectorsource_change", args=[source.pk])).status_code,
        client.get(reverse("admin:datamap_connectorsource_preview", args=[source.pk])).status_code,
    )

    assert statuses == (read, change)


def test_people_who_are_not_staff_get_nowhere(chinook_sqlite: Connector):
    source = make_chinook_sources(chinook_sqlite)["profile"]
    client = signed_in(make_account(password=None))

    statuses = [
        client.get(reverse("admin:datamap_connectorsource_preview", args=[source.pk])).status_code,
        client.post(reverse("admin:datamap_connector_test", args=[chinook_sqlite.pk])).status_code,
        Client().post(reverse("admin:datamap_connector_test", args=[chinook_sqlite.pk])).status_code,
    ]

    assert statuses == [302, 302, 302]
    assert Connector.objects.get().test_outcome == "untested"


def test_testing_takes_a_post_and_an_unknown_connector_is_404(dpo: Client, chinook_sqlite: Connector):
    assert dpo.get(reverse("admin:datamap_connector_test", args=[chinook_sqlite.pk])).status_code == 405
    assert dpo.post(reverse("admin:datamap_connector_test", args=[chinook_sqlite.pk + 1])).status_code == 404


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_take_the_same_number_of_queries_however_long_they_are(dpo: Client, chinook_file: Any, rows: int):
    connectors = [make_connector(f"sqlite:///{chinook_file}", key=f"shop{number}") for number in range(rows)]
    for connector in connectors:
        make_chinook_sources(connector)
    counts = {}
    for name in ("connector", "connectorsource", "purpose", "recipient", "retentionrule"):
        address = reverse(f"admin:datamap_{name}_changelist")
        with clock.stopped_at(clock.now()):
            dpo.get(address)
            with CaptureQueriesContext(database) as queries:
                assert dpo.get(address).status_code == 200
        counts[name] = len(queries)

    assert counts == {"connector": 6, "connectorsource": 7, "purpose": 6, "recipient": 6, "retentionrule": 6}


def test_deleting_a_connector_removes_its_sources_and_is_recorded(dpo: Client, chinook_sqlite: Connector):
    make_chinook_sources(chinook_sqlite)

    response = dpo.post(reverse("admin:datamap_connector_delete", args=[chinook_sqlite.pk]), {"post": "yes"})

    assert (response.status_code, Connector.objects.count(), ConnectorSource.objects.count()) == (302, 0, 0)
    assert verbs()[-1] == "datamap.connector_deleted"


def test_no_transaction_is_open_while_an_outside_database_is_asked(dpo: Client, chinook_sqlite: Connector, monkeypatch: pytest.MonkeyPatch):
    depths: list[int] = []

    def noting(asked: Any) -> Any:
        def note(*args: Any) -> Any:
            depths.append(len(database.savepoint_ids))  # the test's own transaction has no savepoint
            return asked(*args)

        return note

    monkeypatch.setattr(schema, "connected", noting(schema.connected))
    monkeypatch.setattr(forms, "read_address", noting(forms.read_address))

    added = dpo.post(reverse("admin:datamap_connectorsource_add"), source_form(chinook_sqlite))
    page = reverse("admin:datamap_connectorsource_change", args=[ConnectorSource.objects.get().pk])
    changed = dpo.post(page, source_form(chinook_sqlite, table="Customer", key_columns="Customer.CustomerId"))
    moved = dpo.post(reverse("admin:datamap_connector_add"), connector_form(key="other", address=chinook_sqlite.url))

    assert (added.status_code, changed.status_code, moved.status_code) == (302, 302, 302)
    assert len(depths) > 4
    assert set(depths) == {0}


CARD = "4111 1111 1111 1111"


@pytest.mark.obligation("C-04")
@pytest.mark.parametrize(
    ("model", "form"),
    [
        ("purpose", {"key": "gifts", "title": CARD, "description": "d", "legal_basis": "consent", "position": "1"}),
        ("purpose", {"key": "card_4111111111111111", "title": "t", "description": "d", "legal_basis": "consent", "position": "1"}),
        ("recipient", {"key": "bank", "name": "Bank", "receives": CARD, "why": "w", "safeguards": "s", "position": "1"}),
        ("retentionrule", {"key": "years", "title": "Years", "text": "t", "legal_ground": f"see {CARD}", "position": "1"}),
        ("connector", connector_form(name=CARD, address="sqlite:////x")),
    ],
)
def test_a_full_card_number_is_refused_in_every_text(dpo: Client, model: str, form: dict[str, Any]):
    response = dpo.post(reverse(f"admin:datamap_{model}_add"), form)

    assert response.status_code == 200
    assert "This looks like a full payment card number." in str(errors_of(response))


@pytest.mark.obligation("C-04")
@pytest.mark.parametrize("field", ["title", "origin", "key", "columns-0-label", "columns-0-name"])
def test_a_full_card_number_is_refused_in_a_connected_source(dpo: Client, chinook_sqlite: Connector, field: str):
    form = source_form(chinook_sqlite, **{field: "card_4111111111111111"})

    response = dpo.post(reverse("admin:datamap_connectorsource_add"), form)

    assert response.status_code == 200
    assert "card number" in str(errors_of(response))
    assert not ConnectorSource.objects.exists()
