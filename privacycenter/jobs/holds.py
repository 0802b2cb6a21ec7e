"""Reasons for which no job is worked at all, such as a database that was just restored. Rooms above register what they know of."""

from __future__ import annotations

from collections.abc import Callable

_reasons: list[Callable[[], bool]] = []


def register(reason: Callable[[], bool]) -> None:
    """Add a question whose answer True keeps every job waiting. It is asked often, so it answers from memory."""
    if reason not in _reasons:
        _reasons.append(reason)


def are_held() -> bool:
    """Whether jobs have to wait now. They keep their due time and are worked once they may be."""
    return any(reason() for reason in _reasons)
