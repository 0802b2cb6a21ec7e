"""Requests about limits, filed with what their forms ask."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from accounts.models import User
from privacycenter.jobs.domain import enqueue, run_until_idle
from privacycenter.kernel import clock
from requests_app.domain import file_request
from requests_app.domain.people import actor_for
from requests_app.models import Request
from requests_app.rights import Asked
from requests_app.roles import DPO
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import fresh, with_role


def asked(kind: str, user: User | None = None, *, words: str = "", **choices: Any) -> Request:
    """A proven request of somebody signed in."""
    user = user or make_account(password=None)
    return fresh(file_request(kind=kind, user=user, asked=Asked(words, choices), actor=actor_for(user.subject)))


def days_later(days: int, then: Any = None) -> Any:
    """What the periodic job does some days from now."""
    with clock.stopped_at((then or clock.now()) + timedelta(days=days)):
        enqueue("requests.end_limits", key=f"test-{days}")
        run_until_idle()


def at_desk(role: str = DPO) -> tuple[User, Client]:
    """Somebody of staff, and their client."""
    user = with_role(make_staff(password=None), role)
    return user, signed_in(user)
