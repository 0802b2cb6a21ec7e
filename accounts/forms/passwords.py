"""Log-in and password forms: allauth's, with our words and with lengths checked before anything is hashed."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.core.validators import MaxLengthValidator
from django.http import HttpRequest
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.domain import order_reset
from accounts.errors import TooManyCodes
from accounts.validators import PASSWORD_MAX
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.kernel.middleware import client_network

NEW_PASSWORD_HELP = _("At least 12 characters. A few words in a row are good; common passwords are refused.")


class Tidy(forms.Form):
    """Labels of ours, no placeholders, and no password longer than can be one."""

    labels: dict[str, Any] = {}
    helps: dict[str, Any] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.widget.attrs.pop("placeholder", None)
            field.label = self.labels.get(name, field.label)
            field.help_text = self.helps.get(name, "")
            if isinstance(field.widget, forms.PasswordInput):
                field.validators.append(MaxLengthValidator(PASSWORD_MAX))
                field.widget.attrs["maxlength"] = PASSWORD_MAX


class LoginForm(Tidy, allauth_forms.LoginForm):  # type: ignore[misc]
    labels = {"login": _("Username or e-mail address")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].validators.append(MaxLengthValidator(254))
        self.fields["login"].widget.attrs["autocomplete"] = "username"


class AddEmailForm(Tidy, allauth_forms.AddEmailForm):  # type: ignore[misc]
    labels = {"email": _("New e-mail address")}
    helps = {"email": _("We send a code there to confirm it.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].validators.append(refuse_card_number)


class ChangePasswordForm(Tidy, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    labels = {"oldpassword": _("Present password"), "password1": _("New password"), "password2": _("New password again")}
    helps = {"password1": NEW_PASSWORD_HELP}


class SetPasswordForm(Tidy, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    labels = {"password1": _("New password"), "password2": _("New password again")}
    helps = {"password1": NEW_PASSWORD_HELP}


class ResetPasswordForm(Tidy, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """Looks nobody up: a job does, so that neither the answer nor its time tells which addresses have an account."""

    labels = {"email": _("E-mail address")}

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"].lower()
        return email

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        email: str = self.cleaned_data["email"]
        with suppress(TooManyCodes):  # beyond the limit nothing is sent and nothing is said
            order_reset(email, client_address=client_network(request), language=get_language() or "", actor=Actor.for_user(request.user))
        return email


class ResetPasswordKeyForm(Tidy, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    labels = {"password1": _("New password"), "password2": _("New password again")}
    helps = {"password1": NEW_PASSWORD_HELP}
