"""Listening to Django. Each receiver calls one function; nothing of ours sends signals."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest

from requests_app.views.access import forget_opened


@receiver(user_logged_in)
def on_log_in(sender: Any, request: HttpRequest | None = None, **extra: Any) -> None:
    # somebody else may have proven themselves with a code in this browser before
    if request is not None:
        forget_opened(request)
