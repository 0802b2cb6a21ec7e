"""A question, a refusal and its mails, as the tests of answers need them."""

from __future__ import annotations

from typing import Any

from privacycenter.kernel.actor import Actor
from privacycenter.mail.models import OutboxMessage
from requests_app.answers.grounds import Ground
from requests_app.domain import (
    refuse_request,
)
from requests_app.domain.answers import digest_of_proposal
from requests_app.domain.people import actor_for
from requests_app.models import ProposedRefusal, Request
from tests.factories.accounts import make_account
from tests.factories.requests import filed, fresh, staff_actor


def complaint(**fields: Any) -> Request:
    """A question that waits for its answer."""
    return filed(make_account(**{"password": None} | fields), kind="complaint")


def refused(actor: Actor | None = None, request: Request | None = None) -> Request:
    """A complaint that was refused, in the shortest way."""
    request = request or complaint()
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="You asked the same on Monday.", actor=actor or staff_actor())
    return fresh(request)


def proposal(request: Request) -> str:
    """What somebody names who has read the refusal that waits."""
    return digest_of_proposal(ProposedRefusal.objects.get(request=request))


def person(request: Request) -> Actor:
    assert request.subject is not None
    return actor_for(request.subject)


def mails(request: Request) -> list[str]:
    return list(OutboxMessage.objects.filter(ticket=request.ref).order_by("pk").values_list("kind", flat=True))
