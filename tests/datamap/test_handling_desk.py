"""At the desk: what may be corrected, what an erasure does, and a dry run of it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from privacycenter.audit.models import AuditEntry
from privacycenter.datamap.models import Connector, ConnectorSource
from tests.datamap.builders import make_chinook_sources
from tests.datamap.test_admin import connector_form, desk, dpo, errors_of  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("R-03")]


@pytest.fixture
def profile(chinook_sqlite: Connector) -> ConnectorSource:
    return make_chinook_sources(chinook_sqlite)["profile"]


def page_of(source: ConnectorSource, name: str) -> str:
    return reverse(f"admin:datamap_connectorsource_{name}", args=[source.pk])


def posted(**changes: Any) -> dict[str, Any]:
    return {"erasure": "anonymise", "erasure_reason": "Invoices refer to it.", "keep_days": "", "correctable": ["city"], **changes}


def test_staff_allow_changes_by_a_switch_and_an_address_that_is_never_shown(dpo: Client, chinook_sqlite: Connector):  # noqa: F811
    page = reverse("admin:datamap_connector_change", args=[chinook_sqlite.pk])
    before = dpo.get(page).content.decode()
    url = chinook_sqlite.url.replace("+pysqlite", "")

    refused = dpo.post(page, connector_form(may_write="on", write_address="postgresql://u:hunter2@db.example.com/shop"))
    allowed = dpo.post(page, connector_form(may_write="on", write_address=url))
    shown = dpo.get(page).content.decode()

    assert "can't be brought back" in before
    assert "OUTBOUND_ALLOW" in errors_of(refused)["write_address"][0]
    assert (allowed.status_code, Connector.objects.get().may_write, Connector.objects.get().write_url) == (302, True, chinook_sqlite.url)
    assert url not in shown + refused.content.decode()
    assert "hunter2" not in refused.content.decode()


def test_the_page_proposes_what_becomes_of_each_column_and_saves_it(dpo: Client, profile: ConnectorSource):  # noqa: F811
    shown = dpo.get(page_of(profile, "changes")).content.decode()
    response = dpo.post(page_of(profile, "changes"), posted(), follow=True)

    profile.refresh_from_db()
    assert 'value="Customer.Email"' in shown
    assert "style=" not in shown.partition('id="content-main"')[2]
    assert (profile.erasure, profile.correctable) == ("anonymise", ["city"])
    assert {"column": "Customer.Email", "strategy": "unique", "text": "erased-"} in profile.strategies
    assert "The connector only reads." in response.content.decode()
    assert AuditEntry.objects.latest("pk").verb == "datamap.handling_saved"


def test_what_would_leave_the_person_is_refused_and_nothing_typed_is_lost(dpo: Client, profile: ConnectorSource):  # noqa: F811
    row = {"strategies-0-column": "Customer.City", "strategies-0-strategy": "fixed", "strategies-0-text": "Somewhere"}

    response = dpo.post(page_of(profile, "changes"), posted(**row))

    profile.refresh_from_db()
    assert "Customer.Email names the person. It must not stay as it is." in response.context["form"].errors["strategies"]
    assert 'value="Somewhere"' in response.content.decode()
    assert profile.erasure == ""


def test_a_dry_run_takes_a_reason_is_noted_and_shows_no_value(dpo: Client, profile: ConnectorSource):  # noqa: F811
    dpo.post(page_of(profile, "changes"), posted())
    Connector.objects.update(may_write=True)
    page = page_of(profile, "dry_run")

    without = dpo.post(page, {"identifier": "luisg@embraer.com.br", "reason": ""})
    shown = dpo.post(page, {"identifier": "luisg@embraer.com.br", "reason": "setting_up"}).content.decode()

    assert "reason" in without.context["form"].errors
    assert "Everything was undone." in shown
    assert "Unique random text" in shown
    assert "Gon" not in shown.partition('id="result-heading"')[2]
    entry = AuditEntry.objects.latest("pk")
    assert (entry.verb, entry.parameters) == ("datamap.erasure_rehearsed", {"key": "shop.profile", "reason": "setting_up"})


def test_a_dry_run_while_the_connector_only_reads_says_so(dpo: Client, profile: ConnectorSource):  # noqa: F811
    dpo.post(page_of(profile, "changes"), posted())

    shown = dpo.post(page_of(profile, "dry_run"), {"identifier": "luisg@embraer.com.br", "reason": "request"}).content.decode()

    assert "These records can be read here, but not changed." in shown


@pytest.mark.parametrize("name", ["changes", "dry_run"])
@pytest.mark.parametrize(("role", "status"), [("Data protection officer", 200), ("Privacy agent", 403), ("Auditor", 403)])
def test_both_pages_are_for_those_who_may_change_the_source(client: Client, profile: ConnectorSource, name: str, role: str, status: int):
    missing = reverse(f"admin:datamap_connectorsource_{name}", args=[profile.pk + 1000])

    assert client.get(page_of(profile, name)).status_code == 302
    assert desk(role).get(missing).status_code == 404
    assert [desk(role).get(page_of(profile, name)).status_code, desk(role).post(page_of(profile, name)).status_code] == [status, status]
