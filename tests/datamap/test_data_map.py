"""Purposes, recipients and retention rules: what the database refuses, what a new installation has, what sources get told."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from privacycenter.audit.models import AuditEntry
from privacycenter.datamap import checks, domain
from privacycenter.datamap.defaults import PURPOSES, RECIPIENTS, RETENTION_RULES
from privacycenter.datamap.enums import RecordCategory
from privacycenter.datamap.errors import StaffOnly, UnknownDataMapKey
from privacycenter.datamap.models import Purpose, Recipient, RetentionRule
from privacycenter.datamap.queries import facts_for, purposes_for, recipients_for, retention_rule
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.sources import CATEGORIES, ReadOnlySource, Record, SourceDescription, SourceField, registry
from tests.datamap.builders import STAFF

pytestmark = pytest.mark.django_db


def description(**changes: Any) -> SourceDescription:
    values: dict[str, Any] = {
        "key": "test.source",
        "title": "Test",
        "category": "other",
        "fields": (SourceField("a", "A"),),
        "purposes": ("support",),
        "origin": "you",
        "retention": "interactions",
        **changes,
    }
    return SourceDescription(**values)


@pytest.mark.obligation("U-01", "L-01", "K-01")
def test_a_new_installation_knows_ten_purposes_each_with_a_basis():
    assert list(Purpose.objects.values_list("key", flat=True)) == [entry["key"] for entry in PURPOSES]
    assert (len(PURPOSES), Recipient.objects.count(), RetentionRule.objects.count()) == (10, 6, 10)
    assert not Purpose.objects.filter(legal_basis="legitimate_interests", balancing_note="").exists()
    assert Purpose.objects.filter(legal_basis="legitimate_interests").count() == 5


def test_migrating_again_brings_back_what_is_missing_and_keeps_what_staff_wrote():
    Purpose.objects.filter(key="support").update(title="Helping you")
    Recipient.objects.filter(key="resale_partners").delete()

    call_command("migrate", verbosity=0)

    assert Purpose.objects.get(key="support").title == "Helping you"
    assert Recipient.objects.count() == len(RECIPIENTS)
    assert RetentionRule.objects.count() == len(RETENTION_RULES)


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Purpose, {"title": "T", "description": "D", "legal_basis": "legitimate_interests"}),
        (Purpose, {"title": "T", "description": "D", "legal_basis": "curiosity"}),
        (Purpose, {"title": "", "description": "D", "legal_basis": "consent"}),
        (Recipient, {"name": "N", "receives": "R", "why": "W", "safeguards": ""}),
        (Recipient, {"name": "N", "receives": "R", "why": "W", "safeguards": "S", "gives_value": True}),
        (RetentionRule, {"title": "T", "text": "", "legal_ground": "G"}),
        (RetentionRule, {"title": "T", "text": "T", "legal_ground": "G", "period_days": 0}),
    ],
)
@pytest.mark.obligation("S-01", "S-02", "L-01")
def test_the_database_itself_refuses_what_must_not_be(model: Any, values: dict[str, Any]):
    with pytest.raises(IntegrityError), transaction.atomic():
        model.objects.create(key="new", **values)

    with pytest.raises(ValidationError):
        model(key="new", **values).full_clean()


def test_verbs_check_who_acts_and_leave_an_entry_with_field_names_only():
    purpose = Purpose.objects.get(key="support")
    purpose.title = "Helping you"
    with pytest.raises(StaffOnly):
        domain.save_purpose(purpose, changed=["title"], actor=Actor(ActorKind.PERSON, "7"))

    domain.save_purpose(purpose, changed=["title"], actor=STAFF)

    assert list(AuditEntry.objects.values_list("verb", "actor_ref", "fields", "parameters")) == [
        ("datamap.purpose_saved", "1", ["title"], {"key": "support"})
    ]


@pytest.mark.parametrize("count", [1, 3])
def test_facts_of_many_sources_take_three_queries(count: int):
    descriptions = [
        description(key=f"test.source{number}", purposes=("support", "news_and_offers"), recipients=("staff_and_contractors",))
        for number in range(count)
    ]

    with CaptureQueriesContext(connection) as queries:
        facts = facts_for(descriptions)

    assert (len(queries), len(facts)) == (3, count)
    first = facts["test.source0"]
    assert [purpose.key for purpose in first.purposes] == ["news_and_offers", "support"]
    assert first.legal_bases == ("consent", "contract")
    assert [recipient.name for recipient in first.recipients] == ["Employees and contractors"]
    assert first.retention.period_days == 1096


def test_a_key_that_nobody_knows_raises():
    for read in (
        lambda: purposes_for(["support", "gossip"]),
        lambda: recipients_for(["neighbours"]),
        lambda: retention_rule("for ever"),
        lambda: facts_for([description(purposes=("gossip",))]),
    ):
        with pytest.raises(UnknownDataMapKey):
            read()


def test_reads_keep_the_order_of_the_data_map():
    assert [purpose.key for purpose in purposes_for(["support", "service_messages"])] == ["service_messages", "support"]
    assert (purposes_for([]), recipients_for([])) == ([], [])
    assert retention_rule("sessions").period_days == 14


class Unmapped(ReadOnlySource):
    def describe(self) -> SourceDescription:
        return description(purposes=("gossip",))

    def locate(self, subject: Any) -> dict[str, Any]:
        return {}

    def count(self, locator: Any) -> int:
        return 0

    def newest(self, locator: Any) -> None:
        return None

    def export(self, locator: Any) -> Any:
        yield Record("1", {})


def test_a_source_in_code_that_names_an_unknown_purpose_fails_the_check():
    before = checks.check_source_facts(None)

    with registry.temporarily(Unmapped()):
        found = checks.check_source_facts(None)

    assert (before, [message.id for message in found]) == ([], ["privacycenter.E020"])


def test_every_category_has_words_for_people():
    assert set(RecordCategory.values) == set(CATEGORIES)
