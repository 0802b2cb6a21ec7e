"""Old requests: what leads to people goes when the rule of the data map says so, and the facts stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db.models import BinaryField, BooleanField, CharField, DateField, DateTimeField, JSONField, Model, TextField

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.datamap.models import RetentionRule
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.subjects.models import Subject
from requests_app.domain.retention import RULE, forget_requests, kept_since
from requests_app.models import Annotation, Bundle, Lift, Request, TimelineEvent
from tests.factories.accounts import make_staff
from tests.factories.requests import filed, released, reopened, withdrawn

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")


@pytest.fixture(autouse=True)
def _three_years() -> None:
    RetentionRule.objects.update_or_create(key=RULE, defaults={"title": "Requests", "period_days": 1096, "text": "t", "legal_ground": "g"})


def closed_in(year: int) -> Request:
    request = withdrawn()
    moment = datetime(year, 6, 1, tzinfo=UTC)
    values = {
        "closed_at": moment,
        "received_at": moment,
        "verified_at": moment,
        "words": "Ana",
        "letter": "Dear Ana",
        "contact": "ana@example.com",
    }
    Request.objects.filter(pk=request.pk).update(**values)
    TimelineEvent.objects.filter(request=request).update(note="Ana said so")
    return Request.objects.get(pk=request.pk)


def test_the_period_counts_from_the_end_of_the_year() -> None:
    # three years and a day of grace for leap years: what was closed in 2022 goes at the very end of 2025 or with 2026
    assert [kept_since(datetime(*day, 12, tzinfo=UTC)).year for day in ((2025, 12, 30), (2026, 1, 2), (2026, 12, 30))] == [2022, 2023, 2023]


@pytest.mark.obligation("K-01")
def test_old_requests_lose_what_leads_to_people_and_keep_the_facts() -> None:
    with clock.stopped_at(datetime(2026, 6, 1, tzinfo=UTC)):
        old, young, open_one = closed_in(2022), closed_in(2023), filed()
        ref, kind, outcome = old.ref, old.kind, old.outcome

        count = forget_requests(limit=10, actor=SYSTEM)
        again = forget_requests(limit=10, actor=SYSTEM)

    stored = Request.objects.get(pk=old.pk)
    assert (count, again) == (1, 0)
    assert (stored.ref, stored.kind, stored.outcome, stored.closed_at) == (ref, kind, outcome, old.closed_at)
    assert (stored.subject, stored.contact, stored.words, stored.letter) == (None, None, None, None)
    assert set(TimelineEvent.objects.filter(request=old).values_list("note", flat=True)) == {None}
    assert set(TimelineEvent.objects.filter(request=old, actor_kind="person").values_list("actor_ref", flat=True)) == {""}
    assert TimelineEvent.objects.filter(request=old).exists()
    assert Request.objects.get(pk=young.pk).words == "Ana"
    assert Request.objects.get(pk=open_one.pk).subject is not None
    assert AuditEntry.objects.filter(verb="requests.forgotten").count() == 1


def test_what_is_open_again_or_can_still_be_fetched_is_left_alone() -> None:
    ready, again = released(), reopened()
    with clock.stopped_at(clock.now() + timedelta(days=365 * 9)):
        assert forget_requests(limit=10, actor=SYSTEM) == 0
    assert all(Request.objects.get(pk=request.pk).subject is not None for request in (ready, again))


def test_without_a_period_nothing_is_forgotten() -> None:
    RetentionRule.objects.filter(key=RULE).update(period_days=None)
    closed_in(2001)

    assert forget_requests(limit=10, actor=SYSTEM) == 0


# Nothing is overlooked --------------------------------------------------------------------------------------------------------

MARK = "LEADS-TO-SOMEBODY"
# What still stands in a forgotten request or hangs on it, and why it may. Whoever adds a field that may lead to a person clears it in
# requests_app.domain.retention, or in what its room gives to `also_forget`; or writes here why it stays.
STAYS = {
    "codes and counts": {
        "Request.filed_by_client",
        "Request.refusal_ground",
        "Request.due_explanation",
        "Request.choices.purposes",
        "TimelineEvent.event",
        "TimelineEvent.details",
        "ErasurePlan.changes",
        "ErasurePlan.obstacle",
        "ErasurePlan.waits_for",
        "ErasureStep.error_code",
        "ErasureStep.treatment",
        "Correction.error_code",
        "Transfer.error_code",
        "WebhookDelivery.event",
        "ChildReport.language",
        "ProofDocument.media_type",
    },
    "names of sources, fields and organisations": {
        "Correction.source_key",
        "Correction.title",
        "Correction.field",
        "Correction.label",
        "ErasureStep.source_key",
        "ErasureStep.title",
        "RecipientNotice.recipient_key",
        "RecipientNotice.recipient_name",
        "RecipientNotice.changed",
    },
    "the law's reason for keeping something, which names nobody": {"ErasureStep.reason"},
    "proof of the answer without anything of the person": {
        "ErasurePlan.digest",
        "ErasurePlan.certificate",
        "ErasurePlan.signature",
        "Transfer.sha256",
    },
    "random ids of rows": {
        "Transfer.public_id",
        "WebhookDelivery.public_id",
        "ProofDocument.public_id",
        "ProofDocument.object_name",
    },
    "keyed hashes, so that a restored backup brings nobody back": {
        "LedgerEntry.hash",
        "LedgerEntry.line",
        "LedgerEntry.key_id",
        "LedgerEntry.erasure",
        "LedgerEntry.reference",
    },
    "the person's own note travels with their data, and names the request no more": {
        "Annotation.subject",
        "Annotation.source_key",
        "Annotation.title",
        "Annotation.record",
        "Annotation.field",
        "Annotation.label",
        "Annotation.text",
    },
}


def hanging_on_requests() -> list[type[Model]]:
    """Every model that leads to a request, each after those that it leads to."""
    found: list[type[Model]] = [Request]
    for model in found:
        found += [
            each.related_model
            for each in model._meta.related_objects
            if each.related_model not in found and not each.many_to_many and each.related_model._meta.app_label == "requests_app"
        ]
    ordered: list[type[Model]] = [Request]
    while len(ordered) < len(found):
        ready = [
            model
            for model in found
            if model not in ordered
            and all(field.related_model in [*ordered, model] for field in model._meta.concrete_fields if field.related_model in found)
        ]
        assert ready
        ordered += ready
    return ordered


def marked(model: type[Model], parents: dict[type[Model], Model], staff: Any, number: int) -> Model:
    """A row in which everything that could lead to a person says so."""
    values: dict[str, Any] = {}
    now = clock.now()
    for field in model._meta.concrete_fields:
        if field.primary_key:
            continue
        if field.is_relation:
            related = field.related_model
            if related in parents:
                values[field.name] = parents[related]
            elif related is User:
                values[field.name] = staff
            elif not field.null:
                values[field.name] = marked(related, parents, staff, number)
        elif field.choices:
            values[field.name] = field.choices[0][0]
        elif isinstance(field, JSONField):
            values[field.name] = {"value": MARK}
        elif isinstance(field, BinaryField) and not isinstance(field, EncryptedTextField):
            values[field.name] = MARK.encode()
        elif isinstance(field, DateField):  # a moment is one as well
            values[field.name] = None if field.null else now if isinstance(field, DateTimeField) else now.date()
        elif isinstance(field, BooleanField):
            values[field.name] = False
        elif isinstance(field, CharField | TextField | EncryptedTextField):
            values[field.name] = f"{MARK}{number}"[: field.max_length or None]
        else:
            values[field.name] = 1
    return model.objects.create(**values | FITTING.get(model.__name__, {}))


# What the constraints of a table want.
FITTING: dict[str, dict[str, Any]] = {
    "Bundle": {"key": None, "shredded_at": datetime(2022, 6, 1, tzinfo=UTC)},
    "Correction": {"subject": None},
    "ProofDocument": {"key": None, "original_name": None, "removed_at": datetime(2022, 6, 1, tzinfo=UTC)},  # gone at the end of a request
    "TimelineEvent": {"actor_kind": "person"},
    "Redaction": {"kind": "text", "source_key": ""},
    "Lift": {"ended_at": datetime(2022, 6, 1, tzinfo=UTC)},
}


def what_leads(model: type[Model], subject: Any) -> set[str]:
    """The fields of a table in which the mark or the person stands."""
    found: set[str] = set()
    for row in model._default_manager.all():
        for field in model._meta.concrete_fields:
            value = getattr(row, field.attname)
            if field.related_model is Subject and value == subject.pk:
                found.add(f"{model.__name__}.{field.name}")
            elif isinstance(value, dict) and model is Request and field.name == "choices":
                found |= {f"Request.choices.{name}" for name, each in value.items() if MARK[:8] in str(each)}
            elif MARK[:8] in str(bytes(value) if isinstance(value, memoryview) else value):
                found.add(f"{model.__name__}.{field.name}")
    return found


@pytest.mark.obligation("K-01")
def test_nothing_that_may_lead_to_a_person_is_overlooked() -> None:
    with clock.stopped_at(datetime(2026, 6, 1, tzinfo=UTC)):
        request, staff = closed_in(2022), make_staff(password=None)
        subject = request.subject
        Request.objects.filter(pk=request.pk).update(
            filed_by=subject,
            words=MARK,
            letter=MARK,
            contact=MARK,
            extension_reason=MARK,
            filed_by_client=MARK,
            refusal_ground=MARK,
            withheld={"a": MARK},
            due_explanation={"why": MARK},
            choices={"records": [MARK], "events": [MARK], "reference": MARK, "receiver": MARK, "purposes": [MARK], "unknown": MARK},
        )
        models, parents = hanging_on_requests(), {Subject: subject, Request: request}
        for table in (TimelineEvent, Bundle):
            table.objects.filter(request=request).delete()
        for number, model in enumerate(models[1:]):
            parents[model] = marked(model, parents, staff, number)
        before = {each for model in models for each in what_leads(model, subject)}

        assert forget_requests(limit=10, actor=SYSTEM) == 1

    after = {each for model in models for each in what_leads(model, subject)}
    allowed = {field for fields in STAYS.values() for field in fields}
    assert after - allowed == set(), "clear them in requests_app.domain.retention, or say in STAYS why they may stay"
    assert allowed - before == set(), "these are no fields any more"
    assert {"Message.body", "Attachment.original_name", "Look.note", "Lift.subject", "Request.choices.records"} <= before - after
    assert Annotation.objects.get().request_id is None


def test_a_limit_whose_end_is_still_to_come_keeps_its_request() -> None:
    with clock.stopped_at(datetime(2026, 6, 1, tzinfo=UTC)):
        request = closed_in(2022)
        lift = Lift.objects.create(
            subject=request.subject, request=request, limit="restriction", reason="accurate", ordered_at=clock.now(), ends_at=clock.now()
        )
        kept = forget_requests(limit=10, actor=SYSTEM)
        Lift.objects.filter(pk=lift.pk).update(ended_at=clock.now())

        assert (kept, forget_requests(limit=10, actor=SYSTEM)) == (0, 1)
    assert not Lift.objects.exists()
