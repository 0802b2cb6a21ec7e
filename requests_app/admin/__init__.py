"""The desk: the queue and the ticket, in Django's own admin. Every action calls a verb; what may be done comes from the table."""

from __future__ import annotations

from requests_app.admin.authorities import AuthorityAdmin, AuthorityFeedbackAdmin
from requests_app.admin.ledger import LedgerEntryAdmin
from requests_app.admin.queue import RequestAdmin
from requests_app.admin.receivers import ReceiverAdmin
from requests_app.admin.regimes import RegimeAdmin
from requests_app.admin.reports import ChildReportAdmin

__all__ = [
    "AuthorityAdmin",
    "AuthorityFeedbackAdmin",
    "ChildReportAdmin",
    "LedgerEntryAdmin",
    "ReceiverAdmin",
    "RegimeAdmin",
    "RequestAdmin",
]
