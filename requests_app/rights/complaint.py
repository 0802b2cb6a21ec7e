"""A complaint or a question (GDPR Art. 38(4)): about a request, the use of data, its safety. Answered by a colleague in words."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils import formats
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.actor import Actor
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.subjects.models import Subject
from requests_app.enums import Concern, Kind
from requests_app.forms import refuse_hidden_characters
from requests_app.models import Request
from requests_app.references import tidy_reference
from requests_app.rights.registry import Asked, Right, register

WORDS_LENGTH = 4000
CHOSEN_FROM = 50


class ComplaintForm(forms.Form):
    """What it is about, in one choice and free words. A signed-in person chooses among their requests; others type a reference."""

    concern = forms.ChoiceField(
        label=_("What is it about?"),
        choices=Concern.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what it is about.")},
    )
    words = forms.CharField(
        label=_("Your complaint or question"),
        help_text=_("What happened, when, and what you would like us to do. Leave out card numbers and passwords."),
        validators=[refuse_hidden_characters, refuse_card_number, MaxLengthValidator(WORDS_LENGTH)],
        widget=forms.Textarea(attrs={"rows": 8, "maxlength": WORDS_LENGTH}),
        error_messages={"required": _("Write what your complaint or question is.")},
    )

    def __init__(self, *args: Any, subject: Subject | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if subject is None:
            self.fields["reference"] = forms.CharField(
                label=_("Reference of a request"),
                help_text=_("If it is about a request that you made. It looks like PR-7K3M-Q9XA."),
                max_length=64,
                required=False,
            )
            return
        own = Request.objects.of(subject.pk).exclude(kind=Kind.COMPLAINT)[:CHOSEN_FROM]
        choices: list[tuple[str, Any]] = [("", _("None of them"))]
        choices += [(each.ref, f"{each.ref}, {each.get_kind_display()}, {formats.date_format(each.received_at, 'j F Y')}") for each in own]
        self.fields["reference"] = forms.ChoiceField(label=_("Which request is it about?"), choices=choices, required=False)

    def clean_reference(self) -> str:
        typed = self.cleaned_data["reference"]
        reference = tidy_reference(typed) if typed else ""
        if typed and not reference:
            raise forms.ValidationError(_("A reference looks like PR-7K3M-Q9XA. Leave it empty if you have none."), code="reference")
        return reference

    def asked(self) -> Asked:
        data = self.cleaned_data
        choices = {"concern": data["concern"]} | ({"reference": data["reference"]} if data["reference"] else {})
        return Asked(data["words"], choices)


def _link(request: Request, actor: Actor) -> None:
    """Tie it to the request that it is about, where that is one of this person's own. Whether another one exists shows nowhere."""
    reference = request.choices.get("reference", "")
    if request.follows_id is None and reference and request.subject_id is not None:
        request.follows = Request.objects.of(request.subject_id).filter(ref=reference).exclude(pk=request.pk).first()
        request.save(update_fields=["follows"])


register(
    Right(
        kind=Kind.COMPLAINT,
        order=90,
        title=_("Complain to us, or ask a question"),
        question=_("I want to complain, or to ask something"),
        explanation=_("A colleague looks into it and answers you in writing. You can complain to an authority as well, at any time."),
        example=_("For example: “I got a mail although I had opted out. How could that happen?”"),
        gets=(
            _("A ticket with a reference, so that you can follow it and it is not lost"),
            _("An answer in writing, from somebody who looked into it"),
            _("Where to turn if you do not agree with the answer"),
        ),
        on_proven=_link,
        form=ComplaintForm,
        button=_("Send it"),
    )
)
