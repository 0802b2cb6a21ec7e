"""Second factors: secrets encrypted, names for people, and staff who keep one."""

from __future__ import annotations

import base64

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from privacycenter.kernel.encryption import decrypt, encrypt

CONTEXT = "mfa.authenticator.data"


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """allauth stores the TOTP secret and the seed of recovery codes in the clear; here they are encrypted under DATA_KEYS."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This did not work. Wait for the next code of your app and type it, or use a recovery code or security key."),
    }

    def encrypt(self, text: str) -> str:
        return base64.b64encode(encrypt(text.encode(), context=CONTEXT)).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(base64.b64decode(encrypted_text), context=CONTEXT).decode()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        user: User = authenticator.user
        if not user.is_staff or settings.DEMO:
            return True
        others = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk)
        return bool(others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists())

    def get_totp_label(self, user: User) -> str:
        return user.username

    def _get_user_identifier(self, user: User) -> str:
        return user.username

    def _get_site_name(self) -> str:
        return f"{settings.OPERATOR_NAME} Privacy"
