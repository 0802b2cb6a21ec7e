"""Errors that cross rooms. Each carries a sentence for people and a stable code for programs."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _


class PrivacyCenterError(Exception):
    """Base of every named error: `message` is for people, `code` for programs; neither holds personal data."""

    code = "error"
    message = _("That did not work.")

    def __init__(self, message: object = None) -> None:
        super().__init__(str(message) if message is not None else str(self.message))


class InvalidIdentifier(PrivacyCenterError):
    code = "invalid_identifier"
    message = _("That is not a valid address or number.")


class CardNumberFound(PrivacyCenterError):
    code = "card_number"
    message = _("This looks like a full payment card number. Remove it; only the last four digits may be given.")


class DecryptionFailed(PrivacyCenterError):
    code = "decryption_failed"
    message = _("Stored data could not be decrypted.")


class UnknownKey(DecryptionFailed):
    code = "unknown_key"
    message = _("Stored data was encrypted with a key that is not configured.")


class OutboundRefused(PrivacyCenterError):
    code = "outbound_refused"
    message = _("This host is not in OUTBOUND_ALLOW.")


class HostNotFound(PrivacyCenterError):
    code = "host_not_found"
    message = _("There is no such host.")


class PrivateAddress(PrivacyCenterError):
    code = "private_address"
    message = _("This host leads to an address that is not public.")
