"""How often something may be done in an hour, counted in rows."""

from __future__ import annotations

from datetime import datetime

from django.db import models

from privacycenter.kernel import clock
from privacycenter.kernel.hashing import keyed_hash
from requests_app.errors import TooManyCodes, TooManyUploads
from requests_app.limits.errors import TooManyReports
from requests_app.models import RateWindow

PER_ADDRESS = 5
PER_CLIENT = 20
REPORTS_PER_CLIENT = 5
UPLOADS_PER_REQUEST = 10
UPLOADS_PER_CLIENT = 30


def count_code_mail(*, address: str, client: str) -> None:
    """Count one code asked for this address (or reference) by this client. Raises TooManyCodes, which rolls the count back.

    The client is counted first: somebody who is over their own limit can't use up that of others.
    """
    _count("client", client, PER_CLIENT)
    _count("address", address, PER_ADDRESS)


def count_report(*, client: str) -> None:
    """Count one report of a child's account from this client. Raises TooManyReports."""
    try:
        _count("report", client, REPORTS_PER_CLIENT)
    except TooManyCodes as error:
        raise TooManyReports from error


def count_upload(*, reference: str, client: str) -> None:
    """Count one time that documents are sent for this request from this client: each is decoded and made anew. Raises TooManyUploads."""
    try:
        _count("upload_client", client, UPLOADS_PER_CLIENT)
        _count("upload", reference, UPLOADS_PER_REQUEST)
    except TooManyCodes as error:
        raise TooManyUploads from error


def _count(what: str, value: str, limit: int) -> None:
    """Add one to the hour's row unless it is full: a conditional update, so that two at once can't both be the last."""
    key = str(keyed_hash(value, context=f"requests.rate.{what}"))
    window = RateWindow.objects.filter(key_hash=key, starts_at=_hour())
    for _attempt in range(2):
        if window.filter(count__lt=limit).update(count=models.F("count") + 1):
            return
        # ignore_conflicts: another process may add the row at the same moment; then the second round counts in it
        if window.exists():
            raise TooManyCodes
        RateWindow.objects.bulk_create([RateWindow(key_hash=key, starts_at=_hour(), count=0)], ignore_conflicts=True)


def _hour() -> datetime:
    return clock.now().replace(minute=0, second=0, microsecond=0)
