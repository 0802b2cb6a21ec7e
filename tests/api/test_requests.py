"""Requests by other systems: filed for somebody who proves it, followed by reference, told of by webhook."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from contextlib import suppress
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from privacycenter.jobs.domain import run_until_idle
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences import gate
from requests_app.domain import Change, move, webhooks, withdraw_request
from requests_app.domain.people import actor_for
from requests_app.domain.webhooks import add_endpoint, switch_endpoint
from requests_app.enums import Outcome, Status
from requests_app.errors import KnownAlready, NotAllowed, NotAWebhook
from requests_app.fulfilment.housekeeping import _lapse
from requests_app.models import IdentityProof, Request, TimelineEvent, WebhookDelivery, WebhookEndpoint
from requests_app.roles import AGENT
from requests_app.transitions import Event, Guard, Role
from tests.api.conftest import Caller
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import staff_actor, with_role
from tests.requests_app.test_proof import know

pytestmark = pytest.mark.django_db
BODY = {"kind": "access", "address": "ana@example.com", "words": "All of it, please."}


def file(caller: Caller, **more: Any) -> Any:
    return caller.post("requests/", BODY | more)


def get(caller: Caller, ref: str) -> Any:
    return Client().get(f"/api/v1/requests/{ref}/", headers={"Authorization": f"Bearer {caller.token}"})


def test_a_request_is_filed_for_somebody_and_belongs_to_nobody_before_they_confirm(caller: Caller) -> None:
    answer = file(caller, country="hu")

    request = Request.objects.get()
    told = answer.json()
    assert answer.status_code == 201
    assert (told["reference"], told["status"], told["outcome"], told["due_at"]) == (request.ref, "received", None, None)
    assert (request.channel, request.subject, request.words, request.country) == ("api", None, "All of it, please.", "HU")
    assert "ana@example.com" not in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "choices", "line"),
    [
        ({"kind": "restriction", "ground": "claim"}, {"ground": "claim", "categories": []}, "Everything we hold about you"),
        (
            {"kind": "restriction", "ground": "accuracy", "categories": ["forms", "forms"]},
            {"ground": "accuracy", "categories": ["forms"]},
            "Forms you filled in",
        ),
        ({"kind": "objection", "marketing": True}, {"marketing": True, "purposes": []}, "Direct marketing, all of it"),
        ({"kind": "withdrawal"}, {}, "Every consent that stands"),
        ({"kind": "withdrawal", "purposes": ["news_and_offers"]}, {"purposes": ["news_and_offers"]}, "News and offers"),
    ],
    ids=str,
)
def test_what_a_limit_asks_is_filed_and_shown_to_who_confirms_it(
    caller: Caller, asked: dict[str, Any], choices: dict[str, Any], line: str
) -> None:
    assert caller.post("requests/", {"address": "ana@example.com", **asked}).status_code == 201

    assert Request.objects.get().choices == choices
    proof = IdentityProof.objects.get()
    assert line.lower() in Client().get(f"/requests/confirm/{proof.public_id}/").content.decode().lower()


def test_an_objection_of_another_system_counts_once_its_person_confirmed_it(caller: Caller) -> None:
    user = make_account(email="ana@example.com", password=None)
    caller.post("requests/", {"kind": "objection", "address": "ana@example.com", "marketing": True})
    assert Request.objects.get().status == Status.RECEIVED

    signed_in(user, fresh=True).post(f"/requests/confirm/{IdentityProof.objects.get().public_id}/")

    assert Request.objects.get().outcome == Outcome.FULFILLED
    assert not gate.may(user.subject, "news_and_offers").allowed


def test_known_and_unknown_addresses_get_the_same_answer(caller: Caller) -> None:
    make_account(email="ana@example.com", password=None)

    known, unknown = file(caller).json(), file(caller, address="nobody@example.com").json()

    different = {"reference", "received_at"}
    assert {key: value for key, value in known.items() if key not in different} == {
        key: value for key, value in unknown.items() if key not in different
    }


@pytest.mark.parametrize(
    ("more", "pointer"),
    [
        ({"kind": "child"}, "#/kind"),
        ({"kind": "review"}, "#/kind"),
        ({"kind": "objection"}, "#/purposes"),
        ({"kind": "objection", "purposes": ["no_such"]}, "#/purposes"),
        ({"kind": "objection", "purposes": ["news_and_offers"]}, "#/purposes"),
        ({"kind": "objection", "marketing": True, "ground": "accuracy"}, "#/ground"),
        ({"kind": "restriction"}, "#/ground"),
        ({"kind": "restriction", "ground": "child"}, "#/ground"),
        ({"kind": "restriction", "ground": "claim", "categories": ["shoes"]}, "#/categories/0"),
        ({"kind": "withdrawal", "topics": ["no_such"]}, "#/topics"),
        ({"kind": "withdrawal", "purposes": ["trends_and_site_management"]}, "#/purposes"),
        ({"kind": "access", "categories": ["forms"]}, "#/categories"),
        ({"address": "no address"}, "#/address"),
        ({"words": "4111 1111 1111 1111"}, "#/words"),
        ({"words": "turned \u202e round"}, "#/words"),
        ({"country": "XX"}, "#/country"),
    ],
    ids=str,
)
def test_what_can_not_be_used_is_named(caller: Caller, more: dict[str, str], pointer: str) -> None:
    answer = file(caller, **more)

    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Request.objects.exists()


def test_a_token_without_the_scope_files_nothing_and_other_clients_requests_do_not_exist(caller: Caller) -> None:
    ref = file(caller).json()["reference"]

    assert file(Caller("gate:read")).status_code == 403
    assert get(caller, ref).json()["reference"] == ref
    assert get(Caller("requests"), ref).status_code == 404
    assert Client().get(f"/api/v1/requests/{ref}/").status_code == 401


def test_somebody_without_an_account_confirms_with_the_code_of_the_mail(caller: Caller) -> None:
    know("ana@example.com")
    ref = file(caller).json()["reference"]
    run_until_idle()
    (sent,) = mail.outbox
    link = next(word for word in str(sent.body).split() if "/requests/confirm/" in word)
    code = next(line.strip() for line in str(sent.body).splitlines() if line.startswith("    "))
    person = Client()

    seen = person.get(link)
    before = Request.objects.get(ref=ref).status
    person.post(link)
    opened = person.post("/requests/code/", {"code": code})

    assert (seen.status_code, before) == (200, Status.RECEIVED)
    assert opened["Location"] == f"/requests/{ref}/"
    assert Request.objects.get(ref=ref).is_open
    assert get(caller, ref).json()["due_at"] is not None


def test_the_owner_of_an_account_confirms_after_signing_in_and_nobody_else_does(caller: Caller) -> None:
    owner, other = make_account(email="ana@example.com", password=None), make_account(password=None)
    ref = file(caller).json()["reference"]
    run_until_idle()
    link = f"/requests/confirm/{IdentityProof.objects.get().public_id}/"
    assert "sign in and confirm" in str(mail.outbox[-1].body)

    refused = signed_in(other, fresh=True).post(link)
    untouched = Request.objects.get(ref=ref).status
    stale = signed_in(owner).post(link)
    confirmed = signed_in(owner, fresh=True).post(link)

    assert (refused["Location"], untouched) == ("/requests/", Status.RECEIVED)
    assert "/accounts/" in stale["Location"]
    assert confirmed["Location"] == f"/requests/{ref}/"
    assert Request.objects.get(ref=ref).subject == owner.subject
    assert signed_in(owner, fresh=True).get(link)["Location"] == "/requests/"


# Webhooks ----------------------------------------------------------------------------------------------------------------------


def caller_endpoint() -> Any:
    return WebhookEndpoint.objects.get()


class Receiver:
    """Another system on loopback, which keeps what it is told and answers as a test says."""

    def __init__(self) -> None:
        self.told: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        self.drips = 0.0  # seconds for which the answer comes byte by byte
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                outer.told.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
                with suppress(OSError):  # cut in the middle
                    self.send_response(outer.status)
                    self.flush_headers()
                    ends_at = time.monotonic() + outer.drips
                    while outer.drips and time.monotonic() < ends_at:
                        self.wfile.write(b"x")
                        threading.Event().wait(0.05)
                    self.wfile.write(b": x\r\n" if outer.drips else b"")
                    self.end_headers()

            def log_message(self, *_arguments: Any) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver(settings: Any) -> Any:
    receiver = Receiver()
    settings.OUTBOUND_ALLOW = [receiver.host]
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()


def confirmed(caller: Caller) -> Request:
    """A request that staff have to decide: nothing else moves it."""
    owner = make_account(email="ana@example.com", password=None)
    ref = file(caller, kind="complaint").json()["reference"]
    signed_in(owner, fresh=True).post(f"/requests/confirm/{IdentityProof.objects.get().public_id}/")
    return Request.objects.select_related("subject").get(ref=ref)


def test_each_move_is_told_once_signed_and_without_anything_of_the_person(caller: Caller, receiver: Receiver) -> None:
    endpoint, secret = add_endpoint(client_id=caller.client.pk, url=f"http://{receiver.host}/told", actor=staff_actor())
    request = confirmed(caller)
    withdraw_request(request, actor=actor_for(request.subject))

    run_until_idle()

    bodies = [json.loads(body) for _headers, body in receiver.told]
    assert sorted(body["type"] for body in bodies) == ["request.confirmed", "request.ended"]
    assert {body["data"]["reference"] for body in bodies} == {request.ref}
    assert not any(b"ana" in body for _headers, body in receiver.told)
    for headers, body in receiver.told:
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.new(base64.b64decode(secret[6:]), signed, hashlib.sha256).digest()).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
    assert len({headers["webhook-id"] for headers, _body in receiver.told}) == 2
    assert not WebhookDelivery.objects.filter(delivered_at=None).exists()
    assert endpoint.secret == secret


def test_what_is_not_taken_is_tried_again_with_the_same_id(caller: Caller, receiver: Receiver) -> None:
    add_endpoint(client_id=caller.client.pk, url=f"http://{receiver.host}/told", actor=staff_actor())
    receiver.status = 503
    confirmed(caller)
    run_until_idle()
    job = Job.objects.get(kind="requests.deliver_webhook")
    assert (job.state, job.last_error, len(receiver.told)) == ("waiting", "answered_503", 1)

    receiver.status = 200
    Job.objects.filter(pk=job.pk).update(run_at=job.created_at)
    run_until_idle()

    assert len({headers["webhook-id"] for headers, _body in receiver.told}) == 1
    assert WebhookDelivery.objects.get().delivered_at is not None


def test_requests_of_others_and_endpoints_that_are_off_are_not_told(caller: Caller, receiver: Receiver) -> None:
    other = Caller("requests")
    endpoint, _secret = add_endpoint(client_id=other.client.pk, url=f"http://{receiver.host}/told", actor=staff_actor())
    off, _secret = add_endpoint(client_id=caller.client.pk, url=f"http://{receiver.host}/off", actor=staff_actor())
    switch_endpoint(off, is_active=False, actor=staff_actor())
    confirmed(caller)
    run_until_idle()

    assert receiver.told == []
    assert endpoint.is_active


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.com/",
        "https://169.254.169.254/",
        "https://me:secret@hooks.example.com/",
        "ftp://hooks.example.com/",
        "https://",
    ],
)
def test_only_https_to_hosts_that_are_named_is_told(url: str, settings: Any, caller: Caller) -> None:
    settings.OUTBOUND_ALLOW = ["hooks.example.com"]

    with pytest.raises(NotAWebhook):
        add_endpoint(client_id=caller.client.pk, url=url, actor=staff_actor())


def test_webhooks_are_for_those_who_may_change_clients_and_stand_once(caller: Caller, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["hooks.example.com"]
    url, agent = "https://hooks.example.com/told", Actor.for_user(with_role(make_staff(password=None), AGENT))

    with pytest.raises(NotAllowed):
        add_endpoint(client_id=caller.client.pk, url=url, actor=agent)
    add_endpoint(client_id=caller.client.pk, url=url, actor=staff_actor())
    with pytest.raises(KnownAlready):
        add_endpoint(client_id=caller.client.pk, url=url, actor=staff_actor())


def test_the_desk_shows_a_secret_once_and_switches(caller: Caller, settings: Any) -> None:
    settings.OUTBOUND_ALLOW = ["hooks.example.com"]
    client = signed_in(with_role(make_staff(password=None), "Data protection officer"), fresh=True)
    page = "/admin/requests_app/webhookendpoint/"

    added = client.post(f"{page}add/", {"client": caller.client.pk, "url": "https://hooks.example.com/told"})
    listed = client.get(page).content.decode()
    switched = client.post(f"{page}{caller_endpoint().pk}/switch/")

    assert "whsec_" in added.content.decode()
    assert "hooks.example.com" in listed
    assert "whsec_" not in listed
    assert switched.status_code == 302
    assert not caller_endpoint().is_active
    refused = client.post(f"{page}add/", {"client": caller.client.pk, "url": "https://evil.example.com/"})
    assert refused.status_code == 422


def test_an_answer_that_never_ends_is_not_read(caller: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    monkeypatch.setattr("urllib3.response.HTTPResponse.read", lambda *args, **kwargs: read.append(1) or b"")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")  # would be refused: it goes straight there
    add_endpoint(client_id=caller.client.pk, url=f"http://{receiver.host}/told", actor=staff_actor())
    confirmed(caller)
    run_until_idle()

    assert len(receiver.told) == 1
    assert read == []


def test_an_answer_that_drips_byte_by_byte_is_cut(caller: Caller, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 0.3)
    receiver.drips = 3.0
    add_endpoint(client_id=caller.client.pk, url=f"http://{receiver.host}/told", actor=staff_actor())
    confirmed(caller)
    began = time.monotonic()
    run_until_idle()

    assert time.monotonic() - began < 2.5
    assert len(receiver.told) == 1


def test_a_disabled_client_and_what_waited_for_an_endpoint_that_was_switched_off_are_told_nothing(
    caller: Caller, receiver: Receiver
) -> None:
    endpoint, _secret = add_endpoint(client_id=caller.client.pk, url=f"http://{receiver.host}/told", actor=staff_actor())
    request = confirmed(caller)
    waiting = WebhookDelivery.objects.count()
    switch_endpoint(endpoint, is_active=False, actor=staff_actor())
    after = WebhookDelivery.objects.count()
    switch_endpoint(endpoint, is_active=True, actor=staff_actor())
    caller.client.set_grant_types([])
    caller.client.save()
    withdraw_request(request, actor=actor_for(request.subject))
    run_until_idle()

    assert (waiting, after) == (1, 0)
    assert receiver.told == []
    assert not WebhookDelivery.objects.exists()


# What an agent may know --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome", [Outcome.FULFILLED, Outcome.IN_PART, Outcome.NOTHING_HELD, Outcome.REFUSED])
@pytest.mark.parametrize("status", Status.ANSWERED)
def test_however_a_person_was_answered_the_client_reads_the_same(caller: Caller, outcome: str, status: str) -> None:
    request = confirmed(caller)
    now = clock.now()
    Request.objects.filter(pk=request.pk).update(status=status, outcome=outcome, answered_at=now, closed_at=now + timedelta(days=3))

    told = get(caller, request.ref).json()

    assert (told["status"], told["outcome"], told["closed_at"]) == ("closed", "answered", told["answered_at"])


@pytest.mark.parametrize("status", [Status.COLLECTING, Status.ATTENTION, Status.REVIEW, Status.WAITING, Status.ERASING, Status.TRIAGE])
def test_how_the_work_goes_is_not_told(caller: Caller, status: str) -> None:
    request = confirmed(caller)
    Request.objects.filter(pk=request.pk).update(status=status)

    assert get(caller, request.ref).json()["status"] == "in_progress"


def test_what_was_set_aside_looks_like_what_nobody_confirmed(caller: Caller, receiver: Receiver) -> None:
    add_endpoint(client_id=caller.client.pk, url=f"http://{receiver.host}/told", actor=staff_actor())
    ours, theirs = file(caller).json()["reference"], file(caller, address="nobody@example.com").json()["reference"]
    aside = Request.objects.get(ref=ours)
    move(aside, Change(Event.SET_ASIDE, Guard.SAME_KIND_OPEN), role=Role.PERSON, actor=Actor(ActorKind.PERSON, "1"), closed_at=clock.now())
    alike = {"reference", "received_at"}
    before = [{key: value for key, value in get(caller, ref).json().items() if key not in alike} for ref in (ours, theirs)]

    long_ago = clock.now() - timedelta(days=15)
    Request.objects.update(received_at=long_ago)
    TimelineEvent.objects.update(at=long_ago)
    _lapse()
    _lapse()
    run_until_idle()
    after = [{key: value for key, value in get(caller, ref).json().items() if key not in alike} for ref in (ours, theirs)]

    assert before[0] == before[1]
    assert before[0]["status"] == "received"
    assert after[0] == after[1]
    assert (after[0]["status"], after[0]["outcome"]) == ("closed", "ended")
    bodies = [json.loads(body) for _headers, body in receiver.told]
    assert sorted(body["data"]["reference"] for body in bodies) == sorted([ours, theirs])
    assert {(body["type"], body["data"]["status"], body["data"]["outcome"]) for body in bodies} == {("request.ended", "closed", "ended")}


def test_two_sweeps_at_once_tell_of_what_was_set_aside_once(caller: Caller, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.OUTBOUND_ALLOW = ["hooks.example.com"]
    add_endpoint(client_id=caller.client.pk, url="https://hooks.example.com/told", actor=staff_actor())
    for address in ("ana@example.com", "nobody@example.com"):
        file(caller, address=address)
    Request.objects.update(outcome=Outcome.DUPLICATE, status=Status.CLOSED, closed_at=clock.now())
    order, swept = webhooks._order, []

    def order_and_sweep(*arguments: Any) -> None:
        order(*arguments)
        if not swept:
            swept.append(1)
            webhooks.tell_of_set_aside(before=clock.now())

    monkeypatch.setattr(webhooks, "_order", order_and_sweep)
    webhooks.tell_of_set_aside(before=clock.now())

    assert WebhookDelivery.objects.count() == WebhookDelivery.objects.values("request").distinct().count() == 2
