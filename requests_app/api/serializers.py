"""What calls about requests take and answer."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django_countries import countries
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from privacycenter.datamap.enums import RecordCategory
from privacycenter.kernel.cards import contains_card_number
from privacycenter.kernel.text import visible
from requests_app.enums import Behalf, Capacity, Kind, ToldOutcome, ToldStatus
from requests_app.errors import NotAChoice
from requests_app.limits.enums import Ground
from requests_app.rights import choices_of
from requests_app.telling import told_of

WORDS = 2_000
NAME = 200
SEVERAL = 50
CHOICES = ("ground", "categories", "marketing", "purposes", "topics")


class RepresentedIn(serializers.Serializer):
    """For whom somebody asks, and what lets them. The proof itself is sent on our page, by whoever asks."""

    behalf = serializers.ChoiceField(choices=Behalf.OTHERS, help_text="A child, somebody who asked them to, or somebody who has died")
    capacity = serializers.ChoiceField(
        choices=[value for value in Capacity.values if value != Capacity.ON_PAPER],
        help_text="Of a child: parent, guardian. Agent: authorised, lawyer, carer. Somebody who has died: heir, executor, relative",
    )
    requester_name = serializers.CharField(max_length=NAME)
    person_name = serializers.CharField(max_length=NAME)
    person_address = serializers.EmailField(
        max_length=254,
        required=False,
        help_text="The address by which the person is known to us. An agent needs it: the person is asked there whether they agree",
    )
    known_by = serializers.CharField(max_length=500, required=False, allow_blank=True, help_text="What else the person is known by")
    born_on = serializers.DateField(required=False, help_text="Of a child, which needs it. Only the day on which it comes of age is kept")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for name in ("requester_name", "person_name", "known_by"):
            try:
                check_words(attrs.get(name, ""))
            except serializers.ValidationError as error:
                raise serializers.ValidationError({name: error.detail}) from error
        return attrs


def check_words(value: str) -> str:
    """Refuse card numbers and hidden characters."""
    if contains_card_number(value):
        raise serializers.ValidationError("There is a card number in this text.", code="card_number")
    lines = value.replace("\r\n", "\n")
    if visible(lines) != lines:
        raise serializers.ValidationError("There is a hidden character in this text.", code="hidden_character")
    return value


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "A copy of somebody's data",
            value={"kind": "access", "address": "ana@example.com", "language": "en", "country": "HU"},
            request_only=True,
        ),
        OpenApiExample(
            "Forms are kept, but not used",
            value={"kind": "restriction", "address": "ana@example.com", "ground": "accuracy", "categories": ["forms"]},
            request_only=True,
        ),
        OpenApiExample(
            "Somebody objects to direct marketing",
            value={"kind": "objection", "address": "ana@example.com", "marketing": True},
            request_only=True,
        ),
        OpenApiExample(
            "A lawyer asks for their client",
            value={
                "kind": "access",
                "address": "lawyer@example.com",
                "represented": {
                    "behalf": "agent",
                    "capacity": "lawyer",
                    "requester_name": "Rita Rezende",
                    "person_name": "Ana Souza",
                    "person_address": "ana@example.com",
                },
            },
            request_only=True,
        ),
        OpenApiExample("Somebody takes every consent back", value={"kind": "withdrawal", "address": "ana@example.com"}, request_only=True),
    ]
)
class RequestIn(serializers.Serializer):
    """A request for the owner of an e-mail address, who gets a mail and confirms it."""

    kind = serializers.ChoiceField(choices=Kind.FILED_BY_OTHERS)
    address = serializers.EmailField(
        max_length=254,
        help_text="The address by which the person is known to us; of a request for another person that of whoever asks. In the body only.",
    )
    represented = RepresentedIn(required=False, help_text="Of a request for another person: for whom")
    words = serializers.CharField(max_length=WORDS, required=False, allow_blank=True, help_text="What the person asks, in their words")
    language = serializers.ChoiceField(choices=[code for code, _name in settings.LANGUAGES], required=False)
    country = serializers.CharField(max_length=2, required=False, allow_blank=True, help_text="Where the person lives, ISO 3166-1 alpha-2")

    ground = serializers.ChoiceField(
        choices=Ground.values, required=False, help_text="Of a restriction, which needs it: why (GDPR Art. 18(1))"
    )
    categories = serializers.ListField(
        child=serializers.ChoiceField(choices=RecordCategory.values),
        required=False,
        max_length=SEVERAL,
        help_text="Of a restriction: which data; everything where none is named",
    )
    marketing = serializers.BooleanField(required=False, help_text="Of an objection: direct marketing, all of it")
    purposes = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=SEVERAL,
        help_text="Of an objection: purposes that rest on legitimate interests. Of a withdrawal: purposes that rest on consent",
    )
    topics = serializers.ListField(
        child=serializers.CharField(max_length=64),
        required=False,
        max_length=SEVERAL,
        help_text="Of a withdrawal: topics of messages. Without purposes and topics every consent that stands is taken back",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What a right asks beside words; what it does not ask is refused."""
        given = {name: attrs.pop(name) for name in CHOICES if name in attrs}
        try:
            return {**attrs, "choices": choices_of(attrs["kind"], given)}
        except NotAChoice as error:
            raise serializers.ValidationError({error.field: serializers.ErrorDetail(str(error), error.code)}) from error

    def validate_words(self, value: str) -> str:
        return check_words(value)

    def validate_country(self, value: str) -> str:
        code = value.upper()
        if code and code not in dict(countries):
            raise serializers.ValidationError("There is no such country.", code="unknown_country")
        return code


class FiledRequestOut(serializers.Serializer):
    """Where a request stands. Nothing of the person, and nothing that says whether anything is held about them."""

    reference = serializers.CharField()
    kind = serializers.ChoiceField(choices=Kind.values)
    status = serializers.ChoiceField(choices=ToldStatus.values, help_text="`received` until the person confirms it, then `in_progress`")
    outcome = serializers.ChoiceField(
        choices=ToldOutcome.values,
        allow_null=True,
        help_text="`answered`: the person was answered, in whichever way; `ended`: not confirmed, or taken back",
    )
    received_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True, help_text="From the person's proof on: by when they have the answer at the latest")
    answered_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


def told(request: Any) -> dict[str, Any]:
    """A request as the API tells it."""
    stands = told_of(request)
    return {
        "reference": request.ref,
        "kind": request.kind,
        "status": str(stands.status),
        "outcome": str(stands.outcome) or None,
        "received_at": request.received_at,
        "due_at": stands.due_at,
        "answered_at": stands.answered_at,
        "closed_at": stands.closed_at,
    }
