"""The preferences of a signed-in person: one form, one save."""

from __future__ import annotations

import json
from datetime import date, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.preferences.domain.delivery import LONGEST_PAUSE_DAYS
from privacycenter.preferences.enums import Channel
from privacycenter.preferences.limits import limit_words, offered
from privacycenter.preferences.own_choices import OwnChoices, Wanted, pause_day, quiet_hours

_QUIET = ("quiet_from", "quiet_until")
_Plain = bool | str | list[str]


class PreferencesForm(forms.Form):
    """Built from what the person has chosen; what they type and tick comes back as `wanted()`.

    The page bears what it showed (`seen`), and only what differs from that is a change of the person's. Where something else changed
    meanwhile, as by a link in a mail, nothing is saved: the page comes again as things are now, with the person's own changes.
    """

    frequency = forms.ChoiceField(
        label=_("How often, at most"), required=False, help_text=_("Counts messages that are not essential, whatever their topic.")
    )
    pause_until = forms.DateField(
        label=_("Pause until"),
        required=False,
        help_text=_("From this day on we may write again. Leave it empty for no pause."),
        error_messages={"invalid": _("Enter the pause as a date, such as 2027-01-31.")},
    )
    quiet_from = forms.TimeField(label=_("Quiet from"), required=False, error_messages={"invalid": _("Enter a time such as 22:00.")})
    quiet_until = forms.TimeField(label=_("Quiet until"), required=False, error_messages={"invalid": _("Enter a time such as 07:00.")})

    def __init__(self, *args: Any, choices: OwnChoices, **kwargs: Any) -> None:
        self.choices = choices
        self.topic_names: list[str] = []
        self.partner_names: list[str] = []
        self.device_names: list[str] = []
        super().__init__(*args, **kwargs)
        for each in choices.topics:
            self.topic_names.append(self._add(f"topic_{each.topic.key}", _topic_field(each)))
        for partner in choices.partners:
            name = f"partner_{partner.recipient.key}"
            words = _("%(partner)s may get my data") % {"partner": partner.recipient.name}
            hint = f"{partner.recipient.receives} {partner.recipient.why}"
            self.partner_names.append(
                self._add(name, forms.BooleanField(label=words, help_text=hint, required=False, initial=partner.is_allowed))
            )
        for device in choices.devices:
            box = forms.BooleanField(label=device.label, required=False, initial=True)
            self.device_names.append(self._add(f"device_{device.public_id}", box))
        self._fill_delivery()
        self._now = {name: _plain(field.initial) for name, field in self.fields.items()}
        self._is_outdated = self.is_bound and self._take_up()

    @property
    def seen(self) -> str:
        """What the page shows, for the page to bear."""
        return json.dumps(self._now, separators=(",", ":"), sort_keys=True)

    def _take_up(self) -> bool:
        """Put what is so now in the place of whatever the person left as the page showed it; whether anything differs."""
        seen = _read(self.data.get("seen", ""))
        if seen == self._now:
            return False
        data = self.data.copy()  # type: ignore[attr-defined]
        for name in self._now:
            merged = self._merged(name, seen)
            values = merged if isinstance(merged, list) else ["on" if merged is True else merged] if merged else []
            data.setlist(name, values)
            if not values:
                del data[name]
        self.data = data
        return True

    def _merged(self, name: str, seen: dict[str, _Plain]) -> _Plain:
        now, was, posted = self._now[name], seen.get(name), self._posted(name)
        if isinstance(now, list):
            if not isinstance(was, list) or not isinstance(posted, list):
                return now
            touched = {*posted} ^ {*was}
            return [each for each in dict.fromkeys([*posted, *now]) if each in (posted if each in touched else now)]
        together = _QUIET if name in _QUIET else (name,)
        # What the page did not show can't have been changed on it.
        is_left = type(was) is not type(now) or all(self._posted(each) == seen.get(each) for each in together)
        return now if is_left else posted

    def _posted(self, name: str) -> _Plain:
        now = self._now[name]
        if isinstance(now, list):
            return list(self.data.getlist(name))  # type: ignore[attr-defined]
        return name in self.data if isinstance(now, bool) else str(self.data.get(name, ""))

    def _add(self, name: str, field: forms.Field) -> str:
        self.fields[name] = field
        return name

    def _fill_delivery(self) -> None:
        delivery = self.choices.delivery
        stored = (delivery.frequency.messages, delivery.frequency.days) if delivery.frequency else None
        options: list[tuple[str, Any]] = [("", _("No limit"))]
        options += [(f"{messages}-{days}", limit_words(messages, days)) for messages, days in offered(stored)]
        if stored:
            self.fields["frequency"].initial = f"{stored[0]}-{stored[1]}"
        self.fields["frequency"].choices = options  # type: ignore[attr-defined]
        today = timezone.localdate(clock.now())
        first, last = today + timedelta(days=1), today + timedelta(days=LONGEST_PAUSE_DAYS)
        self.fields["pause_until"].widget = forms.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", "min": first.isoformat(), "max": last.isoformat()}
        )
        self.fields["pause_until"].initial = pause_day(delivery)
        begin, end = quiet_hours(delivery) or (None, None)
        for name, moment in (("quiet_from", begin), ("quiet_until", end)):
            self.fields[name].widget = forms.TimeInput(format="%H:%M", attrs={"type": "time"})
            self.fields[name].initial = moment

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        # The page names the words it was about in a field of its own, drawn by the template: it always bears those of today.
        if self.data.get("words") != self.choices.digest:
            self.add_error(None, _("The words on this page have changed since you opened it. Look at it again, then save."))
        elif self._is_outdated:
            self.add_error(None, _("Something you chose has changed since you opened this page. Look at it again, then save."))
        begin, end = data.get("quiet_from"), data.get("quiet_until")
        if not {"quiet_from", "quiet_until"} & set(self.errors):
            if (begin is None) != (end is None):
                self.add_error("quiet_until" if end is None else "quiet_from", _("Enter both times, or neither."))
            elif begin is not None and begin == end:
                self.add_error("quiet_until", _("Quiet hours need a start and an end that differ."))
        day = data.get("pause_until")
        today = timezone.localdate(clock.now())
        is_fit = day is None or today < day <= today + timedelta(days=LONGEST_PAUSE_DAYS)
        if not is_fit and day != pause_day(self.choices.delivery):
            self.add_error("pause_until", _("Choose a date after today and within a year."))
        return data

    def wanted(self) -> Wanted:
        """What the person wants, after validation."""
        data = self.cleaned_data
        messages, _dash, days = data["frequency"].partition("-")
        return Wanted(
            topics={each.topic.key: frozenset(data[f"topic_{each.topic.key}"]) for each in self.choices.topics},
            partners={each.recipient.key: data[f"partner_{each.recipient.key}"] for each in self.choices.partners},
            devices=frozenset(str(each.public_id) for each in self.choices.devices if data[f"device_{each.public_id}"]),
            pause_until=data["pause_until"],
            quiet_hours=(data["quiet_from"], data["quiet_until"]) if data["quiet_from"] is not None else None,
            frequency=(int(messages), int(days)) if messages else None,
        )

    @property
    def topics(self) -> list[Any]:
        """A bound field for each topic, with what holds it back."""
        return [(self[name], each) for name, each in zip(self.topic_names, self.choices.topics, strict=True)]

    @property
    def partners(self) -> list[forms.BoundField]:
        return [self[name] for name in self.partner_names]

    @property
    def devices(self) -> list[forms.BoundField]:
        return [self[name] for name in self.device_names]


def _topic_field(each: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=each.topic.title,
        help_text=each.topic.description,
        choices=[(channel.value, channel.label) for channel in each.channels],
        required=False,
        initial=[channel.value for channel in Channel if channel in each.on],
        widget=forms.CheckboxSelectMultiple,
    )


def _plain(initial: Any) -> _Plain:
    """What a field shows, as it is posted."""
    if initial is None:
        return ""
    if isinstance(initial, time):
        return f"{initial:%H:%M}"
    return initial.isoformat() if isinstance(initial, date) else initial


def _read(seen: str) -> dict[str, _Plain]:
    """What a page bore; nothing where that can't be read."""
    try:
        found = json.loads(seen)
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    lists = {name: value for name, value in found.items() if isinstance(value, list) and all(isinstance(each, str) for each in value)}
    return {name: value for name, value in found.items() if isinstance(value, bool | str)} | lists
