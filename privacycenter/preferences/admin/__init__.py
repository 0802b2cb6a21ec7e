"""The desk of this room; each part registers itself when it is imported."""

from __future__ import annotations

from privacycenter.preferences.admin import api_clients, campaigns, choices, cookies, ledger, scrub, topics  # noqa: F401 - registers its pages
