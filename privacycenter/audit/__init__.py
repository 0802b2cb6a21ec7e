"""Append-only trail of what was done and who looked."""
