"""What calls take and answer, for the schema. Items of bulk calls are checked by `items`, which knows the same limits."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.preferences.enums import Channel, EventKind, SuppressionReason

KEY, EVIDENCE = 40, 2_000
EVENT_KINDS = tuple(EventKind.values)
# What happens by time, what staff declare, and taking back an objection, which only the person does, come by other ways.
_NOT_BY_API = {EventKind.EXPIRED, EventKind.INVALIDATED, EventKind.OBJECTION_LIFTED}
CONSENT_KINDS = tuple(kind.value for kind in EventKind if kind not in _NOT_BY_API)
ACTIONS = ("add", "lift")


def _optional(most: int, help_text: str = "") -> serializers.CharField:
    return serializers.CharField(max_length=most, required=False, allow_blank=True, allow_null=True, help_text=help_text)


def _channel(help_text: str = "Empty: any") -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=Channel.values, required=False, allow_blank=True, allow_null=True, help_text=help_text)


class IdentifierIn(serializers.Serializer):
    """An address, number or name. It stands in bodies only, never in an address."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in IdentifierKind])
    value = serializers.CharField(max_length=320, help_text="A phone number begins with + and its country code.")


class ItemError(serializers.Serializer):
    """What is wrong with one item; the others are done."""

    code = serializers.CharField()
    detail = serializers.CharField()
    pointer = serializers.CharField(help_text="JSON pointer into the request, as a URI fragment (RFC 6901)")


class ScopeIn(serializers.Serializer):
    """What it is about. What is left out means “any”."""

    identifier = IdentifierIn()
    purpose = serializers.CharField(max_length=KEY, help_text="Key of a purpose of the data map, or `partners`")
    topic = _optional(KEY)
    channel = _channel()
    recipient = _optional(KEY)


@extend_schema_serializer(
    examples=[
        OpenApiExample(
            "May we mail the newsletter?",
            value={
                "questions": [
                    {
                        "identifier": {"kind": "email", "value": "ada@example.com"},
                        "purpose": "news_and_offers",
                        "topic": "newsletter",
                        "channel": "email",
                    }
                ]
            },
            request_only=True,
        )
    ]
)
class DecisionsIn(serializers.Serializer):
    questions = ScopeIn(many=True, max_length=10_000)


class DecisionOut(serializers.Serializer):
    """The answer to one question, or what is wrong with it."""

    allowed = serializers.BooleanField(required=False)
    rule = serializers.CharField(required=False, help_text="The rule of the gate that decided")
    reason = serializers.CharField(required=False, help_text="The same in plain words, in the language that was asked for")
    until = serializers.DateTimeField(required=False, allow_null=True, help_text="When the answer may change by itself")
    error = ItemError(required=False)


class DecisionsOut(serializers.Serializer):
    """In the order of the questions."""

    decisions = DecisionOut(many=True)


class SuppressionIn(serializers.Serializer):
    identifier = IdentifierIn()
    action = serializers.ChoiceField(choices=ACTIONS, default="add")
    channel = serializers.ChoiceField(
        choices=Channel.values, required=False, allow_blank=True, allow_null=True, help_text="Empty: every channel"
    )
    topic = _optional(KEY, "Empty: all marketing")
    reason = serializers.ChoiceField(choices=SuppressionReason.values, required=False, help_text="Needed to add")
    evidence = serializers.CharField(
        max_length=EVIDENCE,
        required=False,
        allow_blank=True,
        allow_null=True,
        help_text="Needed for reasons `law` and `staff`, and to lift. Stored encrypted.",
    )


class SuppressionsIn(serializers.Serializer):
    suppressions = SuppressionIn(many=True, max_length=10_000)


class SuppressionOut(serializers.Serializer):
    """What came of one item. Adding what stands already, or lifting what does not, is no error."""

    status = serializers.ChoiceField(choices=("suppressed", "lifted", "nothing_to_lift"), required=False)
    error = ItemError(required=False)


class SuppressionsOut(serializers.Serializer):
    suppressions = SuppressionOut(many=True)


class SuppressionCheckIn(serializers.Serializer):
    identifier = IdentifierIn()
    channel = serializers.ChoiceField(
        choices=Channel.values, required=False, allow_blank=True, allow_null=True, help_text="Empty: on any channel"
    )
    topic = _optional(KEY, "Empty: on any topic")


class SuppressionChecksIn(serializers.Serializer):
    checks = SuppressionCheckIn(many=True, max_length=10_000)


class SuppressionEntry(serializers.Serializer):
    reason = serializers.ChoiceField(choices=SuppressionReason.values)
    channel = serializers.CharField(help_text="Empty: every channel")
    topic = serializers.CharField(help_text="Empty: all marketing")
    since = serializers.DateTimeField()


class SuppressionCheckOut(serializers.Serializer):
    """Where this identifier is not written to. Whether it may be is for the gate to say, which knows more."""

    is_suppressed = serializers.BooleanField(required=False)
    entries = SuppressionEntry(many=True, required=False)
    error = ItemError(required=False)


class SuppressionChecksOut(serializers.Serializer):
    checks = SuppressionCheckOut(many=True)


class LinkIn(serializers.Serializer):
    identifier = IdentifierIn()
    topic = _optional(KEY, "Empty: all marketing")
    campaign = _optional(60, "Your name for the mailing; not a person's")


class LinksIn(serializers.Serializer):
    links = LinkIn(many=True, max_length=10_000)


class LinkHeaders(serializers.Serializer):
    """Headers for the message, ready to be set. The DKIM signature must cover the first two (RFC 8058)."""

    def get_fields(self) -> dict[str, Any]:
        return {name: serializers.CharField() for name in ("List-Unsubscribe", "List-Unsubscribe-Post", "List-Id")}


class LinkOut(serializers.Serializer):
    """`headers` for e-mail only."""

    unsubscribe_url = serializers.URLField(required=False)
    preferences_url = serializers.URLField(required=False)
    headers = LinkHeaders(required=False)
    error = ItemError(required=False)


class LinksOut(serializers.Serializer):
    links = LinkOut(many=True)


class TextIn(serializers.Serializer):
    """The words that were shown: in full, or by what identifies a text that we know already."""

    key = serializers.CharField(max_length=KEY)
    language = serializers.CharField(max_length=16, help_text="BCP 47")
    text = serializers.CharField(max_length=20_000, required=False, help_text="The full words; needed the first time")
    sha256 = serializers.RegexField("^[0-9a-f]{64}$", required=False, help_text="Of a text that was sent or shown before")
    version = serializers.IntegerField(min_value=1, required=False)


class ConsentIn(ScopeIn):
    kind = serializers.ChoiceField(choices=CONSENT_KINDS)
    text = TextIn()
    control = _optional(60, "The button or box, by its words")
    page = _optional(120, "A path without query")
    valid_until = serializers.DateTimeField(required=False, allow_null=True)
    evidence = _optional(EVIDENCE, "Stored encrypted")
    idempotency_key = _optional(120, "The same key within a week is the same event")


class ConsentsIn(serializers.Serializer):
    consents = ConsentIn(many=True, max_length=10_000)


class TextOut(serializers.Serializer):
    key = serializers.CharField()
    version = serializers.IntegerField()
    language = serializers.CharField()
    sha256 = serializers.CharField()


class ConsentOut(serializers.Serializer):
    event_id = serializers.UUIDField(required=False)
    receipt_sha256 = serializers.CharField(required=False)
    at = serializers.DateTimeField(required=False)
    text = TextOut(required=False)
    is_repeat = serializers.BooleanField(required=False, help_text="It was recorded before, under the same idempotency key")
    error = ItemError(required=False)


class ConsentsOut(serializers.Serializer):
    consents = ConsentOut(many=True)


class ConsentQueryIn(ScopeIn):
    service = _optional(KEY)
    at = serializers.DateTimeField(required=False, allow_null=True, help_text="As it was then; now where it is left out")
    history = serializers.BooleanField(
        required=False, help_text="Every event up to then too, newest first, at most 1,000; at most 100 such items in a call"
    )


class ConsentQueriesIn(serializers.Serializer):
    queries = ConsentQueryIn(many=True, max_length=10_000)


class EventOut(serializers.Serializer):
    """One event of the ledger, without evidence."""

    event_id = serializers.UUIDField()
    record_id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=EVENT_KINDS)
    purpose = serializers.CharField()
    topic = serializers.CharField()
    channel = serializers.CharField()
    service = serializers.CharField()
    recipient = serializers.CharField()
    method = serializers.CharField()
    at = serializers.DateTimeField()
    valid_until = serializers.DateTimeField(allow_null=True)
    text = TextOut()
    receipt_sha256 = serializers.CharField()


class ConsentQueryOut(serializers.Serializer):
    is_on = serializers.BooleanField(required=False, allow_null=True, help_text="null: nobody ever chose")
    event = EventOut(required=False, allow_null=True, help_text="The newest event of exactly this scope")
    events = EventOut(many=True, required=False)
    error = ItemError(required=False)


class ConsentQueriesOut(serializers.Serializer):
    queries = ConsentQueryOut(many=True)
