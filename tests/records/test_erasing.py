"""Conversations and forms, put right and erased (R-02, R-03)."""

from __future__ import annotations

import pytest

from privacycenter.kernel.sources import CannotChange, Erased, FieldChange, Treatment, registry
from privacycenter.records.models import ErasedItem, FormSubmission, Interaction
from privacycenter.subjects.models import Subject
from tests.factories.preferences import make_person
from tests.records.builders import bring_in, interaction, ndjson, results, submission

pytestmark = pytest.mark.django_db
BOB = {"kind": "email", "value": "bob@example.com"}


@pytest.fixture
def ada():
    person = make_person("ada@example.com")
    bring_in(ndjson([interaction(), submission(), interaction(identifier=BOB), submission(identifier=BOB)]))
    return person


@pytest.mark.obligation("R-03")
@pytest.mark.parametrize(("key", "model"), [("records.interactions", Interaction), ("records.form_submissions", FormSubmission)])
def test_everything_of_the_person_goes_and_nothing_of_others(ada, key, model):
    source = registry.get(key)
    locator = source.locate(ada)
    theirs = list(model.objects.filter(identifier_value="bob@example.com").values())
    ada.identifiers.all().delete()

    assert source.erase(locator, Treatment.DELETE) == Erased(removed=1)

    assert source.verify_erased(locator) == 0
    assert source.erase(locator, Treatment.DELETE) == Erased()
    assert list(model.objects.values()) == theirs
    assert source.erase({}, Treatment.DELETE) == Erased()


@pytest.mark.obligation("R-03")
def test_the_same_file_does_not_bring_back_what_was_erased(ada, settings):
    keyed = interaction(idempotency_key="crm-7", payload={"channel": "chat", "summary": "Asked again"})
    bring_in(ndjson([keyed]))
    file = ndjson([interaction(), submission(), keyed, interaction(identifier=BOB), interaction(origin="another call")])
    for key in ("records.interactions", "records.form_submissions"):
        registry.get(key).erase(registry.get(key).locate(ada), Treatment.DELETE)
    settings.HASH_KEYS = {"new": b"n" * 32} | settings.HASH_KEYS

    assert results(bring_in(file)) == [(1, "erased"), (2, "erased"), (3, "erased"), (4, "unchanged"), (5, "created")]
    assert not Interaction.objects.filter(summary="Asked again").exists()
    assert "crm-7" not in str(list(ErasedItem.objects.values()))


@pytest.mark.obligation("R-02")
def test_texts_and_answers_are_corrected_and_the_same_import_does_not_bring_the_old_ones_back(ada):
    call, form = Interaction.objects.get(identifier_value="ada@example.com"), FormSubmission.objects.get(identifier_value="ada@example.com")
    calls, forms = registry.get("records.interactions"), registry.get("records.form_submissions")
    right = {"company": "Analytical Engines Ltd", "seats": 3}

    changed = calls.rectify(
        calls.locate(ada), [FieldChange(str(call.pk), "summary", "Asked about two invoices"), FieldChange(str(call.pk), "body", None)]
    )
    changed += forms.rectify(forms.locate(ada), [FieldChange(str(form.pk), "answers", right)])

    call.refresh_from_db()
    form.refresh_from_db()
    assert (changed, call.summary, call.body, form.answers) == (2, "Asked about two invoices", "", right)
    assert results(bring_in(ndjson([interaction(), submission()]))) == [(1, "unchanged"), (2, "unchanged")]
    assert Interaction.objects.get(pk=call.pk).summary == "Asked about two invoices"


@pytest.mark.obligation("R-02")
@pytest.mark.parametrize(
    ("key", "field", "value", "code"),
    [
        ("records.interactions", "summary", "", "invalid_value"),
        ("records.interactions", "summary", 7, "invalid_value"),
        ("records.interactions", "summary", "x" * 601, "invalid_value"),
        ("records.interactions", "body", "My card is 4111 1111 1111 1111", "invalid_value"),
        ("records.interactions", "occurred_at", "2026-01-01", "read_only"),
        ("records.interactions", "identifier", "eve@example.com", "read_only"),
        ("records.form_submissions", "answers", {}, "invalid_value"),
        ("records.form_submissions", "answers", "yes", "invalid_value"),
        ("records.form_submissions", "answers", None, "invalid_value"),
        ("records.form_submissions", "answers", {"card": {"number": [4111111111111111]}}, "invalid_value"),
        ("records.form_submissions", "form", "other", "read_only"),
    ],
)
def test_what_can_not_be_right_is_refused(ada, key, field, value, code):
    source = registry.get(key)
    model = source.model
    before = list(model.objects.values())
    record = model.objects.get(identifier_value="ada@example.com")

    with pytest.raises(CannotChange) as refused:
        source.rectify(source.locate(ada), [FieldChange(str(record.pk), field, value)])

    assert (refused.value.code, list(model.objects.values())) == (code, before)


@pytest.mark.obligation("R-02")
def test_time_zone_and_language_take_known_ones_only(ada):
    source = registry.get("subjects.locale")
    key = str(ada.pk)

    assert source.rectify(source.locate(ada), [FieldChange(key, "time_zone", "Europe/Paris"), FieldChange(key, "language", "en")]) == 1
    for field, value in (("time_zone", "Mars/Olympus"), ("language", "tlh"), ("language", 3)):
        with pytest.raises(CannotChange) as refused:
            source.rectify(source.locate(ada), [FieldChange(key, field, value)])
        assert refused.value.code == "invalid_value"

    now = Subject.objects.get(pk=ada.pk)
    assert (now.time_zone, now.language) == ("Europe/Paris", "en")
