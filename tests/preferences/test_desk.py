"""Staff and choices: shown after a reason, entered with evidence, rows without names."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.urls import reverse

from privacycenter.audit.queries import looks_at
from privacycenter.datamap.models import Purpose
from privacycenter.jobs.domain import enqueue, run_until_idle
from privacycenter.kernel import clock
from privacycenter.preferences import domain, gate, queries
from privacycenter.preferences.domain.desk import show_choices
from privacycenter.preferences.enums import SuppressionReason
from privacycenter.preferences.forms.desk import OnBehalfForm
from privacycenter.preferences.models import ConsentEvent, Suppression
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import PARTNERS, Scope
from privacycenter.subjects.errors import StaffOnly
from privacycenter.subjects.models import Subject
from requests_app.roles import AGENT, AUDITOR, DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.preferences import NOBODY, PERSON, make_person, make_topic, presented

pytestmark = pytest.mark.django_db
NEWS = Scope("news_and_offers", "product_news")
LOOK = {"kind": "email", "value": "ada@example.com", "look_reason": "request"}
SAID = {"ground": "call", "evidence": "Call 17 of 1 March"}


def staff_in(role):
    user = make_staff()
    user.groups.add(Group.objects.get(name=role))
    return signed_in(user)


@pytest.fixture
def ada():
    make_topic(title="Product news")
    person = make_person("ada@example.com")
    domain.choose(party_of(person), on=[NEWS], presented=presented(), actor=PERSON)
    return person


@pytest.fixture
def page():
    return reverse("admin:preferences_person")


def act(name, **fields):
    return {**LOOK, "act": name, **{f"{name}-{key}": value for key, value in fields.items()}}


@pytest.mark.parametrize("role", [DPO, AGENT])
def test_choices_open_after_a_reason_and_the_person_sees_the_look(ada, page, role):
    officer = staff_in(role)

    refused = officer.post(page, LOOK | {"look_reason": ""}).content.decode()
    shown = officer.post(page, LOOK)

    assert "Product news" not in officer.get(page).content.decode()
    assert "Product news" not in refused
    assert "Product news" in shown.content.decode()
    assert "Given" in shown.content.decode()
    assert shown.headers["Cache-Control"].startswith("max-age=0")
    assert [entry.parameters["reason"] for entry in looks_at(str(ada.public_id))] == ["request"]


def test_a_person_can_be_found_by_their_id(ada, page):
    officer = staff_in(DPO)
    prefilled = officer.get(f"{page}?person={ada.public_id}").content.decode()

    assert str(ada.public_id) in prefilled
    assert "Product news" in officer.post(page, LOOK | {"kind": "subject", "value": str(ada.public_id)}).content.decode()


@pytest.mark.parametrize(
    ("kind", "value"), [("email", "no address"), ("subject", "no id"), ("subject", "5a0f5c3e-0000-4000-8000-000000000001")]
)
def test_nobody_is_found_by_nonsense(ada, page, kind, value):
    answer = staff_in(DPO).post(page, LOOK | {"kind": kind, "value": value})

    assert answer.status_code == 200
    assert "Nobody is known by this" in answer.content.decode()


def test_an_address_of_nobody_we_know_can_be_put_on_the_list(page):
    answer = staff_in(AGENT).post(
        page, act("suppress", channel="email", reason="law", evidence="Robinson list") | {"value": "x@example.com"}
    )

    assert answer.status_code == 302
    assert answer.headers["Location"] == page
    assert gate.may(("email", "x@example.com"), "marketing_improvement", channel="email").rule is gate.Rule.SUPPRESSION
    assert Suppression.objects.get().evidence == "Robinson list"


def test_staff_enter_a_choice_with_ground_and_evidence(ada, page):
    officer = staff_in(AGENT)
    party = party_of(ada)

    missing = officer.post(page, act("on_behalf", about="topic.product_news", wish="off", ground="call"))
    assert (missing.status_code, queries.is_on(party, NEWS)) == (200, True)
    for about, wish, scope, expected in (
        ("topic.product_news", "off", NEWS, False),
        ("topic.product_news", "on", NEWS, True),
        ("topic.product_news", "invalid", NEWS, False),
        ("partner.resale_partners", "off", Scope(PARTNERS, recipient="resale_partners"), False),
        ("purpose.surveys_and_feedback", "on", Scope("surveys_and_feedback"), True),
        ("everything", "off", Scope("surveys_and_feedback"), False),
    ):
        answer = officer.post(page, act("on_behalf", about=about, wish=wish, **SAID))
        assert (answer.status_code, queries.is_on(party, scope)) == (302, expected), about
    assert set(ConsentEvent.objects.filter(actor_kind="staff").values_list("method", flat=True)) == {"staff"}
    assert {event.evidence for event in ConsentEvent.objects.filter(actor_kind="staff")} == {SAID["evidence"]}


def test_nobody_is_subscribed_to_everything(ada, page):
    answer = staff_in(DPO).post(page, act("on_behalf", about="everything", wish="on", **SAID))

    assert answer.status_code == 200
    assert "All marketing can only be switched off" in answer.content.decode()


def test_a_card_number_is_no_evidence(ada, page):
    answer = staff_in(DPO).post(
        page, act("on_behalf", about="topic.product_news", wish="off", ground="call", evidence="4111 1111 1111 1111")
    )

    assert answer.status_code == 200
    assert not ConsentEvent.objects.filter(actor_kind="staff").exists()


def test_an_entry_is_lifted_with_evidence_only_and_only_this_persons(ada, page):
    officer = staff_in(DPO)
    domain.suppress(party_of(ada), topic="product_news", reason=SuppressionReason.CHOICE, actor=NOBODY)
    domain.suppress(party_of(make_person("bob@example.com")), reason=SuppressionReason.CHOICE, actor=NOBODY)
    assert officer.post(page, act("lift", entry="/product_news", ground="letter", evidence="")).status_code == 200
    assert officer.post(page, act("lift", entry="/", **SAID)).status_code == 200
    assert Suppression.objects.filter(lifted_at__isnull=True).count() == 4
    assert officer.post(page, act("lift", entry="/product_news", **SAID)).status_code == 302
    assert Suppression.objects.filter(lifted_at__isnull=True).count() == 2


@pytest.mark.parametrize("role", [AUDITOR, "Marketing"])
def test_others_do_not_get_to_see_a_persons_choices(ada, page, role):
    assert staff_in(role).post(page, LOOK).status_code == 403
    assert signed_in(make_account()).post(page, LOOK).status_code == 302
    assert list(looks_at(str(ada.public_id))) == []


def test_lists_of_events_and_suppressions_name_nobody_and_change_nothing(ada):
    domain.suppress(party_of(ada), reason=SuppressionReason.LAW, evidence="A secret letter", actor=NOBODY)
    auditor = staff_in(AUDITOR)
    event, row = ConsentEvent.objects.first(), Suppression.objects.first()
    pages = [
        auditor.get(reverse(f"admin:preferences_{name}", args=args)).content.decode()
        for name, args in (
            ("consentevent_changelist", []),
            ("consentevent_change", [event.pk]),
            ("suppression_changelist", []),
            ("suppression_change", [row.pk]),
        )
    ]

    assert auditor.get(reverse("admin:preferences_consentevent_changelist") + "?channel=any").content.decode().count("news_and_offers") == 1
    assert "news_and_offers" not in auditor.get(reverse("admin:preferences_consentevent_changelist") + "?channel=sms").content.decode()
    for content in pages:
        assert "ada@example.com" not in content
        assert event.party_hash not in content
        assert "A secret letter" not in content
        assert 'name="_save"' not in content
    assert auditor.post(reverse("admin:preferences_consentevent_delete", args=[event.pk])).status_code == 403


def test_only_staff_are_shown_choices(ada):
    with pytest.raises(StaffOnly):
        show_choices(party_of(ada), reason="request", actor=PERSON)


@pytest.mark.obligation("R-04")
def test_the_officer_restricts_and_notes_a_child_on_the_persons_page(ada):
    officer = staff_in(DPO)
    limit, change = (reverse(f"admin:subjects_subject_{name}", args=[ada.pk]) for name in ("limit", "change"))

    assert officer.post(limit, {"limit": "restrict", "reason": "objection"}).status_code == 302
    assert "Restricted since" in officer.get(change).content.decode()
    assert gate.may(Subject.objects.get(pk=ada.pk), "support").rule is gate.Rule.RESTRICTION
    assert "ends some days later" in officer.post(limit, {"limit": "lift", "reason": "assessed"}, follow=True).content.decode()
    assert "announced already" in officer.post(limit, {"limit": "lift", "reason": "assessed"}).content.decode()
    assert Subject.objects.get(pk=ada.pk).restricted_at is not None
    run_until_idle()
    with clock.stopped_at(clock.now() + timedelta(days=4)):
        enqueue("requests.end_limits", key="later")
        run_until_idle()
    officer.post(limit, {"limit": "child", "reason": "child"})
    assert "Known to be a child" in officer.get(change).content.decode()
    assert "Not restricted" in officer.get(change).content.decode()
    officer.post(limit, {"limit": "no_child", "reason": "mistake"})
    assert Subject.objects.get(pk=ada.pk).is_child is False
    assert officer.post(limit, {"limit": "sell", "reason": "mistake"}).status_code == 200
    assert staff_in(AGENT).post(limit, {"limit": "restrict", "reason": "objection"}).status_code == 403


def test_what_a_choice_is_about_is_grouped_and_no_two_options_read_alike() -> None:
    topic = make_topic()
    Purpose.objects.filter(key="service_messages").update(title=topic.title)

    groups = dict(OnBehalfForm().fields["about"].choices)  # type: ignore[attr-defined]

    assert {"Topics", "Purposes"} <= {str(group) for group in groups}
    labels = [str(label) for group in groups.values() if isinstance(group, list) for _key, label in group]
    assert f"{topic.title} ({topic.key})" in labels
    assert f"{topic.title} (service_messages)" in labels
    assert len(labels) == len(set(labels))
