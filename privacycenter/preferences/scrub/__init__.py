"""Checking lists of addresses against the gate: read in a stream, answered in batches, written in a stream."""

from __future__ import annotations

from privacycenter.preferences.scrub.work import Scrub, Summary, Task

__all__ = ["Scrub", "Summary", "Task"]
