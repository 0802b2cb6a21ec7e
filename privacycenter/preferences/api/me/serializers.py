"""What these calls take and answer."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from privacycenter.preferences.domain.delivery import MOST_DAYS, MOST_MESSAGES
from privacycenter.preferences.enums import Channel

KEY = 40


class StrictSerializer(serializers.Serializer):
    """Refuses a field that it does not have: what is misspelt must not pass for done."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = {
                name: serializers.ErrorDetail("There is no such field.", "unknown_field") for name in data if name not in self.fields
            }
            if unknown:
                raise serializers.ValidationError(unknown)
        return super().to_internal_value(data)


class TopicChannel(serializers.Serializer):
    channel = serializers.ChoiceField(choices=Channel.values)
    label = serializers.CharField()
    text = serializers.CharField(help_text="The exact words that a choice is about: show them")
    is_on = serializers.BooleanField()


class TopicOut(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    purpose = serializers.CharField()
    channels = TopicChannel(many=True)
    held_back = serializers.ListField(child=serializers.CharField(), help_text="What stops it at present, whatever was chosen")


class EssentialOut(serializers.Serializer):
    """Comes whatever is chosen, and why."""

    title = serializers.CharField()
    why = serializers.CharField()


class PreferencesOut(serializers.Serializer):
    topics = TopicOut(many=True)
    essential = EssentialOut(many=True)
    text_sha256 = serializers.CharField(help_text="Of all words that can be chosen about; send it back with a choice")
    said = serializers.ListField(child=serializers.CharField(), required=False, help_text="After a change: what was changed, in sentences")


class TopicChoiceIn(StrictSerializer):
    topic = serializers.CharField(max_length=KEY)
    channel = serializers.ChoiceField(choices=Channel.values)
    is_on = serializers.BooleanField()


class PreferencesIn(StrictSerializer):
    choices = TopicChoiceIn(many=True, required=False, max_length=500)
    stop_all = serializers.BooleanField(required=False, help_text="All marketing off, on every channel, also what comes later")
    text_sha256 = serializers.CharField(required=False, max_length=64, help_text="Needed to switch something on")


class QuietHours(StrictSerializer):
    """Times of the clock where the person is. They may run past midnight."""

    def get_fields(self) -> dict[str, Any]:
        words = {"format": "%H:%M", "input_formats": ["%H:%M"]}
        return {"from": serializers.TimeField(**words), "until": serializers.TimeField(**words)}


class Frequency(StrictSerializer):
    messages = serializers.IntegerField(min_value=1, max_value=MOST_MESSAGES)
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS)


class Delivery(StrictSerializer):
    """null ends a setting; what is left out stays."""

    pause_until = serializers.DateField(allow_null=True, required=False, help_text="The first day on which messages come again")
    quiet_hours = QuietHours(allow_null=True, required=False)
    frequency = Frequency(allow_null=True, required=False)


class DeliveryOut(Delivery):
    time_zone = serializers.CharField()


class PartnerOut(serializers.Serializer):
    key = serializers.CharField()
    name = serializers.CharField()
    text = serializers.CharField(help_text="The exact words that a choice is about")
    is_allowed = serializers.BooleanField()


class PartnersOut(serializers.Serializer):
    partners = PartnerOut(many=True)


class PartnerIn(StrictSerializer):
    key = serializers.CharField(max_length=KEY)
    is_allowed = serializers.BooleanField()


class PartnersIn(StrictSerializer):
    partners = PartnerIn(many=True, max_length=500)


class DeviceOut(serializers.Serializer):
    id = serializers.UUIDField()
    label = serializers.CharField()
    added_at = serializers.DateTimeField()


class DevicesOut(serializers.Serializer):
    devices = DeviceOut(many=True)


class DeviceIn(StrictSerializer):
    label = serializers.CharField(max_length=80, help_text="As the person knows it")
    endpoint = serializers.CharField(max_length=2_000, help_text="What the push service reaches it by. Stored encrypted, never given out")


class DeviceOffIn(StrictSerializer):
    id = serializers.UUIDField()
    is_on = serializers.BooleanField(help_text="Only false: a device is switched on by registering it")

    def validate_is_on(self, value: bool) -> bool:
        if value:
            raise serializers.ValidationError("Register the device to switch it on.", code="only_off")
        return value


class DevicesIn(StrictSerializer):
    devices = DeviceOffIn(many=True, max_length=100)


class ServiceOut(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    category = serializers.CharField()
    purpose = serializers.CharField()
    provider = serializers.CharField()
    is_asked = serializers.BooleanField(help_text="false: needed for the site to work; there is nothing to choose")
    is_on = serializers.BooleanField()
    is_open = serializers.BooleanField(help_text="Nobody has chosen, or what was chosen has run out or changed")
    because = serializers.CharField(allow_null=True, help_text="account, signal or account_signal, where a stricter choice counts")


class CookiesOut(serializers.Serializer):
    fingerprint = serializers.CharField(help_text="Of what is asked; send it back to switch something on")
    gpc = serializers.BooleanField()
    services = ServiceOut(many=True)


class ServiceIn(StrictSerializer):
    key = serializers.CharField(max_length=KEY)
    is_on = serializers.BooleanField()


class CookiesIn(StrictSerializer):
    fingerprint = serializers.CharField(max_length=64, required=False)
    services = ServiceIn(many=True, max_length=500)


class SignalsOut(serializers.Serializer):
    """Global Privacy Control is an objection to sale, sharing and targeting. Do Not Track changes nothing."""

    is_sent = serializers.BooleanField(help_text="Whether this request carries Sec-GPC: 1")
    is_honoured = serializers.BooleanField(help_text="Whether the objection stands, by this browser or another of the person")
    since = serializers.DateTimeField(allow_null=True)
