"""Whatever is held about a person is found by an erasure: every relation, every source, with others' rows left alone."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.sessions.models import Session

from accounts.checks import check_relations
from accounts.models import User
from privacycenter.kernel import attachments
from privacycenter.kernel.checks import check_erasure
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import Erased, FileItem, Locator, Source, Treatment, registry
from privacycenter.subjects.models import Subject
from tests.factories.whole import make_whole_person

# What may still point to the empty account or the bare number afterwards, and why.
STAYS = {
    "accounts.user.subject": "the empty account of the bare number",
    "admin.logentry.user": "acts of staff",
    "requests_app.look.user": "looks at others' data",
    "requests_app.request.subject": "proof that rights were answered",
    "requests_app.request.filed_by": "the same, filed for others",
    "requests_app.request.entered_by": "staff's part in a request",
    "requests_app.request.assignee": "staff's part in a request",
    "requests_app.request.decided_by": "staff's part in a request",
    "requests_app.legalhold.subject": "proof why something was kept",
    "requests_app.lift.subject": "proof of when the end of a limit was told",
}
NEVER_FILLED = {"allauth_idp_oidc.client.owner", "allauth_idp_oidc.token.user"}


def _sources() -> list[Source]:
    return sorted(
        (registry.get(key) for key in registry.static_keys()), key=lambda source: (source.describe().erasure.order, source.describe().key)
    )


def _relations() -> dict[str, tuple[type[Any], Any]]:
    """Every foreign key that leads to an account or a person, by "app.model.field"."""
    related = [*User._meta.related_objects, *Subject._meta.related_objects]
    return {f"{each.related_model._meta.label_lower}.{each.field.name}": (each.related_model, each.field) for each in related}


def _rows(user: User, name: str) -> int:
    model, field = _relations()[name]
    owner = user.pk if field.related_model is User else user.subject_id
    return int(model._base_manager.filter(**{field.name: owner}).count())


def _export(subject: Subject) -> dict[str, list[Any]]:
    held: dict[str, list[Any]] = {}
    for source in _sources():
        items = source.export(source.locate(subject))
        held[source.describe().key] = [(item.key, item.open().read()) if isinstance(item, FileItem) else item for item in items]
    return held


def _erase(plan: list[tuple[Source, Locator]]) -> dict[str, Erased]:
    return {source.describe().key: source.erase(locator, source.describe().erasure.treatment) for source, locator in plan}


def test_every_source_says_what_an_erasure_does_with_it():
    rules = {source.describe().key: source.describe().erasure for source in _sources()}

    assert rules
    assert check_erasure(None) == []
    for key, rule in rules.items():
        assert rule.treatment is Treatment.DELETE or rule.reason.endswith("."), key
    for source in _sources():
        if isinstance(source, ModelSource):
            assert source.describe().erasure.treatment in source.treatments, source.describe().key
            assert Treatment.ANONYMISE not in source.treatments or source.anonymous, source.describe().key


def test_every_correctable_field_is_one_of_the_model_and_says_so():
    sources = [source for source in _sources() if isinstance(source, ModelSource)]

    assert sources
    for source in sources:
        said = {field.name for field in source.describe().fields if field.correctable}
        assert said == set(source.correctable), f"{source.describe().key}: correctable of its fields and of the source must be the same"


def test_a_relation_that_nobody_spoke_of_is_found(monkeypatch):
    monkeypatch.delitem(attachments._attached, "mfa.Authenticator.user")

    assert [message.id for message in check_relations(None)] == ["privacycenter.E018"]


@pytest.mark.obligation("R-03")
@pytest.mark.django_db
def test_an_erasure_finds_everything_about_a_whole_person_and_nothing_about_another():
    officer, other = make_whole_person("ada"), make_whole_person("bob")
    unfilled = [name for name in _relations() if name not in NEVER_FILLED and not _rows(officer, name)]
    assert unfilled == [], f"Let tests.factories.whole fill {unfilled}, so that this guard sees what an erasure does with it."
    subject = Subject.objects.get(pk=officer.subject_id)
    plan = [(source, source.locate(subject)) for source in _sources()]
    counts = {source.describe().key: source.count(locator) for source, locator in plan}
    empty = [key for key, count in counts.items() if not count]
    assert empty == [], f"Let tests.factories.whole add something to {empty}, so that this guard sees what an erasure does with it."
    untouched = _export(Subject.objects.get(pk=other.subject_id))
    sessions = Session.objects.count()

    erased = _erase(plan)

    for source, locator in plan:
        key, rule = source.describe().key, source.describe().erasure
        assert source.verify_erased(locator) == erased[key].retained, key
        assert rule.treatment is Treatment.RETAIN or erased[key].retained == 0, key
    assert {key: sum(done) for key, done in erased.items()} == counts | {
        "preferences.choices": erased["preferences.choices"].retained,
        "preferences.suppressions": erased["preferences.suppressions"].retained,
    }
    assert erased["preferences.choices"].retained > counts["preferences.choices"], "consents end by an event of their own"
    left = {name for name in _relations() if _rows(officer, name)}
    assert left == set(STAYS), f"Not erased, or no longer kept: {sorted(left ^ set(STAYS))}. See privacycenter/kernel/attachments.py."
    assert Session.objects.count() == sessions - 1
    assert _export(Subject.objects.get(pk=other.subject_id)) == untouched


@pytest.mark.django_db
def test_erasing_again_finds_nothing_to_do_and_the_locators_still_work():
    user = make_whole_person("ada")
    subject = Subject.objects.get(pk=user.subject_id)
    plan = [(source, source.locate(subject)) for source in _sources()]
    first = _erase(plan)
    after = User.objects.values().get(pk=user.pk)

    again = _erase(plan)

    assert {key: (done.removed, done.anonymised) for key, done in again.items() if done.removed or done.anonymised} == {}
    assert {key: done.retained for key, done in again.items()} == {key: done.retained for key, done in first.items()}
    assert User.objects.values().get(pk=user.pk) == after
    assert not EmailAddress.objects.filter(user=user).exists()
