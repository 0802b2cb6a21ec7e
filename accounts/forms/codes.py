"""Typing a mailed code."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ConfirmEmailVerificationCodeForm
from allauth.account.internal.flows.manage_email import email_already_exists
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.domain import use_code
from accounts.enums import CodePurpose
from privacycenter.kernel.actor import Actor


def code_field() -> forms.CharField:
    return forms.CharField(
        label=_("Code from the mail"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Type the code from the mail.")},
    )


class ConfirmEmailCodeForm(ConfirmEmailVerificationCodeForm):  # type: ignore[misc]
    """What allauth takes for the expected code is a reference to a row; the row decides."""

    code = code_field()

    def clean_code(self) -> str:
        typed: str = self.cleaned_data["code"]
        if not use_code(self.expected_code or "", purpose=CodePurpose.VERIFY_EMAIL, typed=typed, actor=Actor.for_user(self.user)):
            raise get_adapter().validation_error("incorrect_code")
        if self.user is not None:
            # after the code, not before: only who reads the mail of an address may learn that another account has it
            email_already_exists(user=self.user, email=self.email, always_raise=True)
        return typed


class StepUpCodeForm(forms.Form):
    """The code of the step-up page."""

    code = code_field()

    def __init__(self, *args: Any, user: Any, reference: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.reference = user, reference

    def clean_code(self) -> str:
        typed: str = self.cleaned_data["code"]
        if not use_code(self.reference, purpose=CodePurpose.STEP_UP, typed=typed, actor=Actor.for_user(self.user)):
            raise get_adapter().validation_error("incorrect_code")
        return typed
