"""What people and staff type."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.kernel.normalise import MAX_LENGTH, IdentifierKind
from privacycenter.kernel.text import visible
from privacycenter.subjects.enums import IDENTIFIER_CHOICES
from requests_app.enums import LookReason
from requests_app.references import tidy_reference
from requests_app.roles import people_who_may_work

WORDS = 500


class AddressForm(forms.Form):
    """The address somebody says is theirs. Checked for its form only: whose it is must not show."""

    address = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("The address we know you by. We send a code to it."),
        max_length=254,
        validators=[refuse_card_number],
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class ReferenceForm(forms.Form):
    reference = forms.CharField(label=_("Reference"), help_text=_("It stands in our mail, like PR-7K3M-Q9XA."), max_length=64)

    def clean_reference(self) -> str:
        reference = tidy_reference(self.cleaned_data["reference"])
        if not reference:
            raise forms.ValidationError(_("A reference looks like PR-7K3M-Q9XA."), code="reference")
        return reference


def refuse_hidden_characters(value: str) -> None:
    """Refuse what acts on the text around it, like a turned writing direction. Lines and tabs are fine."""
    lines = value.replace("\r\n", "\n")
    if visible(lines) != lines:
        raise forms.ValidationError(
            _("Use ordinary letters and signs only; there is a hidden character in this text."), code="hidden_character"
        )


class WordsForm(forms.Form):
    """A few sentences of one's own."""

    words = forms.CharField(
        label=_("In your words"), validators=[refuse_hidden_characters, refuse_card_number], widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, label: Any = "", help_text: Any = "", max_length: int = 2000, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["words"]
        field.label, field.help_text = label or field.label, help_text
        field.widget.attrs["maxlength"] = max_length
        field.validators.append(MaxLengthValidator(max_length))


class SureForm(forms.Form):
    """One deliberate tick before something that can't be taken back."""

    sure = forms.BooleanField()

    def __init__(self, *args: Any, label: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sure"].label = label


class LookForm(forms.Form):
    """Why personal data is opened. Asked before any of it is shown (D-07)."""

    reason = forms.ChoiceField(label=_("Reason"), choices=LookReason.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("What exactly do you need to see?"),
        help_text=_("The person sees that you looked and the reason you chose above. What you write here stays in our trail."),
        max_length=WORDS,
        validators=[refuse_card_number],
    )


class AssignForm(forms.Form):
    assignee = forms.ModelChoiceField(label=_("Assigned to"), queryset=User.objects.none(), required=False, empty_label=_("nobody"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assignee"]
        field.queryset = people_who_may_work()  # type: ignore[attr-defined]
        field.label_from_instance = lambda user: user.username  # type: ignore[attr-defined]


class WithholdForm(forms.Form):
    source = forms.ChoiceField(label=_("Source"))
    reason = forms.CharField(
        label=_("Ground"),
        help_text=_("Printed in the bundle. Leave empty to withhold it no longer."),
        max_length=WORDS,
        required=False,
        validators=[refuse_card_number],
    )

    def __init__(self, *args: Any, sources: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = sources  # type: ignore[attr-defined]


class IdentifierForm(forms.Form):
    """Search for requests of the person behind an exact identifier. Posted, so that it stands in no address and no log."""

    kind = forms.ChoiceField(label=_("Kind"), choices=IDENTIFIER_CHOICES, initial=IdentifierKind.EMAIL)
    value = forms.CharField(label=_("Address, number or name"), max_length=MAX_LENGTH, validators=[refuse_card_number])
