"""Asking again: consents given for a text that was rewritten stop counting when the data protection officer says so."""

from __future__ import annotations

import datetime as dt

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from privacycenter.audit.models import AuditEntry
from privacycenter.datamap.domain import save_purpose
from privacycenter.datamap.models import Purpose
from privacycenter.jobs.domain import run_due
from privacycenter.kernel import clock
from privacycenter.preferences.domain import choose, recall
from privacycenter.preferences.enums import Channel, EventKind, Method
from privacycenter.preferences.errors import UnknownPurpose
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import Party, party_of
from privacycenter.preferences.queries import is_on
from privacycenter.preferences.scopes import Scope
from privacycenter.subjects.errors import StaffOnly
from tests.factories.accounts import make_staff, signed_in
from tests.factories.preferences import PERSON, STAFF, make_person, make_topic, presented

pytestmark = pytest.mark.django_db

NEWS = Scope("news_and_offers", "product_news", Channel.EMAIL)


def say_yes(scope: Scope = NEWS) -> Party:
    party = party_of(make_person())
    choose(party, on=[scope], presented=presented(), actor=PERSON)
    return party


def rewrite(days: int = 1) -> None:
    with clock.stopped_at(clock.now() + dt.timedelta(days=days)):
        purpose = Purpose.objects.get(key="news_and_offers")
        purpose.description += " And something else."
        save_purpose(purpose, changed=("description",), actor=STAFF)


@pytest.fixture(autouse=True)
def _topic():
    make_topic()


@pytest.fixture
def dpo() -> Client:
    staff = make_staff(password=None)
    staff.groups.add(Group.objects.get(name="Data protection officer"))
    return signed_in(staff)


@pytest.mark.obligation("L-02")
def test_consents_for_the_text_before_are_declared_invalid_and_newer_and_other_ones_are_not():
    before, other = say_yes(), say_yes(Scope("surveys_and_feedback"))
    refused = say_yes()
    choose(refused, off=[NEWS], presented=presented(), actor=PERSON)
    rewrite()
    with clock.stopped_at(clock.now() + dt.timedelta(days=2)):
        after = say_yes()
        assert recall.outdated_count("news_and_offers") == 1

        recall.ask_again("news_and_offers", actor=STAFF)
        run_due(kinds=[recall.RECALL], reraise=True)

    assert [is_on(party, NEWS) for party in (before, after)] == [False, True]
    assert is_on(other, Scope("surveys_and_feedback")) is True
    events = ConsentEvent.objects.filter(kind=EventKind.INVALIDATED)
    assert [(event.party_hash, event.method, event.reason) for event in events] == [
        (before.writes_to.digest, Method.SYSTEM, "purpose_changed")
    ]
    assert "no longer counts" in events[0].text.text
    assert AuditEntry.objects.filter(verb="preferences.recalled").get().parameters == {"purpose": "news_and_offers", "version": 2}


def test_recalling_twice_writes_once(monkeypatch):
    monkeypatch.setattr(recall, "_BATCH", 2)
    for _person in range(5):
        say_yes()
    rewrite()
    with clock.stopped_at(clock.now() + dt.timedelta(days=2)):
        for _time in range(2):
            recall.ask_again("news_and_offers", actor=STAFF)
            run_due(kinds=[recall.RECALL], reraise=True)

    assert ConsentEvent.objects.filter(kind=EventKind.INVALIDATED).count() == 5


def test_only_staff_and_only_for_a_purpose_that_exists():
    with pytest.raises(StaffOnly):
        recall.ask_again("news_and_offers", actor=PERSON)
    with pytest.raises(UnknownPurpose):
        recall.ask_again("nothing", actor=STAFF)


@pytest.mark.obligation("L-02")
def test_the_desk_offers_it_after_a_change_and_does_it_by_a_post(dpo):
    party = say_yes()
    rewrite()
    url = reverse("admin:preferences_ask_again", args=["news_and_offers"])
    with clock.stopped_at(clock.now() + dt.timedelta(days=2)):
        page = dpo.get(url).content.decode()
        still = is_on(party, NEWS)
        answer = dpo.post(url, follow=True).content.decode()
        run_due(kinds=[recall.RECALL], reraise=True)

    assert "1 consent that stands was given for an earlier text" in page
    assert still is True
    assert "declared invalid" in answer
    assert is_on(party, NEWS) is False


def test_the_offer_stands_in_the_message_after_saving(dpo):
    say_yes()
    purpose = Purpose.objects.get(key="news_and_offers")
    values = {"title": purpose.title, "description": "New.", "legal_basis": "consent", "balancing_note": "", "position": "20", "note": ""}
    with clock.stopped_at(clock.now() + dt.timedelta(minutes=1)):
        page = dpo.post(reverse("admin:datamap_purpose_change", args=[purpose.pk]), values, follow=True).content.decode()

    assert "1 consent was given for the text before." in page
    assert reverse("admin:preferences_ask_again", args=["news_and_offers"]) in page


def test_whoever_may_not_change_purposes_may_not_recall(dpo):
    auditor = make_staff(password=None)
    auditor.groups.add(Group.objects.get(name="Auditor"))

    assert signed_in(auditor).post(reverse("admin:preferences_ask_again", args=["news_and_offers"])).status_code == 403
    assert dpo.get(reverse("admin:preferences_ask_again", args=["nothing"])).status_code == 404
