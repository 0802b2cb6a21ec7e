"""Registration by form and after a first log-in at a provider: the same questions (C-01, C-10)."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import SignupForm
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.forms import SignupForm as ProviderSignupForm
from django import forms
from django.db import IntegrityError
from django.http import HttpRequest
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.adapters.claims import unseal_received
from accounts.client import Client
from accounts.domain import discard_registration, register_account
from accounts.models import User
from accounts.validators import PASSWORD_MAX
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.cards import refuse_card_number

ORDER = ("full_name", "email", "phone", "company", "country", "username", "password1", "birth_date")


class AskedTogether(forms.Form):
    """What both forms do alike."""

    template = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].help_text = _("We send a code there to confirm it.")
        self.fields["email"].validators.append(refuse_card_number)
        self.fields["username"].label = _("Username")
        self.fields["username"].help_text = _("3 to 64 letters, digits or . + - _")
        self.fields["email"].error_messages["required"] = _("Enter your e-mail address.")
        self.fields["username"].error_messages["required"] = _("Choose a username.")
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def clean_email(self) -> str:
        email: str = self.cleaned_data.get("email") or ""
        if email:
            discard_registration(email, actor=Actor.system("accounts"))
        return super().clean_email()  # type: ignore[misc,no-any-return]

    def try_save(self, request: HttpRequest) -> tuple[User | None, Any]:
        """Save; for a known address take as long and answer the same. Two people taking one name at once: the second is told."""
        if self.account_already_exists:  # type: ignore[attr-defined]
            User().set_password(self.cleaned_data.get("password1") or "as long as a password")
        try:
            return super().try_save(request)  # type: ignore[misc,no-any-return]
        except IntegrityError:
            self.add_error("username", get_adapter().error_messages["username_taken"])
            raise ImmediateHttpResponse(render(request, self.template, {"form": self})) from None


class RegistrationForm(AskedTogether, SignupForm):  # type: ignore[misc]
    """Registration with username and password."""

    template = "account/signup.html"
    field_order = ORDER

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        password = self.fields["password1"]
        password.help_text = _("At least 12 characters. A few words in a row are good; common passwords are refused.")
        password.error_messages["required"] = _("Choose a password.")
        password.max_length = PASSWORD_MAX  # type: ignore[attr-defined]
        password.widget.attrs["maxlength"] = PASSWORD_MAX

    def save(self, request: HttpRequest) -> User:
        data = self.cleaned_data
        return register_account(
            User(),
            username=data["username"],
            email=data["email"],
            password=data["password1"],
            full_name=data["full_name"],
            phone=data["phone"],
            company=data["company"],
            country=data["country"],
            language=get_language() or "",
            way="form",
            client=Client.of(request),
            actor=Actor.for_user(request.user),
        )


class FederatedRegistrationForm(AskedTogether, ProviderSignupForm):  # type: ignore[misc]
    """Registration after a log-in at a provider: the person chooses what of the received is taken over, item by item."""

    template = "socialaccount/signup.html"
    field_order = ("take_name", "full_name", "take_email", "email", "phone", "company", "country", "username", "birth_date")

    take_name = forms.BooleanField(required=False)
    take_email = forms.BooleanField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        received = unseal_received(self.sociallogin.state["received"]).facts
        self.offered = {name: received[name] for name in ("name", "email") if received.get(name)}
        self._offer("take_name", "name", "full_name", _("Use the name I was sent with: %(value)s"))
        self._offer("take_email", "email", "email", _("Use the address I was sent with: %(value)s"))

    def _offer(self, choice: str, received: str, field: str, words: Any) -> None:
        if received not in self.offered:
            del self.fields[choice]
            return
        self.fields[choice].label = words % {"value": self.offered[received]}
        # either the tick or the field: which of them is checked when the field is cleaned
        self.fields[field].required = False
        self.fields[field].widget.is_required = False

    def clean_full_name(self) -> str:
        return self._chosen("take_name", "name", "full_name")

    def clean_email(self) -> str:
        self.cleaned_data["email"] = self._chosen("take_email", "email", "email").lower()
        return super().clean_email()

    def taken_over(self) -> list[str]:
        """Names of the received facts that the person took over."""
        return [name for name, choice in (("name", "take_name"), ("email", "take_email")) if self.cleaned_data.get(choice)]

    def _chosen(self, choice: str, received: str, field: str) -> str:
        if self.cleaned_data.get(choice):
            return str(self.fields[field].clean(self.offered[received]))
        typed: str = self.cleaned_data.get(field) or ""
        if not typed:
            raise forms.ValidationError(_("Fill this in, or tick the line above it."), code="required")
        return typed
