"""Calls of other systems, one module for each scope."""

from __future__ import annotations

from privacycenter.preferences.api.views.consents import ConsentQueriesView, ConsentsView
from privacycenter.preferences.api.views.decisions import DecisionsView
from privacycenter.preferences.api.views.links import UnsubscribeLinksView
from privacycenter.preferences.api.views.suppressions import SuppressionChecksView, SuppressionsView

__all__ = [
    "ConsentQueriesView",
    "ConsentsView",
    "DecisionsView",
    "SuppressionChecksView",
    "SuppressionsView",
    "UnsubscribeLinksView",
]
