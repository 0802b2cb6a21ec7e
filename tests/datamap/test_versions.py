"""Versions of purposes and of notices at collection: what was said at any time stays known, and nobody can change it."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import call_command
from django.db import DatabaseError, transaction

from privacycenter.datamap import checks, domain, notices
from privacycenter.datamap.defaults import PURPOSES
from privacycenter.datamap.enums import BASIS_WORDS, LegalBasis
from privacycenter.datamap.errors import StaffOnly, UnknownNotice
from privacycenter.datamap.models import CollectionNotice, NoticeVersion, Purpose, PurposeVersion, RetentionRule
from privacycenter.datamap.notices import FormNotice, notice_for
from privacycenter.datamap.queries import PurposeHistory, purpose_at, versions_of
from privacycenter.datamap.triggers import versions
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from tests.datamap.builders import STAFF

pytestmark = pytest.mark.django_db

DAY = dt.timedelta(days=1)


def save(key: str, *, note: str = "", **changes: object) -> Purpose:
    purpose = Purpose.objects.get(key=key)
    for name, value in changes.items():
        setattr(purpose, name, value)
    return domain.save_purpose(purpose, changed=tuple(changes), note=note, actor=STAFF)


@pytest.mark.obligation("U-01", "L-01")
def test_each_of_the_ten_purposes_has_a_first_version_that_reads_as_it_does():
    versions = {version.key: version for version in PurposeVersion.objects.all()}

    assert set(versions) == {entry["key"] for entry in PURPOSES}
    for purpose in Purpose.objects.all():
        version = versions[purpose.key]
        assert (version.version, version.title, version.legal_basis) == (1, purpose.title, purpose.legal_basis)
        assert version.is_direct_marketing == purpose.is_direct_marketing


def test_marketing_purposes_are_marked_and_one_stops_at_the_signal_of_the_browser():
    marketing = Purpose.objects.filter(is_direct_marketing=True).values_list("key", flat=True)

    assert set(marketing) == {"news_and_offers", "surveys_and_feedback", "records_and_new_customers", "marketing_improvement"}
    assert list(Purpose.objects.filter(honours_gpc=True).values_list("key", flat=True)) == ["marketing_improvement"]


@pytest.mark.obligation("L-01")
def test_all_five_bases_are_explained():
    assert set(BASIS_WORDS) == set(LegalBasis)
    assert all(str(words) for words in BASIS_WORDS.values())


@pytest.mark.obligation("L-01")
def test_a_purpose_can_be_read_as_it_was_at_any_time():
    start = clock.now() + DAY
    with clock.stopped_at(start):
        save("support", title="Help", note="Plainer")
    with clock.stopped_at(start + 2 * DAY):
        save("support", title="Helping you", legal_basis=LegalBasis.CONSENT)

    def title_at(when: dt.datetime) -> str:
        version = purpose_at("support", when)
        assert version is not None
        return version.title

    assert title_at(start - 400 * DAY) == "Support"  # before the first version: as the first
    assert title_at(start - DAY / 2) == "Support"
    assert title_at(start) == "Help"
    assert title_at(start + DAY) == "Help"
    assert title_at(start + 3 * DAY) == "Helping you"
    assert purpose_at("nothing", start) is None
    assert [(version.version, version.note) for version in versions_of("support")] == [(3, ""), (2, "Plainer"), (1, "")]


@pytest.mark.parametrize("model", [PurposeVersion, NoticeVersion])
@pytest.mark.parametrize("deed", [lambda rows: rows.update(version=9), lambda rows: rows.delete()])
def test_the_database_itself_keeps_versions_as_they_are(model, deed):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        deed(model.objects.all())


def test_missing_triggers_are_told_of():
    assert checks.check_versions(None, databases=["default"]) == []

    versions.drop()

    assert [message.id for message in checks.check_versions(None, databases=["default"])] == ["privacycenter.E025"]
    versions.install()


def test_saving_without_a_change_makes_no_version():
    save("support")
    save("support", position=5)

    assert len(versions_of("support")) == 1


def test_many_questions_about_purposes_cost_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        history = PurposeHistory(["support", "news_and_offers"])
        for number in range(20):
            assert history.at("support", clock.now() + number * DAY)


@pytest.mark.obligation("L-01")
def test_a_legitimate_interest_without_its_balancing_note_makes_neither_row_nor_version():
    with pytest.raises(ValidationError):
        save("support", legal_basis=LegalBasis.LEGITIMATE_INTERESTS)

    assert Purpose.objects.get(key="support").legal_basis == LegalBasis.CONTRACT
    assert len(versions_of("support")) == 1


def test_an_update_of_the_software_that_changes_a_purpose_is_noted_as_a_version():
    Purpose.objects.filter(key="support").update(title="Changed below the verbs")

    call_command("migrate", verbosity=0)

    newest = versions_of("support")[0]
    assert (newest.version, newest.title, newest.actor_kind) == (2, "Changed below the verbs", "system")


@pytest.mark.obligation("L-03")
def test_a_notice_says_what_for_on_what_basis_how_long_and_who():
    notice = notice_for("accounts.registration")

    assert notice.version == 1
    assert [purpose.title for purpose in notice.facts.purposes][:1] == ["Service messages"]
    assert notice.facts.bases == ("Contract", "Legitimate interests")
    assert all(purpose.balancing_note for purpose in notice.facts.purposes if purpose.legal_basis == "legitimate_interests")
    assert [rule.short for rule in notice.facts.retention][1] == "One year, counted from the event"
    assert [recipient.name for recipient in notice.facts.recipients] == ["Employees and contractors", "Service providers"]
    assert notice.facts.required


def test_a_page_reads_its_notice_with_one_query(django_assert_num_queries):
    with django_assert_num_queries(1):
        notice_for("accounts.registration")


@pytest.mark.obligation("L-03")
def test_a_change_of_the_data_map_changes_the_notices_that_tell_of_it_and_no_others():
    rule = RetentionRule.objects.get(key="rights_requests")
    rule.text = "Four years."

    domain.save_retention_rule(rule, changed=("text",), note="New law", actor=STAFF)

    changed = NoticeVersion.objects.filter(version=2)
    telling = {key for key, form in notices.registered().items() if "rights_requests" in form.retention}
    assert {version.key for version in changed} == telling
    assert {"requests.filing", "requests.reopening"} <= telling < set(notices.registered())
    assert {version.note for version in changed} == {"New law"}
    assert notice_for("requests.filing").facts.retention[0].text == "Four years."
    first = NoticeVersion.objects.get(key="requests.filing", version=1)
    assert notices.facts_of(first).retention[0].text.startswith("Three years")


def test_words_that_staff_wrote_outlive_those_in_code(settings):
    notice = CollectionNotice.objects.get(key="requests.filing")
    notice.words = "We need this to answer you."

    domain.save_notice(notice, note="Shorter", actor=STAFF)
    call_command("migrate", verbosity=0)

    shown = notice_for("requests.filing")
    assert (shown.version, shown.words) == (2, "We need this to answer you.")


def test_words_in_code_that_changed_come_with_the_next_update():
    CollectionNotice.objects.filter(key="requests.filing").update(words="As the release before had it.")

    call_command("migrate", verbosity=0)

    assert CollectionNotice.objects.get(key="requests.filing").words == str(notices.registered()["requests.filing"].words)


@pytest.mark.parametrize("words", ["", "4111 1111 1111 1111"])
def test_words_must_be_there_and_hold_no_card_number(words):
    notice = CollectionNotice.objects.get(key="requests.filing")
    notice.words = words

    with pytest.raises(ValidationError):
        domain.save_notice(notice, actor=STAFF)


def test_only_staff_write_notices():
    with pytest.raises(StaffOnly):
        domain.save_notice(CollectionNotice.objects.get(key="requests.filing"), actor=Actor(ActorKind.PERSON, "1"))


def test_a_form_that_nobody_declared_has_no_notice():
    with pytest.raises(UnknownNotice):
        notice_for("nobody.knows")


@pytest.mark.parametrize(
    "form",
    [
        FormNotice("accounts.registration", "T", "W", ("support",), ("interactions",)),  # twice
        FormNotice("Nodot", "T", "W", ("support",), ("interactions",)),
        FormNotice("room.form", "T", "", ("support",), ("interactions",)),
        FormNotice("room.form", "T", "W", (), ("interactions",)),
        FormNotice("room.form", "T", "W", ("support",), ()),
    ],
)
def test_a_declaration_that_tells_too_little_is_refused(form):
    with pytest.raises(ImproperlyConfigured):
        notices.register(form)
