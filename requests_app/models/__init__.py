"""Data of the requests room: the request, its history, its proof of identity, and the making of its bundle."""

from __future__ import annotations

from requests_app.models.fulfilment import Bundle, DownloadGrant, Step, Volume
from requests_app.models.proof import IdentityProof, RateWindow
from requests_app.models.request import Request, RequestQuerySet, TimelineEvent
from requests_app.models.staff import Look

__all__ = [
    "Bundle",
    "DownloadGrant",
    "IdentityProof",
    "Look",
    "RateWindow",
    "Request",
    "RequestQuerySet",
    "Step",
    "TimelineEvent",
    "Volume",
]
