from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class ItemRefused(PrivacyCenterError):
    """One item can't be taken. `code` and `message` say why and never repeat what the item holds."""

    code = "refused"
    message = _("This item can't be taken.")

    def __init__(self, code: str, message: object) -> None:
        super().__init__(message)
        self.code = code


class UnreadableFile(PrivacyCenterError):
    """A file of which nothing can be taken."""

    code = "unreadable_file"
    message = _("This file can't be read.")
