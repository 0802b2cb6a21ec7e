"""What staff fill in to hide something of other people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.cards import refuse_card_number
from requests_app.enums import LabelKind, RedactionKind
from requests_app.forms import refuse_hidden_characters
from requests_app.redaction.deciding import NEW
from requests_app.redaction.labels import Label, label_key, label_words
from requests_app.redaction.patterns import MOST

LabelChoices = list[tuple[str, Any]]


def label_choices(labels: Sequence[Label]) -> LabelChoices:
    """Every label that was given out, and two new ones."""
    given = [(label_key(label), label_words(*label)) for label in labels]
    return [*given, (NEW[LabelKind.PERSON], _("A new person")), (NEW[LabelKind.STAFF], _("A new member of our staff"))]


class _WithLabel(forms.Form):
    label = forms.ChoiceField(label=_("Who is it?"), help_text=_("The same person always gets the same label."), required=False, initial="")

    def __init__(self, *args: Any, labels: Sequence[Label], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        first = ("", _("As before, or a new person"))
        self.fields["label"].choices = [first, *label_choices(labels)]  # type: ignore[attr-defined]


class HideTextForm(_WithLabel):
    """A name, an address, a number: hidden wherever it stands."""

    text = forms.CharField(
        label=_("Text"),
        help_text=_("A name, an e-mail address, a phone number. It is found in its usual forms, and stored encrypted. Read the copy, too."),
        max_length=MOST,
        validators=[refuse_hidden_characters, refuse_card_number],
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    also_later = forms.BooleanField(label=_("Hide it wherever it may come up, even where it is not found now"), required=False)
    field_order = ("text", "label", "also_later")


class HidePlaceForm(_WithLabel):
    """One field of a record, a record, or its files."""

    kind = forms.ChoiceField(
        label=_("What is hidden?"),
        choices=[(kind.value, kind.label) for kind in RedactionKind if kind != RedactionKind.TEXT],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what is hidden.")},
    )
    source = forms.ChoiceField(label=_("Source"), error_messages={"required": _("Choose the source.")})
    record_key = forms.CharField(
        label=_("Record"),
        help_text=_("Its key: it stands in the list of records below, and as “key” in personal-data.json of the copy."),
        max_length=MOST,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field = forms.CharField(
        label=_("Field"), help_text=_("For a field only: its name in personal-data.json."), max_length=120, required=False
    )
    field_order = ("kind", "source", "record_key", "field", "label")

    def __init__(self, *args: Any, sources: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = [("", _("Choose …")), *sources]  # type: ignore[attr-defined]
