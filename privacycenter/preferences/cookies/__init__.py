"""Cookies and storage: the register of what is stored, what each person allows, and the pages that ask."""

from __future__ import annotations

from privacycenter.preferences.cookies.choice import CookieChoice, choice_of

__all__ = ["CookieChoice", "choice_of"]
