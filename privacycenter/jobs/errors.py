"""How a handler says what went wrong, and how a claim says that it is void."""

from __future__ import annotations

import re

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError

_CODE = re.compile(r"[a-z0-9_.]{1,60}")


class HandlerError(Exception):
    """Base of what a handler raises on purpose. `code` reaches the row and the log, so it holds no personal data."""

    def __init__(self, code: str) -> None:
        if not _CODE.fullmatch(code):
            raise ValueError("a code is 1 to 60 of a-z 0-9 _ .")
        super().__init__(code)
        self.code = code


class Retryable(HandlerError):
    """It may work later: counted as one error, tried again after `after_seconds` or the usual backoff."""

    def __init__(self, code: str, after_seconds: float | None = None) -> None:
        super().__init__(code)
        self.after_seconds = after_seconds


class Permanent(HandlerError):
    """It will never work by itself: quarantined at once, shown to staff."""


class LostLease(Exception):
    """The lease lapsed and the job went to somebody else: roll back and leave it alone. Never counted as an error."""


class UnknownKind(LookupError):
    """No handler is registered for this kind."""


class NotQuarantined(PrivacyCenterError):
    code = "not_quarantined"
    message = _("Only a job that needs attention can be retried.")


class StaffOnly(PrivacyCenterError):
    code = "staff_only"
    message = _("Only staff may do this.")
