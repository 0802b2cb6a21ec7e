"""What both ways of registering ask (C-01, G-01). allauth imports this while it builds its forms, so nothing of them is used."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from django import forms
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django_countries import countries
from phonenumber_field.formfields import PhoneNumberField

from accounts.age import is_plausible, may_register
from accounts.forms.widgets import LongSelect
from accounts.validators import validate_plain_line
from privacycenter.kernel.cards import refuse_card_number

REFUSED_KEY = "registration_refused"


def line_field(label: Any, *, missing: Any, autocomplete: str, max_length: int = 200) -> forms.CharField:
    """One line of ordinary text. `missing` says what to do where it was left empty."""
    return forms.CharField(
        label=label,
        error_messages={"required": missing},
        max_length=max_length,
        validators=[validate_plain_line, refuse_card_number],
        widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
    )


def phone_field() -> PhoneNumberField:
    return PhoneNumberField(
        label=_("Contact number"),
        help_text=_("With country code, for example +60 3 2345 6789."),
        error_messages={
            "required": _("Enter your contact number."),
            "invalid": _("Enter a phone number with its country code, for example +60 3 2345 6789."),
        },
        widget=forms.TextInput(attrs={"autocomplete": "tel", "type": "tel", "inputmode": "tel"}),
    )


def country_field() -> forms.ChoiceField:
    return forms.ChoiceField(
        label=_("Country or region"),
        choices=lambda: [("", _("Choose a country or region")), *countries],
        widget=LongSelect(attrs={"autocomplete": "country"}),
        error_messages={"required": _("Choose your country or region.")},
    )


class RegistrationFields(forms.Form):
    """The mandatory fields besides username, e-mail and password, and the question for the birth date.

    The birth date is asked of everybody in the same words, is used once to compute the age, and goes nowhere else. The
    words give no hint of the limit, and a refusal stands for the session, so that going back and trying another date is
    of no use.
    """

    full_name = line_field(_("Full name"), missing=_("Enter your full name."), autocomplete="name")
    phone = phone_field()
    company = line_field(_("Company name"), missing=_("Enter the name of your company."), autocomplete="organization")
    country = country_field()
    birth_date = forms.DateField(
        label=_("Date of birth"),
        help_text=_("We ask everybody. It is checked once and not kept."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "autocomplete": "bday"}),
        error_messages={
            "required": _("Enter your date of birth."),
            "invalid": _("Enter a date as year-month-day, for example 1990-12-31."),
        },
    )

    def clean_birth_date(self) -> None:
        born = self.cleaned_data["birth_date"]
        if not is_plausible(born):
            raise forms.ValidationError(_("Check this date: it can't be a date of birth."), code="implausible_date")
        if not may_register(born):
            raise ImmediateHttpResponse(refuse_registration(context.request))

    def signup(self, request: HttpRequest, user: Any) -> None:
        """allauth calls this after it has saved the account; everything was done by the verb that saved it."""


def refuse_registration(request: HttpRequest) -> Any:
    """Remember the refusal for the session, forget what a provider told us, and say so without a reason."""
    request.session.pop("socialaccount_sociallogin", None)
    request.session[REFUSED_KEY] = True
    return render(request, "account/signup_closed.html")
