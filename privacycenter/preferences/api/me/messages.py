"""me/preferences/, me/delivery/, me/partners/ and me/devices/: what the preference page shows and saves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.response import Response

from privacycenter.mail import kinds
from privacycenter.preferences.api.base import PersonView
from privacycenter.preferences.api.me import serializers as shapes
from privacycenter.preferences.own_choices import OwnChoices, Wanted, choices_of, pause_day, quiet_hours, save_choices, stop_all
from privacycenter.subjects.domain import add_push_device, switch_off_push_device
from privacycenter.subjects.models import PushDevice


def read(shape: type[Any], data: Any) -> dict[str, Any]:
    """What was sent, checked. Raises ValidationError."""
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    found: dict[str, Any] = serializer.validated_data
    return found


def refuse(name: str, index: int, field: str, code: str, words: str) -> ValidationError:
    """One thing wrong in a list."""
    return ValidationError({name: {str(index): {field: [ErrorDetail(words, code)]}}})


def _unchanged(choices: OwnChoices) -> Wanted:
    delivery = choices.delivery
    return Wanted(
        topics={each.topic.key: frozenset(each.on) for each in choices.topics},
        partners={each.recipient.key: each.is_allowed for each in choices.partners},
        devices=frozenset(str(device.public_id) for device in choices.devices),
        pause_until=pause_day(delivery),
        quiet_hours=quiet_hours(delivery),
        frequency=tuple(delivery.frequency) if delivery.frequency else None,  # type: ignore[arg-type]
    )


class PreferencesView(PersonView):
    @extend_schema(operation_id="me_preferences", responses=shapes.PreferencesOut, tags=["me"])
    def get(self, request: Any) -> Response:
        """What the person gets, by topic and channel, and what comes whatever they choose."""
        return Response(_preferences(choices_of(self.subject)))

    @extend_schema(operation_id="me_preferences_change", request=shapes.PreferencesIn, responses=shapes.PreferencesOut, tags=["me"])
    def patch(self, request: Any) -> Response:
        """Switch topics on and off. To switch something on, send back the hash of the words that were shown."""
        wanted = read(shapes.PreferencesIn, request.data)
        choices = choices_of(self.subject)
        topics = {each.topic.key: set(each.on) for each in choices.topics}
        offered = {each.topic.key: each.channels for each in choices.topics}
        for index, each in enumerate(wanted.get("choices", [])):
            if each["topic"] not in offered:
                raise refuse("choices", index, "topic", "unknown_topic", _("There is no such topic."))
            if each["channel"] not in offered[each["topic"]]:
                raise refuse("choices", index, "channel", "invalid_choice", _("It does not come to you this way."))
            if each["is_on"] and wanted.get("text_sha256") != choices.digest:
                words = _("What can be chosen has changed, or you left out the hash of the words. Look again and choose again.")
                raise ValidationError({"text_sha256": ErrorDetail(words, "other_words")})
            (topics[each["topic"]].add if each["is_on"] else topics[each["topic"]].discard)(each["channel"])
        chosen = replace(_unchanged(choices), topics={key: frozenset(on) for key, on in topics.items()})
        said = save_choices(choices, chosen, page=request.path, actor=self.actor)
        if wanted.get("stop_all"):
            stop_all(self.subject, page=request.path, actor=self.actor)
            said.append(_("You get no more marketing from us, on any channel."))
        return Response(_preferences(choices_of(self.subject)) | {"said": said})


def _preferences(choices: OwnChoices) -> dict[str, Any]:
    return {
        "topics": [
            {
                "key": each.topic.key,
                "title": each.topic.title,
                "description": each.topic.description,
                "purpose": each.topic.purpose_id,
                "channels": [
                    {"channel": str(channel), "label": str(channel.label), "text": each.words(channel), "is_on": channel in each.on}
                    for channel in each.channels
                ],
                "held_back": list(each.held_back),
            }
            for each in choices.topics
        ],
        "essential": [{"title": str(kind.label), "why": str(kind.why)} for kind in kinds.all_kinds().values() if kind.essential],
        "text_sha256": choices.digest,
    }


class DeliveryView(PersonView):
    @extend_schema(operation_id="me_delivery", responses=shapes.DeliveryOut, tags=["me"])
    def get(self, request: Any) -> Response:
        """Pause, quiet hours and limit."""
        return Response(_delivery(choices_of(self.subject)))

    @extend_schema(operation_id="me_delivery_change", request=shapes.Delivery, responses=shapes.DeliveryOut, tags=["me"])
    def patch(self, request: Any) -> Response:
        """Set or end a pause, quiet hours and a limit."""
        wanted = read(shapes.Delivery, request.data)
        choices = choices_of(self.subject)
        change: dict[str, Any] = {}
        if "pause_until" in wanted:
            change["pause_until"] = wanted["pause_until"]
        if "quiet_hours" in wanted:
            quiet = wanted["quiet_hours"]
            change["quiet_hours"] = (quiet["from"], quiet["until"]) if quiet else None
        if "frequency" in wanted:
            limit = wanted["frequency"]
            change["frequency"] = (limit["messages"], limit["days"]) if limit else None
        save_choices(choices, replace(_unchanged(choices), **change), page=request.path, actor=self.actor)
        return Response(_delivery(choices_of(self.subject)))


def _delivery(choices: OwnChoices) -> dict[str, Any]:
    quiet, limit = quiet_hours(choices.delivery), choices.delivery.frequency
    return {
        "pause_until": pause_day(choices.delivery),
        "quiet_hours": {"from": f"{quiet[0]:%H:%M}", "until": f"{quiet[1]:%H:%M}"} if quiet else None,
        "frequency": {"messages": limit.messages, "days": limit.days} if limit else None,
        "time_zone": timezone.get_current_timezone_name(),
    }


class PartnersView(PersonView):
    @extend_schema(operation_id="me_partners", responses=shapes.PartnersOut, tags=["me"])
    def get(self, request: Any) -> Response:
        """The partners that the person may decline."""
        return Response(_partners(choices_of(self.subject)))

    @extend_schema(operation_id="me_partners_change", request=shapes.PartnersIn, responses=shapes.PartnersOut, tags=["me"])
    def patch(self, request: Any) -> Response:
        """Decline partners, or deal with them again."""
        wanted = read(shapes.PartnersIn, request.data)
        choices = choices_of(self.subject)
        allowed: dict[str, bool] = dict(_unchanged(choices).partners)
        for index, each in enumerate(wanted["partners"]):
            if each["key"] not in allowed:
                raise refuse("partners", index, "key", "unknown_partner", _("There is no such partner."))
            allowed[each["key"]] = each["is_allowed"]
        save_choices(choices, replace(_unchanged(choices), partners=allowed), page=request.path, actor=self.actor)
        return Response(_partners(choices_of(self.subject)))


def _partners(choices: OwnChoices) -> Mapping[str, Any]:
    return {
        "partners": [
            {"key": each.recipient.key, "name": each.recipient.name, "text": each.words, "is_allowed": each.is_allowed}
            for each in choices.partners
        ]
    }


class DevicesView(PersonView):
    @extend_schema(operation_id="me_devices", responses=shapes.DevicesOut, tags=["me"])
    def get(self, request: Any) -> Response:
        """The devices that may get push messages."""
        return self._devices()

    @extend_schema(operation_id="me_devices_add", request=shapes.DeviceIn, responses={201: shapes.DevicesOut}, tags=["me"])
    def post(self, request: Any) -> Response:
        """Register a device. Nothing is sent there until a topic is switched on for push messages."""
        wanted = read(shapes.DeviceIn, request.data)
        add_push_device(self.subject, label=wanted["label"], endpoint=wanted["endpoint"], actor=self.actor)
        return self._devices(status=201)

    @extend_schema(operation_id="me_devices_change", request=shapes.DevicesIn, responses=shapes.DevicesOut, tags=["me"])
    def patch(self, request: Any) -> Response:
        """Switch devices off; how they are reached is forgotten."""
        wanted = read(shapes.DevicesIn, request.data)
        known = {device.public_id: device for device in self._live()}
        for index, each in enumerate(wanted["devices"]):
            if each["id"] not in known:
                raise refuse("devices", index, "id", "unknown_device", _("There is no such device."))
        for each in wanted["devices"]:
            switch_off_push_device(known[each["id"]], actor=self.actor)
        return self._devices()

    def _live(self) -> list[PushDevice]:
        return list(PushDevice.objects.filter(subject=self.subject, disabled_at__isnull=True).order_by("created_at"))

    def _devices(self, *, status: int = 200) -> Response:
        devices = [{"id": str(device.public_id), "label": device.label, "added_at": device.created_at} for device in self._live()]
        return Response({"devices": devices}, status=status)
