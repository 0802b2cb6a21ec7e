"""What staff fill in about somebody's choices."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.models import Purpose, Recipient
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.preferences.enums import Channel, PartyKind, SuppressionReason
from privacycenter.preferences.models import Suppression, Topic
from privacycenter.preferences.parties import Party, party_of
from privacycenter.preferences.scopes import PARTNERS, Scope
from privacycenter.subjects.enums import IDENTIFIER_CHOICES, AllowedUse
from privacycenter.subjects.models import Subject

EVERYTHING = "everything"
_ANY_CHANNEL = ("", _("Every way"))


class LookReason(models.TextChoices):
    REQUEST = "request", _("The person asked us for something")
    COMPLAINT = "complaint", _("The person complained about messages")
    ERROR = "error", _("To look into an error")


class Ground(models.TextChoices):
    """By which way somebody told staff what they want."""

    CALL = "call", _("The person called")
    LETTER = "letter", _("The person wrote")
    IN_PERSON = "in_person", _("The person was here")
    REPRESENTATIVE = "representative", _("Somebody who may act for them")
    MISTAKE = "mistake", _("We had made a mistake")


class Wish(models.TextChoices):
    ON = "on", _("They want it")
    OFF = "off", _("They don't want it")
    INVALID = "invalid", _("Their consent was not obtained rightly: declare it invalid")


class WhoseForm(forms.Form):
    """Whose choices, and why staff want to see them."""

    kind = forms.ChoiceField(label=_("Find by"), choices=[(PartyKind.SUBJECT.value, _("Id of the person")), *IDENTIFIER_CHOICES])
    value = forms.CharField(label=_("Address, number or id"), max_length=320, validators=[refuse_card_number])
    look_reason = forms.ChoiceField(label=_("Why do you need to see it?"), choices=LookReason.choices, widget=forms.RadioSelect)
    use = forms.ChoiceField(
        label=_("If the use of the person's data is restricted: what does the law allow you to use it for?"),
        choices=[("", _("It is not restricted")), *AllowedUse.choices],
        required=False,
    )

    party: Party

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if "kind" in given and "value" in given:
            self.party = self._party(given["kind"], given["value"])
        return given

    def _party(self, kind: str, value: str) -> Party:
        try:
            if kind != PartyKind.SUBJECT:
                return party_of((kind, value))
            found = Subject.objects.filter(public_id=uuid.UUID(value.strip())).first()
        except (InvalidIdentifier, ValueError):
            found = None
        if found is None:
            raise forms.ValidationError(_("Nobody is known by this. Check the address, number or id."))
        return party_of(found)


def _grouped(groups: Iterable[tuple[str, Any, Iterable[tuple[str, str]]]]) -> list[tuple[Any, list[tuple[str, str]]]]:
    """Groups (kind, label, rows of key and name) as those of a select; what is called alike bears its key as well."""
    known = [(kind, label, list(rows)) for kind, label, rows in groups]
    names = Counter(name for _kind, _label, rows in known for _key, name in rows)
    return [
        (label, [(f"{kind}.{key}", f"{name} ({key})" if names[name] > 1 else name) for key, name in rows])
        for kind, label, rows in known
        if rows
    ]


class OnBehalfForm(forms.Form):
    """A choice that the person made by telling staff."""

    about = forms.ChoiceField(label=_("What is it about?"))
    channel = forms.ChoiceField(label=_("By which way?"), required=False, choices=[_ANY_CHANNEL, *Channel.choices])
    wish = forms.ChoiceField(label=_("What did the person say?"), choices=Wish.choices, widget=forms.RadioSelect)
    ground = forms.ChoiceField(label=_("How do you know?"), choices=Ground.choices)
    evidence = forms.CharField(
        label=_("What shows it?"),
        help_text=_("The date and number of the call or letter. Kept encrypted with the choice."),
        max_length=500,
        validators=[refuse_card_number],
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        about: Any = self.fields["about"]
        about.choices = [
            (EVERYTHING, _("All marketing")),
            *_grouped(
                [
                    ("topic", _("Topics"), Topic.objects.values_list("key", "title")),
                    ("purpose", _("Purposes"), Purpose.objects.values_list("key", "title")),
                    ("partner", _("Partners"), Recipient.objects.filter(is_partner=True).values_list("key", "name")),
                ]
            ),
        ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("about") == EVERYTHING and given.get("wish") in {Wish.ON, Wish.INVALID}:
            raise forms.ValidationError(_("All marketing can only be switched off. Name the topics that the person wants."))
        return given

    @property
    def scope(self) -> Scope:
        """What the choice is about; not for everything."""
        kind, _dot, key = self.cleaned_data["about"].partition(".")
        channel = self.cleaned_data["channel"]
        if kind == "topic":
            return Scope(str(Topic.objects.get(key=key).purpose_id), key, channel)
        return Scope(PARTNERS, recipient=key) if kind == "partner" else Scope(key, channel=channel)


class SuppressForm(forms.Form):
    """Put somebody on the list of those who get nothing but essential messages."""

    channel = forms.ChoiceField(label=_("By which way?"), required=False, choices=[_ANY_CHANNEL, *Channel.choices])
    topic = forms.ModelChoiceField(
        label=_("Which topic?"), queryset=Topic.objects.all(), to_field_name="key", required=False, empty_label=_("All marketing")
    )
    reason = forms.ChoiceField(
        label=_("Why?"),
        choices=[(each.value, each.label) for each in (SuppressionReason.STAFF, SuppressionReason.LAW, SuppressionReason.OBJECTION)],
    )
    evidence = forms.CharField(
        label=_("What shows it?"), max_length=500, validators=[refuse_card_number], widget=forms.Textarea(attrs={"rows": 2})
    )


class LiftForm(forms.Form):
    """Take somebody off the list, for one topic and way."""

    entry = forms.ChoiceField(label=_("Which entry?"), widget=forms.RadioSelect)
    ground = forms.ChoiceField(label=_("How do you know that the person wants this?"), choices=Ground.choices)
    evidence = forms.CharField(
        label=_("What shows it?"), max_length=500, validators=[refuse_card_number], widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, suppressions: Iterable[Suppression], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = dict(Topic.objects.values_list("key", "title"))
        reasons: dict[tuple[str, str], list[str]] = {}
        for row in suppressions:
            known = reasons.setdefault((row.channel, row.topic), [])
            if (words := str(row.get_reason_display())) not in known:
                known.append(words)
        entry: Any = self.fields["entry"]
        entry.choices = [
            (
                f"{channel}/{topic}",
                _("%(what)s, %(way)s: %(reasons)s")
                % {
                    "what": topics.get(topic, topic) or _("All marketing"),
                    "way": Channel(channel).label if channel else _("every way"),
                    "reasons": ", ".join(why),
                },
            )
            for (channel, topic), why in reasons.items()
        ]

    @property
    def channel_and_topic(self) -> tuple[str, str]:
        """What the entry is about; empty for all."""
        channel, _slash, topic = self.cleaned_data["entry"].partition("/")
        return channel, topic
