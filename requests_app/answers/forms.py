"""What staff type when they ask, refuse, answer, or write down what an authority wrote."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.cards import refuse_card_number
from requests_app.answers.grounds import grounds_for
from requests_app.enums import AskedFor, Channel, FeedbackOutcome
from requests_app.forms import WordsForm, refuse_hidden_characters
from requests_app.models import Authority


def long_text(label: Any, help_text: Any, *, length: int, rows: int = 8) -> forms.CharField:
    """Several sentences, checked like everything that staff write to people."""
    return forms.CharField(
        label=label,
        help_text=help_text,
        validators=[refuse_hidden_characters, refuse_card_number, MaxLengthValidator(length)],
        widget=forms.Textarea(attrs={"rows": rows, "maxlength": length}),
    )


class RefusalForm(forms.Form):
    """The ground, among those that fit this right, and the reasoning that the person reads below it."""

    ground = forms.ChoiceField(label=_("Ground"), widget=forms.RadioSelect, error_messages={"required": _("Choose a ground.")})
    reasoning = long_text(
        _("Reasoning"),
        _(
            "Printed in the letter, below the words of the ground. Say what it means here, to the person. Where a customer of ours decides "
            "about the data: who that is, and how to reach them."
        ),
        length=4000,
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["ground"].choices = [(ground.value, ground.label) for ground in grounds_for(kind)]  # type: ignore[attr-defined]


class ReviewForm(forms.Form):
    """Whether the first decision stays, and why; and where only somebody with a part in it is left, why they decide all the same."""

    decision = forms.ChoiceField(
        label=_("Decision"),
        choices=[("granted", _("Lift the first decision: the request is opened again")), ("upheld", _("The first decision stays"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a decision.")},
    )
    reasoning = long_text(_("Reasoning"), _("Printed in the letter. Answer what the person wrote."), length=4000)
    last_resort = long_text(
        _("Why you decide although you had a part in the first decision"),
        _("Nobody without a part in it is left. Printed in the letter, and recorded. Leave it empty if you had none."),
        length=500,
        rows=3,
    )

    def __init__(self, *args: Any, is_last_resort: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_last_resort:
            self.fields["last_resort"].required = False
        else:
            del self.fields["last_resort"]


class QuestionForm(WordsForm):
    """A question, and what it is about: the law lets the clock rest for some questions only."""

    about = forms.ChoiceField(
        label=_("What do you ask?"),
        help_text=_("Where every law that applies allows it, the clock rests until the answer."),
        choices=AskedFor.choices,
        initial=AskedFor.CLARIFICATION,
        required=False,
        widget=forms.RadioSelect,
    )
    field_order = ("about", "words")

    def clean_about(self) -> str:
        return self.cleaned_data["about"] or AskedFor.CLARIFICATION


class ReplyForm(WordsForm):
    """An answer of the person that reached us another way than by their page."""

    channel = forms.ChoiceField(
        label=_("How it reached us"), choices=[(value, Channel(value).label) for value in Channel.BY_STAFF], widget=forms.RadioSelect
    )
    field_order = ("channel", "words")


class FeedbackForm(forms.Form):
    """What an authority wrote."""

    authority = forms.ModelChoiceField(label=_("Authority"), queryset=Authority.objects.none(), empty_label=_("Choose one"))
    reference = forms.CharField(label=_("Their reference"), max_length=120, required=False, validators=[refuse_card_number])
    received_on = forms.DateField(label=_("Received on"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    answer_due_on = forms.DateField(
        label=_("They want an answer by"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    summary = long_text(_("What they say"), _("In short. It is stored encrypted."), length=4000, rows=5)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["authority"]
        field.queryset = Authority.objects.order_by("country", "position", "name")  # type: ignore[attr-defined]
        field.label_from_instance = lambda row: f"{row.country.name}: {row.name}"  # type: ignore[attr-defined]

    def clean_received_on(self) -> Any:
        day = self.cleaned_data["received_on"]
        if day > clock.now().date():
            raise forms.ValidationError(_("This day has not come yet."), code="future")
        return day


class OutcomeForm(forms.Form):
    """What came of an authority's letter."""

    outcome = forms.ChoiceField(label=_("Outcome"), choices=FeedbackOutcome.choices)
