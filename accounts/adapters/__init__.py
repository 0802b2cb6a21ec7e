"""Where allauth asks us: what its defaults would store in the clear, send inside the request, or allow too easily."""

from __future__ import annotations

from accounts.adapters.account import AccountAdapter
from accounts.adapters.factors import FactorAdapter
from accounts.adapters.providers import ProviderAdapter

__all__ = ["AccountAdapter", "FactorAdapter", "ProviderAdapter"]
