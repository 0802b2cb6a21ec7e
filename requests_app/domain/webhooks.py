"""Telling other systems what becomes of requests they filed: signed, retried, without anything of the person.

Form and signature follow the Standard Webhooks specification (standardwebhooks.com): HMAC-SHA256 over id, time and body.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from http.client import HTTPException
from urllib.parse import urlsplit

import requests
from django.db import IntegrityError, transaction
from django.db.models import Q
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from privacycenter.audit.domain import record
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import NewJob, enqueue_many
from privacycenter.jobs.errors import Permanent, Retryable
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import OutboundRefused
from privacycenter.kernel.outbound import at_most, require_allowed
from privacycenter.preferences.models import ApiClient
from requests_app.domain import moves
from requests_app.domain.people import require_permission
from requests_app.enums import Outcome
from requests_app.errors import KnownAlready, NotAWebhook
from requests_app.models import Request, WebhookDelivery, WebhookEndpoint
from requests_app.telling import ENDED, events_told, told_of
from requests_app.transitions import Event

CHANGE = "preferences.change_apiclient"
SECONDS = 10
_LOOK_BACK = timedelta(days=2)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def add_endpoint(*, client_id: str, url: str, actor: Actor) -> tuple[WebhookEndpoint, str]:
    """Tell an API client's address from now on; answers the endpoint and its secret, which is shown once.

    Raises NotAllowed, NotAWebhook for an address that is not https or whose host OUTBOUND_ALLOW does not name, KnownAlready.
    """
    require_permission(actor, CHANGE)
    _check(url)
    secret = f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"
    try:
        with transaction.atomic():
            endpoint = WebhookEndpoint.objects.create(client_id=client_id, url=url, secret=secret, created_at=clock.now())
            record("requests.webhook_added", actor=actor, client=client_id)
    except IntegrityError as error:
        raise KnownAlready from error
    return endpoint, secret


def switch_endpoint(endpoint: WebhookEndpoint, *, is_active: bool, actor: Actor) -> None:
    """Switch an endpoint off or on. What waits when it is switched off, and what happens while it is, is not told. Raises NotAllowed."""
    require_permission(actor, CHANGE)
    with transaction.atomic():
        if WebhookEndpoint.objects.filter(pk=endpoint.pk).exclude(is_active=is_active).update(is_active=is_active):
            if not is_active:
                WebhookDelivery.objects.filter(endpoint=endpoint, delivered_at=None).delete()
            record("requests.webhook_switched", actor=actor, client=endpoint.client_id, is_active=is_active)


def note_move(request: Request, events: Sequence[str]) -> None:
    """Order what the client that filed this request is told; in the transaction of the move."""
    if request.filed_by_client:
        _order(request, events_told(request, events))


def tell_of_set_aside(*, before: datetime) -> None:
    """Tell of requests that were set aside or declined what is told of those that nobody confirmed, when these end (received before that
    moment)."""
    is_declined = Q(outcome=Outcome.NOT_VERIFIED, timeline__event=Event.DECLINE)
    silent = Request.objects.filter(Q(outcome=Outcome.DUPLICATE) | is_declined)
    set_aside = silent.filter(received_at__lt=before, received_at__gt=before - _LOOK_BACK).distinct()
    told = WebhookEndpoint.objects.filter(is_active=True).values("client_id")
    for key in set_aside.filter(filed_by_client__in=told).exclude(deliveries__event=ENDED).values_list("pk", flat=True):
        with transaction.atomic():
            request = Request.objects.select_for_update(of=("self",)).get(pk=key)
            if not request.deliveries.filter(event=ENDED).exists():  # another sweep may have been faster
                _order(request, [ENDED])


def is_enabled(client_id: str) -> bool:
    """Whether an API client may call us; one that may not is told nothing either."""
    client = ApiClient.objects.filter(pk=client_id).first()
    return client is not None and client.is_enabled


def _order(request: Request, events: Sequence[str]) -> None:
    endpoints = list(WebhookEndpoint.objects.filter(client_id=request.filed_by_client, is_active=True)) if events else []
    if not endpoints or not is_enabled(request.filed_by_client):
        return
    stands = told_of(request)
    made = [
        WebhookDelivery(
            endpoint=endpoint,
            request=request,
            event=event,
            status=stands.status,
            outcome=stands.outcome,
            happened_at=clock.now(),
        )
        for endpoint in endpoints
        for event in events
    ]
    WebhookDelivery.objects.bulk_create(made)
    enqueue_many(NewJob("requests.deliver_webhook", str(delivery.pk), {"delivery": delivery.pk}, None) for delivery in made)


def deliver(claim: Claim) -> None:
    """Tell one endpoint one thing. What is not taken (no 2xx) is tried again with the usual backoff, then shown to staff."""
    waiting = WebhookDelivery.objects.select_related("endpoint", "request").filter(pk=claim.payload["delivery"], delivered_at=None)
    delivery = waiting.first()
    if delivery is None:
        return
    if not delivery.endpoint.is_active or not is_enabled(delivery.endpoint.client_id):
        delivery.delete()  # it waits for nobody
        return
    body = body_of(delivery)
    try:
        _check(delivery.endpoint.url)
        status = _post(delivery.endpoint.url, body, headers_of(delivery, body, now=clock.now()))
    except NotAWebhook as error:
        raise Permanent("address_refused") from error
    except (OSError, HTTPError, HTTPException, requests.RequestException) as error:
        raise Retryable("not_reached") from error
    if not 200 <= status < 300:
        raise Retryable(f"answered_{status}")
    with transaction.atomic():
        claim.finish()
        WebhookDelivery.objects.filter(pk=delivery.pk).update(delivered_at=clock.now())


def _post(url: str, body: bytes, headers: dict[str, str]) -> int:
    """The status of the answer, which has SECONDS in all: one that drips its bytes must not hold a worker.

    Its body is not read, no redirect is followed, and nothing of this machine's surroundings (proxies, .netrc) goes along.
    """
    wanted = requests.Request("POST", url).prepare()
    parts = urlsplit(wanted.url or "")
    connection = _connection(parts.scheme, parts.hostname or "", parts.port)
    try:
        connection.connect()
        with at_most(SECONDS, connection.sock):
            connection.request("POST", wanted.path_url, body=body, headers=headers, preload_content=False)
            return connection.getresponse().status
    finally:
        connection.close()


def _connection(scheme: str, host: str, port: int | None) -> HTTPConnection:
    if scheme == "http":
        return HTTPConnection(host, port, timeout=SECONDS)
    return HTTPSConnection(host, port, timeout=SECONDS, cert_reqs="CERT_REQUIRED", ca_certs=DEFAULT_CA_BUNDLE_PATH)


def body_of(delivery: WebhookDelivery) -> bytes:
    """What is told: which request, what happened, and where it stands now."""
    told = {
        "type": f"request.{delivery.event}",
        "timestamp": delivery.happened_at.isoformat(),
        "data": {"reference": delivery.request.ref, "status": delivery.status, "outcome": delivery.outcome or None},
    }
    return json.dumps(told, separators=(",", ":")).encode()


def headers_of(delivery: WebhookDelivery, body: bytes, *, now: datetime) -> dict[str, str]:
    """The headers with which the receiver checks who told it, and that it was not told before."""
    moment = str(int(now.timestamp()))
    key = base64.b64decode(delivery.endpoint.secret.removeprefix("whsec_"))
    signed = hmac.new(key, f"{delivery.public_id}.{moment}.".encode() + body, hashlib.sha256).digest()
    return {
        "Content-Type": "application/json",
        "User-Agent": "privacy-center",
        "webhook-id": delivery.public_id,
        "webhook-timestamp": moment,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }


def _check(url: str) -> None:
    """https to a host that the operator allows; plain http only to this machine. Raises NotAWebhook."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NotAWebhook from error
    if not host or parts.username or (parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK)):
        raise NotAWebhook
    try:
        require_allowed(host, port)
    except OutboundRefused as error:
        raise NotAWebhook from error


moves.on_moved(note_move)
