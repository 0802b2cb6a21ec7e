"""What people and staff fill in about limits on the use of data. What people ask for becomes codes; only their words are free."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.enums import RecordCategory
from privacycenter.datamap.models import Purpose
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import party_of
from privacycenter.subjects.enums import RestrictionReason
from privacycenter.subjects.models import Subject
from requests_app.forms import refuse_hidden_characters
from requests_app.limits.asking import purposes_of_consent, purposes_to_object
from requests_app.limits.enums import Balance, Ground, LiftReason
from requests_app.limits.objecting import MARKETING
from requests_app.limits.withdrawing import standing_consents
from requests_app.rights.registry import Asked

WORDS = 2000
_NO_SECRETS = [refuse_hidden_characters, refuse_card_number]


class RestrictionForm(forms.Form):
    """Why, and for which part of the data."""

    ground = forms.ChoiceField(label=_("Why should we not use your data?"), choices=Ground.choices, widget=forms.RadioSelect)
    categories = forms.MultipleChoiceField(
        label=_("Which data?"),
        help_text=_("Tick nothing for everything we hold about you."),
        choices=RecordCategory.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    words = forms.CharField(
        label=_("In your words"),
        help_text=_("What exactly is wrong, or what you need the data for. A colleague reads it."),
        max_length=WORDS,
        required=False,
        validators=_NO_SECRETS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, subject: Subject | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def asked(self) -> Asked:
        given = self.cleaned_data
        return Asked(given["words"], {"ground": given["ground"], "categories": given["categories"]})


class ObjectionForm(forms.Form):
    """To what: direct marketing, or purposes that rest on our interests, each with the reasons why we think it is fair."""

    to = forms.MultipleChoiceField(label=_("What do you object to?"), widget=forms.CheckboxSelectMultiple)
    words = forms.CharField(
        label=_("Why, in your situation"),
        help_text=_("You need not give a reason against direct marketing. For the rest it helps us to weigh."),
        max_length=WORDS,
        required=False,
        validators=_NO_SECRETS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, subject: Subject | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            (MARKETING, _("Direct marketing, all of it. It stops at once and for good.")),
            *((purpose.key, _balance(purpose)) for purpose in purposes_to_object()),
        ]

    def asked(self) -> Asked:
        chosen = self.cleaned_data["to"]
        return Asked(
            self.cleaned_data["words"],
            {"marketing": MARKETING in chosen, "purposes": [each for each in chosen if each != MARKETING]},
        )


def _balance(purpose: Purpose) -> Any:
    return format_lazy(
        "{title}. {what} {why} {note}", title=purpose.title, what=purpose.description, why=_FAIR, note=purpose.balancing_note
    )


_FAIR = _("Why we think it is fair:")


class WithdrawalForm(forms.Form):
    """Which consents. Who is not signed in takes back all that were given under the address; nothing of them is shown here."""

    section = ""  # what is said above the form

    records = forms.MultipleChoiceField(
        label=_("Which consents do you take back?"),
        help_text=_("These stand at present. Tick nothing for all of them."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, subject: Subject | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = standing_consents(party_of(subject)) if subject is not None else []
        if found:
            self.fields["records"].choices = [(each.record, each.words) for each in found]  # type: ignore[attr-defined]
        else:
            del self.fields["records"]
        if subject is not None and not found:
            self.section = "requests_app/no_consent.html"

    def asked(self) -> Asked:
        chosen = self.cleaned_data.get("records")
        return Asked(choices={"records": chosen} if chosen else {})


class ChildReportForm(forms.Form):
    """Nothing is asked that is not needed to find the account."""

    account = forms.CharField(
        label=_("Whose account?"),
        help_text=_("The user name or e-mail address if you know it; else describe where you saw it."),
        max_length=500,
        validators=_NO_SECRETS,
    )
    words = forms.CharField(
        label=_("What makes you think so?"),
        max_length=WORDS,
        required=False,
        validators=_NO_SECRETS,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    contact = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("Only if we may write to you about it."),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


# The desk --------------------------------------------------------------------------------------------------------------


class LetterForm(forms.Form):
    """A decision with its reasoning, which the person reads."""

    letter = forms.CharField(
        label=_("Your reasoning, for the person"),
        help_text=_("It stands on the page of their request, with how to complain, ask a court or have it reviewed."),
        max_length=4000,
        validators=_NO_SECRETS,
        widget=forms.Textarea(attrs={"rows": 6}),
    )


EVERYTHING = "everything"  # staff say it; leaving all boxes empty never means it


def _all_or_some(chosen: list[str]) -> None:
    """Everything and a part of it at once is a mistake. Raises ValidationError."""
    if EVERYTHING in chosen and len(chosen) > 1:
        raise ValidationError(_("Choose either everything or some, not both."))


class EnteredRestrictionForm(forms.Form):
    """What staff enter of a restriction: on what ground, and for which data."""

    ground = forms.ChoiceField(
        label=_("Why should the data not be used?"),
        choices=[(value, label) for value, label in RestrictionReason.choices if value in Ground.values],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a ground.")},
    )
    categories = forms.MultipleChoiceField(
        label=_("Which data?"),
        choices=[(EVERYTHING, _("Everything that is held about them")), *RecordCategory.choices],
        widget=forms.CheckboxSelectMultiple,
        validators=[_all_or_some],
        error_messages={"required": _("Choose which data: everything, or some.")},
    )

    def given(self) -> dict[str, Any]:
        """What was filled in, as the right checks it."""
        return self.cleaned_data | {"categories": [each for each in self.cleaned_data["categories"] if each != EVERYTHING]}


class EnteredObjectionForm(forms.Form):
    """What staff enter of an objection. The person's reasons are their words."""

    to = forms.MultipleChoiceField(
        label=_("What do they object to?"),
        help_text=_("It stops with the proof. Direct marketing needs no decision; the rest you weigh on the ticket."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose what they object to.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].choices = [  # type: ignore[attr-defined]
            (MARKETING, _("Direct marketing, all of it")),
            *((purpose.key, purpose.title) for purpose in purposes_to_object()),
        ]

    def given(self) -> dict[str, Any]:
        """What was filled in, as the right checks it."""
        chosen = self.cleaned_data["to"]
        return {"marketing": MARKETING in chosen, "purposes": [each for each in chosen if each != MARKETING]}


class EnteredWithdrawalForm(forms.Form):
    """What staff enter of a withdrawal. Which consents stand is not shown: whose they are is not proven yet."""

    what = forms.MultipleChoiceField(
        label=_("Which consents do they take back?"),
        help_text=_("They end with the proof."),
        widget=forms.CheckboxSelectMultiple,
        validators=[_all_or_some],
        error_messages={"required": _("Choose which consents: all that stand, or some.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        topics = Topic.objects.order_by("position", "key").values_list("key", "title")
        self.fields["what"].choices = [  # type: ignore[attr-defined]
            (EVERYTHING, _("All consents that stand")),
            *((f"purposes.{purpose.key}", purpose.title) for purpose in purposes_of_consent()),
            *((f"topics.{key}", format_lazy("{what}: {title}", what=_("Topic"), title=title)) for key, title in topics),
        ]

    def given(self) -> dict[str, Any]:
        """What was filled in, as the right checks it."""
        pairs = [each.split(".", 1) for each in self.cleaned_data["what"] if each != EVERYTHING]
        return {name: [key for kind, key in pairs if kind == name] for name in ("purposes", "topics")}


class GrantForm(LetterForm):
    """Restrict all that was asked for, or some of it."""

    categories = forms.MultipleChoiceField(
        label=_("Restrict only these"),
        help_text=_("Tick nothing for all that was asked for. What is left out and restricted already is freed after the person was told."),
        choices=RecordCategory.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    field_order = ("categories", "letter")

    def __init__(self, *args: Any, asked: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if asked:
            labels = dict(RecordCategory.choices)
            self.fields["categories"].choices = [(key, labels.get(key, key)) for key in asked]  # type: ignore[attr-defined]


class LiftForm(forms.Form):
    reason = forms.ChoiceField(
        label=_("Why does it end?"),
        choices=[
            (reason.value, reason.label)
            for reason in (LiftReason.VERIFIED, LiftReason.CORRECTED, LiftReason.LAWFUL, LiftReason.CLAIM_ENDED, LiftReason.ASKED)
        ],
    )


class BalanceForm(LetterForm):
    """For each purpose, whose interests weigh more."""

    def __init__(self, *args: Any, purposes: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._purposes = [key for key, _title in purposes]
        for key, title in purposes:
            self.fields[f"balance_{key}"] = forms.ChoiceField(label=title, choices=Balance.choices, widget=forms.RadioSelect)
        self.order_fields([*(f"balance_{key}" for key in self._purposes), "letter"])

    @property
    def balances(self) -> dict[str, str]:
        """The answer for each purpose."""
        return {key: self.cleaned_data[f"balance_{key}"] for key in self._purposes}


class ChildForm(LetterForm):
    verdict = forms.ChoiceField(
        label=_("Is it a child?"),
        choices=[("child", _("Yes: delete everything, before all other requests")), ("no_child", _("No: the restriction ends"))],
        widget=forms.RadioSelect,
    )

    field_order = ("verdict", "letter")


class TieForm(forms.Form):
    account = forms.CharField(label=_("User name or e-mail address of the account"), max_length=320, validators=[refuse_card_number])
