"""Addresses below the list of requests at the desk, which the modules of `requests_app.admin` add."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest
from django.urls import URLPattern, path

View = Callable[..., Any]
_routes: list[tuple[str, View, str, View | None]] = []


def route(pattern: str, *, name: str, before_sign_in: View | None = None) -> Callable[[View], View]:
    """Mount a view of the desk at `pattern`, like "<int:pk>/messages/"; its name becomes admin:requests_app_request_<name>.

    `before_sign_in` gets the same arguments when somebody is not signed in, before they are sent to do so: to keep what they wrote.
    An answer of its own goes out instead.
    """

    def mount(view: View) -> View:
        _routes.append((pattern, view, f"requests_app_request_{name}", before_sign_in))
        return view

    return mount


def mounted(wrap: Callable[[View], View]) -> list[URLPattern]:
    """Every address, behind the admin's own check of who may come in."""
    return [path(pattern, _keeping(wrap(view), before), name=name) for pattern, view, name, before in _routes]


def _keeping(view: View, before: View | None) -> View:
    if before is None:
        return view

    @wraps(view)
    def keep_first(http: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not http.user.is_authenticated and (answer := before(http, *args, **kwargs)) is not None:
            return answer
        return view(http, *args, **kwargs)

    return keep_first
