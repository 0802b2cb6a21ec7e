"""Tokens of reset links."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from accounts.models import User

# One hexadecimal hash in a thousand holds what reads as a card number, which would be masked in the mail, so the hash is
# written in letters only.
_LETTERS = str.maketrans("0123456789", "ghijklmnop")
_DIGITS = str.maketrans("ghijklmnop", "0123456789")


class ResetTokenGenerator(PasswordResetTokenGenerator):
    """Good for one hour (PASSWORD_RESET_TIMEOUT) and one use; any change of a credential or an address ends it."""

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        account: User = user
        addresses = EmailAddress.objects.filter(user=account).order_by("email").values_list("email", flat=True)
        return f"{super()._make_hash_value(user, timestamp)}|{account.session_epoch}|{'|'.join(addresses)}"

    def make_token(self, user: Any) -> str:
        moment, _, digest = super().make_token(user).partition("-")
        return f"{moment}-{digest.translate(_LETTERS)}"

    def check_token(self, user: Any, token: str | None) -> bool:
        moment, _, digest = (token or "").partition("-")
        # a hash in digits is not what was mailed
        return digest.isalpha() and super().check_token(user, f"{moment}-{digest.translate(_DIGITS)}")
