"""Reports of bounces and complaints: over real HTTP, signed as the services sign them, forged, old and told again."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import urllib.error
import urllib.request
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Record
from privacycenter.mail.domain import queue_message
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences import gate
from privacycenter.preferences.domain import choose
from privacycenter.preferences.enums import EventKind, FeedbackKind, Method, PartyKind
from privacycenter.preferences.feedback import Report, take_in
from privacycenter.preferences.models import ConsentEvent, MailFeedback, Suppression
from privacycenter.preferences.parties import hashes_of, party_of
from privacycenter.preferences.queries import is_on
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.sources import FeedbackSource
from privacycenter.preferences.webhooks import SERVICES
from privacycenter.subjects.domain import subject_for_proven
from tests.factories.preferences import NOBODY, PERSON, make_person, make_topic, presented
from tests.mail.test_outbox import over_smtp
from tests.services.parts import MailServer

__all__ = ["over_smtp"]
pytestmark = [pytest.mark.django_db, pytest.mark.obligation("H-01")]

SECRET = "a-secret-of-this-test"
SIGNING_KEY = "key-of-mailgun"
ADDRESS = "ada@example.com"
NEWS = Scope("news_and_offers", "product_news", "email")


@pytest.fixture(autouse=True)
def _services(settings: Any) -> None:
    settings.WEBHOOK_SECRET = SECRET
    settings.MAIL_WEBHOOKS = ["mailgun", "postmark", "sendgrid"]
    settings.ANYMAIL = {"WEBHOOK_SECRET": f"privacycenter:{SECRET}", "MAILGUN_WEBHOOK_SIGNING_KEY": SIGNING_KEY}


# --- how the services call ---------------------------------------------------------------------------------------------


def mailgun(event: str = "failed", *, at: datetime | None = None, recipient: str = ADDRESS, key: str = SIGNING_KEY, **data: Any) -> bytes:
    """A call of Mailgun, by the shape in its documentation (Webhooks, "Event structure"), shortened."""
    stamp = f"{(at or clock.now()).timestamp():.0f}"
    token = secrets.token_hex(25)
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    return json.dumps(
        {
            "signature": {"timestamp": stamp, "token": token, "signature": signature},
            "event-data": {
                "id": secrets.token_hex(8),
                "timestamp": float(stamp),
                "event": event,
                "recipient": recipient,
                "message": {"headers": {"to": recipient, "message-id": "20260101@example.org", "from": "us@example.org"}},
                **data,
            },
        }
    ).encode()


def postmark(record: str = "Bounce", *, kind: str = "HardBounce", at: datetime | None = None, recipient: str = ADDRESS) -> bytes:
    """A call of Postmark, by the shape in its documentation (Bounce webhook)."""
    moment = (at or clock.now()).isoformat()
    return json.dumps(
        {
            "RecordType": record,
            "MessageStream": "broadcast",
            "ID": secrets.randbelow(10**15),
            "Type": kind,
            "TypeCode": 1,
            "Name": kind,
            "MessageID": "883953f4-6105-42a2-a16a-77a8eac79483",
            "Description": "The server was unable to deliver your message",
            "Details": "smtp;550 5.1.1 no such user",
            "Email": recipient,
            "From": "us@example.org",
            "BouncedAt": moment,
            "Inactive": True,
        }
    ).encode()


def call(
    live_server: Any, service: str, body: bytes, *, secret: str = SECRET, method: str = "POST", **headers: str
) -> tuple[int, dict[str, Any]]:
    """Send it over a real connection and answer status and problem."""
    authorization = base64.b64encode(f"privacycenter:{secret}".encode()).decode()
    request = urllib.request.Request(
        f"{live_server.url}/webhooks/mail/{service}/",
        data=body if method == "POST" else None,
        method=method,
        headers={"Content-Type": "application/json", "Authorization": f"Basic {authorization}", **headers},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, {}
    except urllib.error.HTTPError as error:
        said = error.read()
        is_problem = error.headers.get("Content-Type") == "application/problem+json"
        return error.code, json.loads(said) if is_problem else {}


def reasons_of(address: str = ADDRESS) -> list[tuple[str, str, str]]:
    digests = [hashed.digest for hashed in hashes_of(PartyKind.EMAIL, address)]
    rows = Suppression.objects.filter(party_hash__in=digests, lifted_at__isnull=True)
    return sorted(rows.values_list("reason", "channel", "topic"))


# --- over real HTTP ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "body", "reason"),
    [
        ("mailgun", lambda: mailgun("failed", severity="permanent", reason="generic"), "hard_bounce"),
        ("mailgun", lambda: mailgun("complained"), "complaint"),
        ("mailgun", lambda: mailgun("unsubscribed"), "choice"),
        ("postmark", postmark, "hard_bounce"),
        ("postmark", lambda: postmark("SpamComplaint", kind="SpamComplaint"), "complaint"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_a_signed_report_stops_marketing_to_the_address(live_server: Any, service: str, body: Any, reason: str) -> None:
    assert call(live_server, service, body()) == (200, {})

    assert reasons_of() == [(reason, "email", "")]
    assert reasons_of("somebody-else@example.com") == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailWarning")
def test_a_batch_signed_by_a_private_key_is_taken_in_whole(live_server: Any, settings: Any) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    settings.ANYMAIL = {**settings.ANYMAIL, "SENDGRID_TRACKING_WEBHOOK_VERIFICATION_KEY": base64.b64encode(public).decode()}
    stamp = f"{clock.now().timestamp():.0f}"
    body = json.dumps(
        [
            {"email": f"{name}@example.com", "timestamp": int(stamp), "event": event, "type": kind, "sg_event_id": f"event-{name}"}
            for name, event, kind in [("a", "bounce", "bounce"), ("b", "spamreport", ""), ("c", "delivered", ""), ("d", "open", "")]
        ]
    ).encode()
    signature = base64.b64encode(key.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))).decode()
    signed = {"X-Twilio-Email-Event-Webhook-Signature": signature, "X-Twilio-Email-Event-Webhook-Timestamp": stamp}

    forged = call(live_server, "sendgrid", body.replace(b"a@example", b"z@example"), **signed)
    taken = call(live_server, "sendgrid", body, **signed)

    assert (forged[0], forged[1]["code"]) == (400, "invalid_signature")
    assert taken == (200, {})
    assert {name: reasons_of(f"{name}@example.com") for name in "abcdz"} == {
        "a": [("hard_bounce", "email", "")],
        "b": [("complaint", "email", "")],
        "c": [],
        "d": [],
        "z": [],
    }
    assert MailFeedback.objects.count() == 2  # delivered and opened leave no trace


@pytest.mark.parametrize(
    ("service", "body", "secret", "code"),
    [
        ("mailgun", lambda: mailgun(key="another key"), SECRET, "invalid_signature"),
        ("mailgun", mailgun, "wrong", "invalid_signature"),
        ("mailgun", lambda: mailgun(at=clock.now() - timedelta(days=2)), SECRET, "too_old"),
        ("mailgun", lambda: mailgun(at=clock.now() + timedelta(days=2)), SECRET, "too_old"),
        ("mailgun", lambda: b"{}", SECRET, "invalid_signature"),
        ("mailgun", lambda: b"\xff\x00", SECRET, "invalid_signature"),
        ("mailgun", lambda: mailgun(event="failed").replace(b'"event":', b'"effect":'), SECRET, "invalid"),
        ("postmark", postmark, "", "invalid_signature"),
        ("postmark", lambda: postmark(at=clock.now() - timedelta(days=8)), SECRET, "too_old"),
        ("postmark", lambda: b"[]", SECRET, "invalid"),
        ("postmark", lambda: b"", SECRET, "invalid"),
        ("postmark", lambda: b"null", SECRET, "invalid"),
    ],
)
@pytest.mark.django_db(transaction=True)
def test_what_is_forged_old_or_odd_changes_nothing(live_server: Any, service: str, body: Any, secret: str, code: str) -> None:
    status, problem = call(live_server, service, body(), secret=secret)

    assert (status, problem.get("code")) == (400, code)
    assert ADDRESS not in json.dumps(problem)
    assert (MailFeedback.objects.count(), Suppression.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_service_that_is_not_configured_is_not_there(live_server: Any, settings: Any) -> None:
    assert call(live_server, "mailjet", postmark())[0] == 404
    assert call(live_server, "nosuch", postmark())[0] == 404
    assert call(live_server, "postmark", b"", method="HEAD")[0] == 200
    assert call(live_server, "postmark", b"", method="HEAD", secret="wrong")[0] == 404
    assert call(live_server, "postmark", b"", method="GET", secret="")[0] == 404

    settings.WEBHOOK_SECRET = ""
    assert call(live_server, "postmark", postmark())[0] == 404


@pytest.mark.django_db(transaction=True)
def test_a_report_told_again_counts_once(live_server: Any) -> None:
    for kind in ("SoftBounce", "HardBounce"):
        body = postmark(kind=kind)
        for _ in range(6):
            assert call(live_server, "postmark", body) == (200, {})

    assert sorted(MailFeedback.objects.values_list("kind", flat=True)) == ["hard_bounce", "soft_bounce"]
    assert Suppression.objects.count() == 1


# --- what a report does ------------------------------------------------------------------------------------------------


def report(kind: FeedbackKind, event: str, *, at: datetime | None = None, address: str = ADDRESS) -> Report:
    return Report(kind, address, event, at or clock.now())


def test_soft_bounces_stop_marketing_only_when_they_come_close_together(settings: Any) -> None:
    settings.SOFT_BOUNCE_LIMIT, settings.SOFT_BOUNCE_DAYS = 3, 30
    now = clock.now()
    for number, days in enumerate((80, 45, 20, 10)):
        with clock.stopped_at(now - timedelta(days=days)):
            take_in("postmark", [report(FeedbackKind.SOFT_BOUNCE, f"soft {number}")])
    assert reasons_of() == []

    take_in("postmark", [report(FeedbackKind.SOFT_BOUNCE, "the last straw")])

    assert reasons_of() == [("hard_bounce", "email", "")]


def test_essential_mail_goes_on_after_a_complaint() -> None:
    take_in("postmark", [report(FeedbackKind.COMPLAINT, "1"), report(FeedbackKind.HARD_BOUNCE, "2")])

    message = queue_message("accounts.verify_email", to=ADDRESS, context={"code": "ABCD", "name": "Ada"}, actor=Actor.system("test"))
    run_until_idle()

    assert OutboxMessage.objects.get(pk=message.pk).state == "sent"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("550 5.1.1 no such user", "hard_bounce"),
        ("550 5.2.1 disabled", "hard_bounce"),
        ("550 5.7.1 looks like spam", "soft_bounce"),
        ("554 5.1.8 bad sender", "soft_bounce"),
        ("552 5.2.2 mailbox full", "soft_bounce"),
        ("550 no such user", "soft_bounce"),
    ],
)
def test_a_mail_server_that_refuses_for_good_counts_like_a_report(over_smtp: MailServer, answer: str, kind: str) -> None:
    over_smtp.refuse[ADDRESS] = [answer]

    queue_message("accounts.verify_email", to=ADDRESS, context={"code": "ABCD", "name": "Ada"}, actor=Actor.system("test"))
    run_until_idle()

    assert reasons_of() == ([("hard_bounce", "email", "")] if kind == "hard_bounce" else [])
    assert MailFeedback.objects.values_list("service", "kind").get() == ("smtp", kind)


@pytest.mark.parametrize(("kind", "word"), [(FeedbackKind.UNSUBSCRIBE, "unsubscribed"), (FeedbackKind.COMPLAINT, "complained")])
def test_what_a_person_told_a_service_stands_in_the_ledger(kind: FeedbackKind, word: str) -> None:
    make_topic()
    party = party_of(("email", ADDRESS))
    choose(party, on=[NEWS], presented=presented(Method.MAILED_CONFIRMATION), actor=NOBODY)

    for number in range(2):
        take_in("postmark", [report(kind, f"{word} {number}")])

    written = ConsentEvent.objects.filter(method=Method.API)
    assert written.get(purpose=NEWS.purpose).kind == EventKind.WITHDRAWN
    assert set(written.values_list("channel", "topic")) == {("email", "")}
    assert written.count() == written.values("purpose").distinct().count()  # the second time changes nothing
    assert Suppression.objects.get(lifted_at__isnull=True).source_event in written
    assert is_on(party, NEWS) is False


@pytest.mark.parametrize(("number", "kind"), [(1, FeedbackKind.HARD_BOUNCE), (3, FeedbackKind.SOFT_BOUNCE)])
def test_a_confirmation_by_mail_refutes_a_bounce(settings: Any, number: int, kind: FeedbackKind) -> None:
    settings.SOFT_BOUNCE_LIMIT = 3
    make_topic()
    take_in("postmark", [report(kind, str(each)) for each in range(number)])
    assert reasons_of() == [("hard_bounce", "email", "")]

    choose(party_of(("email", ADDRESS)), on=[NEWS], presented=presented(Method.MAILED_CONFIRMATION), actor=NOBODY)

    assert reasons_of() == []
    assert gate.may(("email", ADDRESS), NEWS.purpose, topic=NEWS.topic, channel="email").allowed


def test_a_yes_in_the_account_tries_a_full_mailbox_again_but_none_that_is_gone(settings: Any) -> None:
    settings.SOFT_BOUNCE_LIMIT = 1
    make_topic()
    person = make_person(ADDRESS, "gone@example.com", "both@example.com")
    take_in("postmark", [report(FeedbackKind.SOFT_BOUNCE, "1"), report(FeedbackKind.HARD_BOUNCE, "2", address="gone@example.com")])
    for number, kind in enumerate((FeedbackKind.SOFT_BOUNCE, FeedbackKind.HARD_BOUNCE)):
        take_in("postmark", [report(kind, f"both {number}", address="both@example.com")])

    choose(party_of(person), on=[NEWS], presented=presented(), actor=PERSON)

    assert [reasons_of(each) for each in (ADDRESS, "gone@example.com", "both@example.com")] == [
        [],
        [("hard_bounce", "email", "")],
        [("hard_bounce", "email", "")],
    ]


@pytest.mark.parametrize("number", [1, 40])
def test_reports_take_the_same_queries_whatever_their_number_is(number: int, django_assert_max_num_queries: Any) -> None:
    take_in("postmark", [report(FeedbackKind.COMPLAINT, "first", address="first@example.com")])
    kinds = (FeedbackKind.COMPLAINT, FeedbackKind.SOFT_BOUNCE, FeedbackKind.HARD_BOUNCE)
    reports = [report(kind, f"{kind} {each}", address=f"a{each}@example.com") for kind in kinds for each in range(number)]

    with django_assert_max_num_queries(24):
        assert take_in("postmark", reports) == 3 * number


def test_a_report_is_known_by_hash_only_and_found_from_the_person() -> None:
    take_in(
        "postmark",
        [
            report(FeedbackKind.HARD_BOUNCE, f"event for {ADDRESS}", address="ADA@example.com"),
            report(FeedbackKind.COMPLAINT, "x", address="no address"),
        ],
    )

    row = MailFeedback.objects.get()
    assert "ada" not in " ".join(str(value) for value in MailFeedback.objects.values().get().values()).lower()
    subject = subject_for_proven(kind="email", value=ADDRESS, source="test", actor=Actor.system("test"))
    source = FeedbackSource()
    records = [item for item in source.export(source.locate(subject)) if isinstance(item, Record)]
    assert [(record.key, record.values["kind"], record.values["service"]) for record in records] == [
        (str(row.pk), "Address does not take mail", "postmark")
    ]


def test_nothing_of_a_report_reaches_the_log(client: Any, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    authorization = {"Authorization": "Basic " + base64.b64encode(f"privacycenter:{SECRET}".encode()).decode()}
    for body in (postmark(), b'{"Email": "ada@example.com"', mailgun(key="forged")):
        client.post("/webhooks/mail/postmark/", body, content_type="application/json", headers=authorization)

    said = caplog.text + "".join(capfd.readouterr())
    assert "mail_webhook" in said
    assert ADDRESS not in said


@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: (
            st.lists(x) | st.dictionaries(st.sampled_from(["RecordType", "Type", "ID", "Email", "BouncedAt", "bounce", "signature"]), x)
        ),
        max_leaves=8,
    )
)
@hypothesis_settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_signed_body_is_ever_an_error_of_ours(client: Any, body: Any) -> None:
    authorization = {"Authorization": "Basic " + base64.b64encode(f"privacycenter:{SECRET}".encode()).decode()}

    answer = client.post("/webhooks/mail/postmark/", json.dumps(body), content_type="application/json", headers=authorization)

    assert answer.status_code in {200, 400}


def test_every_service_of_the_table_is_one_of_anymail() -> None:
    from importlib import import_module

    views = {name: getattr(import_module(f"anymail.webhooks.{module}"), view).esp_name for name, (module, view) in SERVICES.items()}

    assert {name: esp.lower().replace(" ", "_") for name, esp in views.items()} == {name: name for name in SERVICES}
