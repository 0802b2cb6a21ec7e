"""What staff fill in about who a person is."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.cards import refuse_card_number
from privacycenter.subjects.enums import IDENTIFIER_CHOICES, AllowedUse
from privacycenter.subjects.models import Identifier, Subject


class LookReason(models.TextChoices):
    SAME_PERSON = "same_person", _("To see whether two records are one person")
    TWO_PEOPLE = "two_people", _("To see whether one record is two people")
    PROOF = "proof", _("The person has proven an address or number to us")


class Proof(models.TextChoices):
    DOCUMENT = "document", _("A document")
    CALL = "call", _("A call to the number")
    LETTER = "letter", _("A code sent by post")
    CONTRACT = "contract", _("Our own contract or invoice")


class MergeReason(models.TextChoices):
    SAME_PERSON = "same_person", _("The person has shown that both are theirs")
    DUPLICATE = "duplicate", _("The same record came in twice")


class LimitReason(models.TextChoices):
    OBJECTION = "objection", _("An objection is being assessed")
    ACCURACY = "accuracy", _("The person says that data is wrong")
    CLAIM = "claim", _("The person needs it kept for a legal claim")
    ASSESSED = "assessed", _("It was assessed, and the person was told")
    CHILD = "child", _("We learned how old the person is")
    MISTAKE = "mistake", _("We had made a mistake")


_NO_REASON = ("", _("Choose one"))


class LimitForm(forms.Form):
    limit = forms.ChoiceField(
        label=_("What should hold from now on?"),
        choices=[
            _NO_REASON,
            ("restrict", _("Restrict the use of the person's data")),
            ("lift", _("Lift the restriction")),
            ("child", _("The person is a child")),
            ("no_child", _("The person is no child")),
        ],
    )
    reason = forms.ChoiceField(label=_("Why?"), choices=[_NO_REASON, *LimitReason.choices])


class ShowForm(forms.Form):
    reason = forms.ChoiceField(label=_("Why do you need to see them?"), choices=LookReason.choices, widget=forms.RadioSelect)
    use = forms.ChoiceField(
        label=_("What does the law allow you to use it for?"),
        help_text=_("The use of this person's data is restricted. The person sees what you choose here."),
        choices=AllowedUse.choices,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, restricted: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not restricted:
            del self.fields["use"]


class ProofForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind"), choices=IDENTIFIER_CHOICES)
    value = forms.CharField(label=_("Address or number"), max_length=320, validators=[refuse_card_number])
    proof = forms.ChoiceField(label=_("How was it proven?"), choices=[_NO_REASON, *Proof.choices])


class MergeForm(forms.Form):
    other = forms.CharField(
        label=_("Id of the other person"), help_text=_("Everything of that person moves to this one. This can't be undone."), max_length=36
    )
    reason = forms.ChoiceField(label=_("Why are they one person?"), choices=[_NO_REASON, *MergeReason.choices])

    def clean_other(self) -> Subject:
        try:
            found = Subject.objects.filter(public_id=uuid.UUID(self.cleaned_data["other"].strip())).first()
        except ValueError:
            found = None
        if found is None:
            raise forms.ValidationError(_("Nobody has this id. It stands on the page of the person, like 5a0f5c3e-…"))
        return found


class SplitForm(forms.Form):
    identifiers = forms.ModelMultipleChoiceField(
        label=_("What belongs to the other person?"), queryset=Identifier.objects.none(), widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, subject: Subject, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["identifiers"]
        field.queryset = Identifier.objects.filter(subject=subject).order_by("kind", "value")  # type: ignore[attr-defined]
        field.label_from_instance = lambda identifier: f"{identifier.get_kind_display()}: {identifier.value}"  # type: ignore[attr-defined]
