"""What is left of choices when their person is erased: a no that is recognised, no yes, and proof without words (K-02)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privacycenter.datamap.models import Purpose
from privacycenter.kernel import clock
from privacycenter.kernel.sources import CannotErase, Erased, Treatment, registry
from privacycenter.preferences import domain, gate
from privacycenter.preferences.enums import EventKind, LinkKind, Method, SuppressionReason
from privacycenter.preferences.links import make_link
from privacycenter.preferences.models import ConsentEvent, LinkToken, Suppression
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.receipts import kept_receipt
from privacycenter.preferences.scopes import Scope
from privacycenter.subjects.domain import add_identifier
from privacycenter.subjects.models import Identifier, Subject
from tests.factories.preferences import NOBODY, PERSON, STAFF, SYSTEM, make_person, make_topic, presented
from tests.factories.subscribers import make_subscribers

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("K-02")]
A, B, PHONE = "ada@example.com", "ada@home.example", "+442079460958"
NEWS = Scope("news_and_offers", "product_news", "email")
KEYS = (
    "subjects.identifiers",
    "preferences.choices",
    "preferences.suppressions",
    "preferences.delivery",
    "preferences.links",
    "subjects.locale",
)


@pytest.fixture(autouse=True)
def topics():
    make_topic()
    make_topic("offers", purpose="marketing_improvement")


def fresh(person):
    return Subject.objects.get(pk=person.pk)


def erase(person):
    """As a plan does it: locators first, then source by source in their order."""
    plan = [(registry.get(key), registry.get(key).locate(fresh(person))) for key in KEYS]
    return {source.describe().key: source.erase(locator, source.describe().erasure.treatment) for source, locator in plan}


def may(who, purpose="news_and_offers", topic="product_news"):
    return gate.may(who if isinstance(who, tuple) else party_of(fresh(who)), purpose, topic=topic, channel="email").allowed


def confirm_by_mail(address):
    yes = domain.Choice(NEWS, EventKind.GIVEN)
    domain.record_choice(party_of(("email", address)), yes, presented=presented(Method.MAILED_CONFIRMATION), actor=NOBODY)


def choose(who, **choices):
    domain.choose(party_of(fresh(who)), presented=presented(), actor=PERSON, **choices)


def test_the_order_is_such_that_an_address_is_known_until_its_refusals_are_noted():
    order = [registry.get(key).describe().erasure.order for key in KEYS]

    assert order == sorted(order)


def test_what_was_refused_signed_in_is_refused_when_the_address_comes_in_again():
    ada = make_person(A, phones=(PHONE,))
    domain.stop_all_marketing(party_of(ada), presented=presented(), actor=PERSON)
    Suppression.objects.exclude(party_kind="subject").delete()  # as before addresses were noted beside the person

    erase(ada)

    assert not may(("email", A), "marketing_improvement", "offers")
    assert set(Suppression.objects.exclude(party_kind="subject").values_list("party_kind", flat=True)) == {"email", "phone"}
    again = make_person(A)
    assert not may(again, "marketing_improvement", "offers")


def test_an_objection_to_a_purpose_without_topics_is_known_of_every_address():
    ada = make_person(A, B)
    domain.object_to(party_of(ada), "usage_and_problem_prevention", presented=presented(), actor=PERSON)
    assert gate.may(("email", "bob@example.com"), "usage_and_problem_prevention").allowed

    erase(ada)

    assert [gate.may(("email", each), "usage_and_problem_prevention").allowed for each in (A, B)] == [False, False]
    kept = ConsentEvent.objects.filter(party_kind="email")
    assert {(event.kind, event.reason, event.method) for event in kept} == {("objected", "erased", "system")}


def test_what_was_allowed_signed_in_or_by_mail_counts_no_more():
    ada = make_person(A, B)
    choose(ada, on=[NEWS])
    confirm_by_mail(A)
    assert may(ada)

    erase(ada)

    assert [may(each) for each in (ada, ("email", A), ("email", B))] == [False, False, False]
    assert ConsentEvent.objects.filter(kind=EventKind.EXPIRED, reason="erased").count() == 2
    again = make_person(A)
    choose(again, on=[NEWS])
    assert may(again), "a new yes of the new person counts"


def test_a_no_that_is_newer_than_the_yes_of_another_address_stays_the_last_word():
    ada = make_person(A)
    confirm_by_mail(A)
    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        domain.record_choice(party_of(fresh(ada)), domain.Choice(NEWS, EventKind.WITHDRAWN), presented=presented(), actor=PERSON)

    with clock.stopped_at(clock.now() + timedelta(minutes=2)):
        erase(ada)

    assert not may(("email", A))
    assert ConsentEvent.objects.filter(party_kind="email").order_by("-id").first().kind == EventKind.WITHDRAWN


def test_proof_stays_and_its_receipts_can_be_checked_but_the_words_of_staff_are_gone():
    ada = make_person(A)
    said = "Ada called on 3 May"
    domain.stop_all_marketing(party_of(ada), presented=presented(Method.STAFF), reason="staff", evidence=said, actor=STAFF)
    before = {event.pk: kept_receipt(event) for event in ConsentEvent.objects.select_related("text")}

    erased = [erase(ada), erase(ada)]

    after = {event.pk: kept_receipt(event) for event in ConsentEvent.objects.select_related("text")}
    assert None not in after.values()
    assert {key: after[key] for key in before} == before
    assert said not in str([*ConsentEvent.objects.values_list("evidence"), *Suppression.objects.values_list("evidence", "lift_evidence")])
    assert [done["preferences.choices"].removed + done["preferences.suppressions"].removed for done in erased] == [0, 0]


@pytest.mark.parametrize("key", ["preferences.choices", "preferences.suppressions", "preferences.delivery", "preferences.links"])
@pytest.mark.parametrize("treatment", [Treatment.DELETE, Treatment.ANONYMISE])
def test_nobody_can_have_deleted_what_must_outlive_the_person(key, treatment):
    source, ada = registry.get(key), make_person(A)
    choose(ada, on=[NEWS])

    with pytest.raises(CannotErase) as refused:
        source.erase(source.locate(ada), treatment)

    assert refused.value.code == "unfit_treatment"
    assert may(ada)


def test_a_link_in_an_old_mail_still_stops_messages_to_the_address(client):
    ada = make_person(A)
    choose(ada, on=[NEWS])
    link = make_link(party_of(("email", A)), kind=LinkKind.UNSUBSCRIBE, topic="product_news", subject_key=str(ada.public_id))

    erase(ada)

    assert client.post(link).status_code == 200
    assert Suppression.objects.filter(reason=SuppressionReason.CHOICE, topic="product_news").exists()
    assert set(LinkToken.objects.values_list("subject_key", flat=True)) == {""}


def test_others_keep_their_consents_and_addresses():
    ada, bob = make_person(A), make_subscribers(1)[0]
    add_identifier(bob, kind="email", value=A, source="tests", actor=SYSTEM)  # unproven: it finds nobody
    choose(ada, on=[NEWS])
    before = list(ConsentEvent.objects.filter(party_hash__in=party_of(fresh(bob)).digests).values())

    erase(ada)

    assert may(bob)
    assert list(ConsentEvent.objects.filter(party_hash__in=party_of(fresh(bob)).digests).values()) == before
    assert Identifier.objects.filter(subject=bob).count() == 2


def test_a_person_who_never_chose_anything_leaves_nothing_behind():
    ada = make_person(A)

    erased = erase(ada)

    assert {key: done for key, done in erased.items() if done != Erased()} == {
        "subjects.identifiers": Erased(removed=1),
        "subjects.locale": Erased(anonymised=1),
    }
    assert not ConsentEvent.objects.exists()
    assert Purpose.objects.exists()
