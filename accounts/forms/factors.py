"""Codes of second factors, one try at a time."""

from __future__ import annotations

from allauth.mfa.base import forms as allauth_forms
from django.db import transaction

from accounts.models import User


class OneAtATime:
    """allauth counts tries and remembers used codes in the cache, which two parallel requests can outrun; the account's row
    can't be. A refused try raises after the block, so that what was counted stays counted."""

    user: User

    def clean_code(self) -> str:
        with transaction.atomic():
            User.objects.select_for_update().only("pk").get(pk=self.user.pk)
            try:
                return super().clean_code()  # type: ignore[misc,no-any-return]
            except allauth_forms.forms.ValidationError as refused:
                error = refused
        raise error


class AuthenticateForm(OneAtATime, allauth_forms.AuthenticateForm):  # type: ignore[misc]
    pass


class ReauthenticateForm(OneAtATime, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    pass
