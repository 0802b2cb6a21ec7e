"""Erasing for good: the ledger outside the database, and what a restored backup must not bring back."""
