"""What somebody types who asks for another person, and the documents they send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.cards import refuse_card_number
from privacycenter.kernel.normalise import MAX_LENGTH, IdentifierKind
from privacycenter.subjects.enums import IDENTIFIER_CHOICES
from requests_app.behalf.filing import Represented
from requests_app.domain.representing import CAPACITIES
from requests_app.enums import Behalf, DocumentKind, Kind
from requests_app.forms import FilesField, refuse_hidden_characters
from requests_app.rights.registry import Asked

NAME_LENGTH = 200
CHECKS = [refuse_hidden_characters, refuse_card_number]
TASKS = {
    Kind.ACCESS: _("Get a copy of their data"),
    Kind.PORTABILITY: _("Take their data to another service"),
    Kind.RECTIFICATION: _("Have something about them corrected"),
    Kind.ERASURE: _("Have their data deleted"),
    Kind.COMPLAINT: _("Complain, or ask a question"),
}


class ForAnotherForm(forms.Form):
    """Who asks, for whom, what lets them, and for what."""

    kind = forms.ChoiceField(label=_("What would you like us to do?"), choices=list(TASKS.items()), widget=forms.RadioSelect)
    requester_name = forms.CharField(
        label=_("Your name"), max_length=NAME_LENGTH, validators=CHECKS, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    capacity = forms.ChoiceField(label=_("How do you ask?"), widget=forms.RadioSelect)
    person_name = forms.CharField(
        label=_("Name of the person you ask for"),
        max_length=NAME_LENGTH,
        validators=CHECKS,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    person_address = forms.EmailField(
        label=_("Their e-mail address"),
        help_text=_("The one by which we know them, if they have one."),
        required=False,
        max_length=254,
        validators=[refuse_card_number],
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    known_by = forms.CharField(
        label=_("What else we may know them by"),
        help_text=_("For example a phone number, a customer number, or when they wrote to us."),
        max_length=500,
        required=False,
        validators=CHECKS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    born_on = forms.DateField(
        label=_("Day on which the child was born"),
        help_text=_("We keep only the day on which the child comes of age: from then on it asks for itself."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    words = forms.CharField(
        label=_("What exactly do you ask for?"),
        help_text=_("Name what is to be corrected, or what your complaint is. For a copy you may leave it empty."),
        max_length=4_000,
        required=False,
        validators=CHECKS,
        widget=forms.Textarea(attrs={"rows": 5}),
    )

    def __init__(self, *args: Any, behalf: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.behalf = behalf
        self.fields["capacity"].choices = [(each.value, each.label) for each in CAPACITIES[behalf]]  # type: ignore[attr-defined]
        if behalf != Behalf.CHILD:
            del self.fields["born_on"]
        if behalf == Behalf.AGENT:
            address = self.fields["person_address"]
            address.required = True
            address.help_text = _("The one by which we know them. We write to them there: they say whether you may act for them.")

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        needs_words = given.get("kind") in {Kind.RECTIFICATION, Kind.COMPLAINT}
        if needs_words and not (given.get("words") or "").strip() and "words" not in self.errors:
            self.add_error("words", forms.ValidationError(_("Write what is to be corrected, or what your complaint is."), code="required"))
        return given

    def represented(self) -> Represented:
        """For whom, as the verbs take it."""
        names = ("capacity", "requester_name", "person_name", "person_address", "known_by")
        return Represented(
            behalf=self.behalf, born_on=self.cleaned_data.get("born_on"), **{name: self.cleaned_data[name] for name in names}
        )

    def asked(self) -> Asked:
        return Asked(self.cleaned_data["words"])


class ProofForm(forms.Form):
    """One field for files per thing that is to be shown; at least one file."""

    def __init__(self, *args: Any, kinds: tuple[DocumentKind, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in kinds:
            self.fields[kind.value] = FilesField(
                label=kind.label,
                help_text=_("PDF, pictures or plain text, at most five of 10 MB. Cover what we do not need, like numbers and pictures."),
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(given.values()):
            self.add_error(next(iter(self.fields)), forms.ValidationError(_("Choose a file."), code="required"))
        return given


class AcceptForm(forms.Form):
    """Whose request it is, where the person did not confirm it themselves, and what was seen."""

    identifier_kind = forms.ChoiceField(label=_("The person is known to us by"), choices=IDENTIFIER_CHOICES, initial=IdentifierKind.EMAIL)
    identifier = forms.CharField(label=_("Address, number or name"), max_length=MAX_LENGTH, validators=[refuse_card_number])
    note = forms.CharField(
        label=_("What exactly you saw"),
        help_text=_("For colleagues. Copy no numbers of documents."),
        max_length=2_000,
        validators=CHECKS,
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, behalf: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if behalf == Behalf.AGENT:  # the one who confirmed it is the one
            del self.fields["identifier_kind"], self.fields["identifier"]

    def ask_whether_new(self) -> None:
        """Offer the tick: it stands there only once nobody is known by what was typed."""
        self.fields["may_be_new"] = forms.BooleanField(label=_("We know nobody by this yet: go on all the same"), required=False)

    def ask_despite_account(self) -> None:
        """Offer the tick: it stands there only where somebody is said to have died whose account can be used."""
        self.fields["despite_account"] = despite_account_field()


def despite_account_field() -> forms.BooleanField:
    """The tick with which staff say that they looked at this twice."""
    return forms.BooleanField(label=_("I am sure that the holder of this account has died: go on all the same"), required=False)
