"""What staff fill in about an account at the desk."""

from __future__ import annotations

from django import forms
from django.contrib.auth.models import Group
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from privacycenter.kernel.cards import refuse_card_number


class FreezeReason(models.TextChoices):
    REPORTED = "reported", _("The person reported a change that was not theirs")
    SUSPICIOUS = "suspicious", _("Signs of misuse")
    LEGAL = "legal", _("Required by law")


class UnfreezeReason(models.TextChoices):
    PROVEN_DOCUMENT = "proven_document", _("Proven with a document")
    PROVEN_CALL = "proven_call", _("Proven in a call to a number on file")
    PROVEN_IN_PERSON = "proven_in_person", _("Proven in person")


class FreezeForm(forms.Form):
    reason = forms.ChoiceField(label=_("Why is this account frozen?"), choices=FreezeReason.choices, widget=forms.RadioSelect)


class UnfreezeForm(forms.Form):
    reason = forms.ChoiceField(label=_("How did the person prove who they are?"), choices=UnfreezeReason.choices, widget=forms.RadioSelect)
    address = forms.EmailField(
        label=_("E-mail address that the person has proven to be theirs"),
        help_text=_("It becomes the only address of the account. A link to set a new password can be sent to it, and to no other."),
        max_length=254,
        validators=[refuse_card_number],
    )


class RolesForm(forms.ModelForm):  # type: ignore[type-arg]
    """Staff or not, and in which roles."""

    class Meta:
        model = User
        fields = ("is_staff", "groups")
        labels = {"is_staff": _("May open the desk"), "groups": _("Roles")}
        widgets = {"groups": forms.CheckboxSelectMultiple}

    groups = forms.ModelMultipleChoiceField(
        label=_("Roles"), queryset=Group.objects.order_by("name"), required=False, widget=forms.CheckboxSelectMultiple
    )
