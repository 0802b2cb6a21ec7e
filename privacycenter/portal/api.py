"""me/ and me/consents/: what the dashboard shows, for the signed-in person's own programs."""

from __future__ import annotations

from typing import Any, cast
from zoneinfo import available_timezones

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response

from accounts.client import Client
from accounts.domain.profile import Profile, change_profile
from accounts.models import User
from privacycenter.datamap.enums import LegalBasis
from privacycenter.datamap.queries import facts_for
from privacycenter.portal.holdings import holdings_of
from privacycenter.portal.queries import current_requests
from privacycenter.preferences.api.base import PersonView
from privacycenter.preferences.api.events import event_out
from privacycenter.preferences.api.me.messages import read
from privacycenter.preferences.api.me.serializers import StrictSerializer
from privacycenter.preferences.api.serializers import EventOut
from privacycenter.preferences.queries import history_of
from requests_app.enums import Kind, Status

PAGE_SIZE = 50


class MeIn(StrictSerializer):
    """What is left out stays; an empty text clears it."""

    language = serializers.ChoiceField(choices=["", *(code for code, _name in settings.LANGUAGES)], required=False)
    time_zone = serializers.CharField(max_length=64, required=False, allow_blank=True, help_text="IANA name, like Asia/Kuala_Lumpur")

    def validate_time_zone(self, value: str) -> str:
        if value and value not in available_timezones():
            raise serializers.ValidationError(_("There is no such time zone."), code="unknown_time_zone")
        return value


class PurposeOut(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    legal_basis = serializers.ChoiceField(choices=LegalBasis.values)


class NamedOut(serializers.Serializer):
    key = serializers.CharField()
    name = serializers.CharField()


class RetentionOut(serializers.Serializer):
    rule = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()


class SourceOut(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField(allow_null=True, help_text="null: this source could not be asked now")
    newest_at = serializers.DateTimeField(allow_null=True)
    origin = serializers.CharField()
    purposes = PurposeOut(many=True)
    recipients = NamedOut(many=True)
    retention = RetentionOut()


class HoldingOut(serializers.Serializer):
    category = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField()
    sources = SourceOut(many=True)


class RequestOut(serializers.Serializer):
    ref = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.values)
    status = serializers.ChoiceField(choices=Status.values)
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class MeOut(serializers.Serializer):
    language = serializers.CharField()
    time_zone = serializers.CharField()
    holdings = HoldingOut(many=True)
    requests = RequestOut(many=True)


class OwnEventOut(EventOut):
    receipt_url = serializers.CharField(help_text="The receipt as JSON; its SHA-256 is receipt_sha256")


class MeView(PersonView):
    @extend_schema(operation_id="me", responses=MeOut, tags=["me"])
    def get(self, request: Any) -> Response:
        """What is held, by category and source: why, on what basis, until when and who gets it; and the requests that are open."""
        return Response(_me(request.user))

    @extend_schema(operation_id="me_change", request=MeIn, responses=MeOut, tags=["me"])
    def patch(self, request: Any) -> Response:
        """Set language and time zone. Names, addresses and credentials are changed on their pages, after a fresh sign-in."""
        wanted = read(MeIn, request.data)
        user = cast("User", request.user)
        profile = Profile(
            full_name=user.full_name,
            phone=str(user.phone),
            company=user.company,
            country=str(user.country),
            username=user.username,
            time_zone=wanted.get("time_zone", user.subject.time_zone),
            language=wanted.get("language", user.subject.language),
        )
        change_profile(user, profile=profile, client=Client.of(request._request), actor=self.actor)
        return Response(_me(user))


class OwnConsentsPages(CursorPagination):
    """Newest first; the cursor is a number of a row."""

    page_size = PAGE_SIZE
    ordering = "-id"


class ConsentsView(PersonView):
    @extend_schema(operation_id="me_consents", responses=OwnEventOut(many=True), tags=["me"])
    def get(self, request: Any) -> Response:
        """Every choice and signal of the person, newest first, each with its receipt."""
        pages = OwnConsentsPages()
        events = pages.paginate_queryset(history_of(self.party), request, view=self)
        answer: Response = pages.get_paginated_response(
            [event_out(event) | {"receipt_url": reverse("portal:receipt_json", args=[event.event_id])} for event in events or []]
        )
        return answer

    pagination_class = OwnConsentsPages  # read by the schema


def _me(user: User) -> dict[str, Any]:
    holdings = holdings_of(user.subject)
    facts = facts_for(source.description for holding in holdings for source in holding.sources)
    return {
        "language": user.subject.language,
        "time_zone": user.subject.time_zone,
        "holdings": [
            {
                "category": holding.key,
                "title": holding.title,
                "count": holding.count,
                "sources": [_source(source, facts[source.description.key]) for source in holding.sources],
            }
            for holding in holdings
        ],
        "requests": [
            {"ref": each.ref, "kind": each.kind, "status": each.status, "received_at": each.received_at, "due_at": each.due_at}
            for each in current_requests(user.subject)
        ],
    }


def _source(source: Any, facts: Any) -> dict[str, Any]:
    return {
        "key": source.description.key,
        "title": str(source.description.title),
        "count": source.count,
        "newest_at": source.newest,
        "origin": str(source.description.origin),
        "purposes": [{"key": each.key, "title": each.title, "legal_basis": each.legal_basis} for each in facts.purposes],
        "recipients": [{"key": each.key, "name": each.name} for each in facts.recipients],
        "retention": {"rule": facts.retention.key, "title": facts.retention.title, "text": facts.retention.text},
    }
