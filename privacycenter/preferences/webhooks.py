"""Where e-mail services tell what became of mail: /webhooks/mail/<service>/, through django-anymail's views.

anymail knows each service's payload and signature. Besides its checks a call needs our own secret (basic authentication with
WEBHOOK_SECRET), because not every service signs, and what is too old is refused. Only services named in MAIL_WEBHOOKS answer.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import structlog
from anymail.exceptions import AnymailConfigurationError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from anymail.utils import get_request_basic_auth
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from privacycenter.kernel import clock
from privacycenter.kernel.problems import MEDIA_TYPE, problem
from privacycenter.preferences.enums import FeedbackKind
from privacycenter.preferences.feedback import Report, take_in

log = structlog.get_logger("privacycenter.mail")
USER = "privacycenter"  # with WEBHOOK_SECRET as password

# Module and view of anymail, by the name under which the service is configured.
SERVICES = {
    "amazon_ses": ("amazon_ses", "AmazonSESTrackingWebhookView"),
    "brevo": ("brevo", "BrevoTrackingWebhookView"),
    "mailersend": ("mailersend", "MailerSendTrackingWebhookView"),
    "mailgun": ("mailgun", "MailgunTrackingWebhookView"),
    "mailjet": ("mailjet", "MailjetTrackingWebhookView"),
    "mailtrap": ("mailtrap", "MailtrapTrackingWebhookView"),
    "mandrill": ("mandrill", "MandrillCombinedWebhookView"),
    "postal": ("postal", "PostalTrackingWebhookView"),
    "postmark": ("postmark", "PostmarkTrackingWebhookView"),
    "resend": ("resend", "ResendTrackingWebhookView"),
    "sendgrid": ("sendgrid", "SendGridTrackingWebhookView"),
    "sparkpost": ("sparkpost", "SparkPostTrackingWebhookView"),
    "unisender_go": ("unisender_go", "UnisenderGoTrackingWebhookView"),
}
# Services try again for hours, some for three days; what is older is a replay.
MAX_AGE = timedelta(days=7)
MAX_SIGNATURE_AGE = timedelta(days=1)
_AHEAD = timedelta(hours=1)
_SIGNED_AT_HEADERS = ("X-Twilio-Email-Event-Webhook-Timestamp", "Svix-Timestamp")


class _Refused(Exception):
    """The call is not taken: `code` says why, without anything that was sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def mail_webhook(request: HttpRequest, service: str) -> HttpResponse:
    """Take reports of one service in. GET and HEAD with the secret answer 200: some services try the address before they use it."""
    if service not in settings.MAIL_WEBHOOKS or service not in SERVICES or not settings.WEBHOOK_SECRET:
        raise Http404
    if request.method != "POST":
        if not _has_secret(request):  # who is configured here is nobody else's business
            raise Http404
        return HttpResponse(content_type="text/plain")
    try:
        events = _events_of(request, service)
        taken = take_in(service, _reports(events))
    except _Refused as refusal:
        log.warning("mail_webhook_refused", service=service, code=refusal.code)
        return JsonResponse(problem(400, code=refusal.code), status=400, content_type=MEDIA_TYPE)
    log.info("mail_webhook", service=service, events=len(events), taken=taken)
    return HttpResponse(content_type="text/plain")


def _has_secret(request: HttpRequest) -> bool:
    given = get_request_basic_auth(request) or ""
    return constant_time_compare(given, f"{USER}:{settings.WEBHOOK_SECRET}")


def _events_of(request: HttpRequest, service: str) -> list[AnymailTrackingEvent]:
    module, name = SERVICES[service]
    view = getattr(import_module(f"anymail.webhooks.{module}"), name)()
    view.request = request
    try:
        view.run_validators(request)
        _check_age(_signed_at(request), MAX_SIGNATURE_AGE)
        events = [event for event in view.parse_events(request) or [] if isinstance(event, AnymailTrackingEvent)]
    except AnymailWebhookValidationFailure as error:
        raise _Refused("invalid_signature") from error
    except (AnymailConfigurationError, KeyError, ValueError, TypeError, AttributeError, IndexError) as error:
        # Signed, but not of the shape that this service's reports have: nothing of it is used.
        raise _Refused("invalid") from error
    fresh = [event for event in events if not _is_old(event.timestamp)]
    if events and not fresh:
        raise _Refused("too_old")
    return fresh


def _signed_at(request: HttpRequest) -> datetime | None:
    """When the call was signed, where the signature covers that: Mailgun (in the body), SendGrid and Svix (in a header)."""
    stamp: Any = next((request.headers[name] for name in _SIGNED_AT_HEADERS if name in request.headers), None)
    if stamp is None and request.content_type == "application/json":
        body = json.loads(request.body)
        signature = body.get("signature") if isinstance(body, dict) else None
        stamp = signature.get("timestamp") if isinstance(signature, dict) else None
    return None if stamp is None else datetime.fromtimestamp(float(stamp), tz=UTC)


def _check_age(moment: datetime | None, oldest: timedelta) -> None:
    if moment is not None and not clock.now() - oldest <= moment <= clock.now() + _AHEAD:
        raise _Refused("too_old")


def _is_old(moment: datetime | None) -> bool:
    if moment is None:
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return not clock.now() - MAX_AGE <= moment <= clock.now() + _AHEAD


def _reports(events: Iterable[AnymailTrackingEvent]) -> list[Report]:
    reports = []
    for event in events:
        kind = _kind_of(event)
        if kind is not None and isinstance(event.recipient, str):
            happened_at = event.timestamp or clock.now()
            if happened_at.tzinfo is None:
                happened_at = happened_at.replace(tzinfo=UTC)
            reports.append(Report(kind, event.recipient, _id_of(event), happened_at))
    return reports


def _id_of(event: AnymailTrackingEvent) -> str:
    """The service's id of the report; where it has none, what makes one report different from the next."""
    if event.event_id:
        return f"id {event.event_id}"
    return f"{event.event_type} {event.message_id} {event.recipient} {event.timestamp}"


def _kind_of(event: AnymailTrackingEvent) -> FeedbackKind | None:
    """What a report means for the address; None for what is no news (sent, delivered, and opens and clicks, which we never ask for)."""
    reason = event.reject_reason
    if event.event_type == EventType.COMPLAINED or reason == RejectReason.SPAM:
        return FeedbackKind.COMPLAINT
    if event.event_type == EventType.UNSUBSCRIBED or reason == RejectReason.UNSUBSCRIBED:
        return FeedbackKind.UNSUBSCRIBE
    if event.event_type == EventType.DEFERRED:
        return FeedbackKind.SOFT_BOUNCE
    if event.event_type == EventType.BOUNCED:
        passes = reason in {RejectReason.BLOCKED, RejectReason.TIMED_OUT} or _is_soft(event)
        return FeedbackKind.SOFT_BOUNCE if passes else FeedbackKind.HARD_BOUNCE
    if event.event_type == EventType.REJECTED and reason in {RejectReason.INVALID, RejectReason.BOUNCED}:
        return FeedbackKind.HARD_BOUNCE
    return None


def _is_soft(event: AnymailTrackingEvent) -> bool:
    """anymail calls some passing failures a bounce as well; the service's own words tell them apart."""
    said = event.esp_event if isinstance(event.esp_event, dict) else {}
    bounce = said.get("bounce")
    return (
        said.get("Type") in {"SoftBounce", "VirusNotification"}  # Postmark
        or said.get("hard_bounce") is False  # Mailjet
        or (isinstance(bounce, dict) and str(bounce.get("bounceType", bounce.get("type", ""))).lower() == "transient")  # Amazon SES, Resend
    )
