"""The history of choices: one order of time over all sources, sentences, receipts, taking back."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import uuid

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import User
from privacycenter.datamap.domain import save_purpose
from privacycenter.datamap.models import Purpose
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.mail.enums import MessageState
from privacycenter.mail.models import OutboxMessage
from privacycenter.portal.history import LineKind, Position, history_page
from privacycenter.preferences.domain import Choice, choose, choose_partner, lift, record_choice, set_delivery, suppress
from privacycenter.preferences.enums import Channel, DeliveryKind, EventKind, Method, SuppressionReason
from privacycenter.preferences.models import ConsentEvent
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.queries import is_on
from privacycenter.preferences.scopes import GPC, Scope
from tests.factories.accounts import make_account, signed_in
from tests.factories.preferences import STAFF, SYSTEM, make_topic, presented

pytestmark = pytest.mark.django_db

START = dt.datetime(2026, 3, 1, 9, tzinfo=dt.UTC)
NEWS = Scope("news_and_offers", "product_news", Channel.EMAIL)


@pytest.fixture
def user() -> User:
    make_topic(title="Product news")
    return make_account()


@pytest.fixture
def browser(user: User) -> Client:
    return signed_in(user)


def person(user: User) -> Actor:
    return Actor(ActorKind.PERSON, str(user.pk))


def at(days: float):
    return clock.stopped_at(START + dt.timedelta(days=days))


def live(user: User) -> None:
    """A year with one thing of each kind."""
    party = party_of(user.subject)
    with at(0):
        choose(party, on=[NEWS], presented=presented(Method.FORM), actor=person(user))
    with at(1):
        record_choice(party, Choice(Scope(GPC), EventKind.OBJECTED), presented=presented(Method.SIGNAL), actor=person(user))
    with at(2):
        set_delivery(
            party, DeliveryKind.QUIET_HOURS, {"from": "22:00", "until": "07:00"}, method=Method.PREFERENCE_PAGE, actor=person(user)
        )
    with at(3):
        sent(user, at_days=3)
    with at(4):
        suppress(party, channel=Channel.EMAIL, reason=SuppressionReason.HARD_BOUNCE, actor=SYSTEM)
    with at(5):
        lift(party, channel=Channel.EMAIL, reason=SuppressionReason.HARD_BOUNCE, evidence="Called, new mailbox", actor=STAFF)
    with at(6):
        choose_partner(party, "resale_partners", False, presented=presented(), actor=person(user))
    with at(7):
        choose(party, off=[NEWS], presented=presented(Method.ONE_CLICK), actor=Actor(ActorKind.ANONYMOUS, "link"))


def sent(user: User, *, at_days: float, **fields: object) -> OutboxMessage:
    values = {
        "kind": "accounts.verify_email",
        "language": "en",
        "message_id": f"<{uuid.uuid4()}@example.com>",
        "address_key_id": "k",
        "address_hash": "h",
        "subject_key": str(user.subject.public_id),
        "state": MessageState.SENT,
        "queued_at": START + dt.timedelta(days=at_days),
        "sent_at": START + dt.timedelta(days=at_days),
    }
    return OutboxMessage.objects.create(**values | fields)


def titles(user: User, **options: object) -> list[str]:
    return [line.title for line in history_page(user.subject, account_id=user.pk, **options).lines]  # type: ignore[arg-type]


@pytest.mark.obligation("L-02", "H-02")
def test_everything_stands_in_one_order_of_time_newest_first(user):
    live(user)

    assert titles(user) == [
        "You switched off Product news by e-mail",
        "You chose not to deal with Resale partners",
        "We may send optional messages by e-mail again",
        "Mail to an address of yours came back. We stopped optional messages by e-mail to it",
        "We sent you: Code to confirm an e-mail address",
        "You set quiet hours from 22:00 to 07:00",
        "Your browser asked us not to sell or share your data, or use it for targeting (Global Privacy Control)",
        "You said yes to Product news by e-mail",
    ]


@pytest.mark.parametrize(
    ("kind", "count"),
    [(LineKind.CHOICE, 3), (LineKind.SIGNAL, 1), (LineKind.DELIVERY, 1), (LineKind.STOP, 2), (LineKind.MESSAGE, 1), ("nonsense", 8)],
)
def test_the_history_can_be_narrowed_to_one_kind(user, kind, count):
    live(user)

    lines = history_page(user.subject, account_id=user.pk, only=kind).lines

    assert len(lines) == count
    assert kind == "nonsense" or {line.kind for line in lines} == {kind}


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_pages_join_to_the_whole_without_gap_or_repeat_even_where_times_are_equal(user, size):
    live(user)
    with at(2):  # the same moment in three sources
        record_choice(party_of(user.subject), Choice(NEWS, EventKind.RENEWED), presented=presented(), actor=person(user))
        record_choice(party_of(user.subject), Choice(NEWS, EventKind.REQUESTED), presented=presented(), actor=SYSTEM)
        sent(user, at_days=2)
        sent(user, at_days=2)
    whole = [line.position for line in history_page(user.subject, account_id=user.pk, size=50).lines]

    found, cursor = [], ""
    while True:
        page = history_page(user.subject, account_id=user.pk, before=cursor, size=size)
        found += [line.position for line in page.lines]
        if not page.older:
            break
        cursor = page.older

    assert found == whole
    assert len(whole) == len(set(whole)) == 12


@pytest.mark.parametrize("cursor", ["", "x", "1-2", "9" * 18 + "-0-1", "-1-0-0", "1-0-" + "9" * 40, "١-٢-٣", "\x00"])
def test_a_cursor_that_is_none_is_the_beginning(user, browser, cursor):
    live(user)

    assert browser.get(reverse("portal:consents"), {"before": cursor}).status_code == 200
    assert Position.read("") is None


def test_a_cursor_reads_back_as_it_was():
    position = Position(START + dt.timedelta(microseconds=123456), 4, 77)

    assert Position.read(str(position)) == position


def test_a_page_costs_the_same_with_little_and_with_a_lot(user, browser):
    live(user)
    _queries(browser)  # what is kept in memory is read once
    few = _queries(browser)
    for number in range(10, 40):
        with at(number):
            record_choice(party_of(user.subject), Choice(NEWS, EventKind.RENEWED), presented=presented(), actor=person(user))
            sent(user, at_days=number)

    assert _queries(browser) == few
    assert few < 20


def _queries(browser: Client) -> int:
    with CaptureQueriesContext(connection) as seen:
        browser.get(reverse("portal:consents"))
    return len(seen)


@pytest.mark.obligation("L-02")
def test_purposes_bear_the_name_they_had_at_that_time(user):
    party = party_of(user.subject)
    now = clock.now()
    with clock.stopped_at(now + dt.timedelta(days=1)):
        choose(party, on=[Scope("surveys_and_feedback")], presented=presented(), actor=person(user))
    with clock.stopped_at(now + dt.timedelta(days=2)):
        purpose = Purpose.objects.get(key="surveys_and_feedback")
        purpose.title = "Asking you things"
        save_purpose(purpose, changed=("title",), actor=STAFF)
    with clock.stopped_at(now + dt.timedelta(days=3)):
        choose(party, off=[Scope("surveys_and_feedback")], presented=presented(), actor=person(user))

    assert titles(user) == ["You switched off Asking you things", "You said yes to Surveys and feedback"]


def test_what_staff_did_says_so(user):
    party = party_of(user.subject)
    choose(party, on=[NEWS], presented=presented(Method.STAFF), actor=STAFF, reason="phone", evidence="Call of today")

    assert titles(user) == ["Our staff noted that you said yes to Product news by e-mail"]


def test_somebody_at_the_desk_sees_their_own_choices_as_theirs(user):
    choose(party_of(user.subject), on=[NEWS], presented=presented(), actor=person(user))

    assert titles(user) == ["You said yes to Product news by e-mail"]


def test_a_message_that_did_not_leave_is_not_in_the_history(user):
    sent(user, at_days=1, state=MessageState.REFUSED, sent_at=None)

    assert titles(user) == []


def test_a_person_sees_only_what_is_theirs(user):
    live(user)
    other = make_account()

    assert titles(other) == []
    assert "Nothing yet" in signed_in(other).get(reverse("portal:consents")).content.decode()


@pytest.mark.obligation("L-02")
def test_a_consent_is_taken_back_with_one_button(user, browser):
    choose(party_of(user.subject), on=[NEWS], presented=presented(), actor=person(user))
    page = browser.get(reverse("portal:consents")).content.decode()
    record = re.search(r'name="record" value="([^"]+)"', page)
    assert record

    answer = browser.post(reverse("portal:withdraw_consent"), {"record": record[1]}, follow=True)

    assert "Taken back: Product news by e-mail" in answer.content.decode()
    assert is_on(party_of(user.subject), NEWS) is False
    newest = ConsentEvent.objects.latest("id")
    assert (newest.kind, newest.method, newest.page) == (EventKind.WITHDRAWN, Method.PREFERENCE_PAGE, "/dashboard/consents/")
    assert newest.text.text.startswith("You can take back each of these")


@pytest.mark.parametrize("record", ["", "x", "5bc71665-b2ac-4494-8db1-49e7902e31ba"])
def test_a_record_that_is_not_theirs_is_not_found(user, browser, record):
    choose(party_of(user.subject), on=[NEWS], presented=presented(), actor=person(user))

    assert browser.post(reverse("portal:withdraw_consent"), {"record": record}).status_code == 404
    assert is_on(party_of(user.subject), NEWS) is True


def test_nobody_takes_back_the_consent_of_another(user):
    choose(party_of(user.subject), on=[NEWS], presented=presented(), actor=person(user))
    event = ConsentEvent.objects.latest("id")
    other = signed_in(make_account())

    assert other.post(reverse("portal:withdraw_consent"), {"record": str(event.record_id)}).status_code == 404
    assert other.get(reverse("portal:receipt", args=[event.event_id])).status_code == 404
    assert other.get(reverse("portal:receipt_json", args=[event.event_id])).status_code == 404
    assert Client().get(reverse("portal:receipt", args=[event.event_id])).status_code == 302


@pytest.mark.obligation("L-02")
def test_a_receipt_reads_well_and_its_file_has_the_hash(user, browser, settings):
    choose(party_of(user.subject), on=[NEWS], presented=presented(control="Yes"), actor=person(user))
    event = ConsentEvent.objects.latest("id")
    settings.OPERATOR_NAME = "Another name since"

    page = browser.get(reverse("portal:receipt", args=[event.event_id])).content.decode()
    file = browser.get(reverse("portal:receipt_json", args=[event.event_id]))

    assert hashlib.sha256(file.content).hexdigest() == event.receipt_sha256
    assert json.loads(file.content)["event_state"] == "dpv:ConsentGiven"
    assert file["Content-Disposition"].startswith("attachment")
    for words in ("You said yes to Product news by e-mail", "Do you want this?", event.receipt_sha256, "News and offers", "Consent"):
        assert words in page, words
    assert user.email not in page


def test_a_receipt_names_the_record_it_belongs_to(user, browser):
    party = party_of(user.subject)
    choose(party, on=[NEWS], presented=presented(), actor=person(user))
    choose(party, off=[NEWS], presented=presented(), actor=person(user))

    page = browser.get(reverse("portal:receipt", args=[ConsentEvent.objects.latest("id").event_id])).content.decode()

    assert "All that you chose about this" in page
    assert "You said yes to Product news by e-mail" in page
