"""Signals of the browser. Global Privacy Control is an objection to sale, sharing and targeting; Do Not Track changes nothing.

GPC: https://www.w3.org/TR/gpc/. The signal is read before anything is drawn, counts for that request at once, and is noted for
the account of a signed-in person. That it is absent says nothing: it is no consent, and takes no objection back.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacycenter.preferences import texts
from privacycenter.subjects.models import Subject

HEADER = "HTTP_SEC_GPC"
NOTED_KEY = "gpc_noted"  # in the session: the ledger has the objection, so nobody has to look again
TEXT = texts.register(
    "signal.gpc",
    _(
        "Your browser sends the signal Global Privacy Control. It counts as your objection to the sale and sharing of your data and to "
        "its use for targeted advertising. Newsletters you asked for and requests about your rights are not touched by it."
    ),
)


def gpc_in(header: str) -> bool:
    """Whether a Sec-GPC header says 1, exactly. Lines that a server joined with commas count one by one (RFC 9110, 5.3)."""
    return any(line.strip(" \t") == "1" for line in header.split(","))


def subject_of(request: HttpRequest) -> Subject | None:
    """The person who is signed in, or None."""
    user: Any = getattr(request, "user", None)
    return getattr(user, "subject", None) if user is not None and user.is_authenticated else None
