"""Calls of the signed-in person about themselves: what the pages of choices show and set, by the same verbs."""

from __future__ import annotations

from privacycenter.preferences.api.me.cookies import CookiesView, SignalsView
from privacycenter.preferences.api.me.messages import DeliveryView, DevicesView, PartnersView, PreferencesView

__all__ = ["CookiesView", "DeliveryView", "DevicesView", "PartnersView", "PreferencesView", "SignalsView"]
