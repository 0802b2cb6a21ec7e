"""Requests for somebody else in every state, made by the verbs that lead there."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings

from accounts.models import User
from privacycenter.jobs.domain import run_due, run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from requests_app.attachments import check_file
from requests_app.behalf.confirming import confirm_representation
from requests_app.behalf.deciding import accept_representation
from requests_app.behalf.documents import KINDS, open_document, send_documents
from requests_app.behalf.filing import Represented, file_for_another
from requests_app.domain import open_personal_data
from requests_app.domain.people import actor_for, actor_of_requester
from requests_app.enums import Behalf
from requests_app.models import IdentityProof, ProofDocument, Representation, Request
from tests.factories.accounts import make_account
from tests.factories.requests import fresh, staff_actor

NOBODY = Actor(ActorKind.ANONYMOUS)
CAPACITY = {Behalf.CHILD: "parent", Behalf.AGENT: "lawyer", Behalf.DECEASED: "heir"}
PERSON = "person@example.com"


def represented(behalf: str = "agent", **more: Any) -> Represented:
    """What a requester says."""
    values = {
        "behalf": behalf,
        "capacity": CAPACITY[Behalf(behalf)],
        "requester_name": "Rita Requester",
        "person_name": "Paul Person",
        "person_address": PERSON,
        "born_on": date(2018, 3, 4) if behalf == "child" else None,
    }
    return Represented(**values | more)


def filed_for(behalf: str = "agent", *, user: User | None = None, kind: str = "access", **more: Any) -> Request:
    """A request of somebody with an account, of which nothing is shown yet but who asks."""
    user = user or make_account(password=None)
    return fresh(file_for_another(kind=kind, user=user, represented=represented(behalf, **more), actor=actor_for(user.subject)))


def submitted_for(behalf: str = "agent", **more: Any) -> Request:
    """The same with its documents; the person of an agent is asked."""
    request = filed_for(behalf, **more)
    paper = check_file(name="paper.txt", content=b"I am who I say.")
    send_documents(request, files={kind: [paper] for kind in KINDS[behalf]}, actor=actor_of_requester(request))
    run_due(kinds=["requests.send_code"], reraise=True)
    return fresh(request)


def link_of(request: Request) -> IdentityProof:
    """What the mail to the person of an agent leads to."""
    return IdentityProof.objects.select_related("request__representation").get(request=request, purpose="confirm")


def confirmed_for(**more: Any) -> Request:
    """A request of an agent whose person, who has no account, said yes."""
    request = submitted_for("agent", **more)
    confirm_representation(link_of(request), user=None, actor=NOBODY)
    return fresh(request)


def see_documents(request: Request, *, actor: Actor) -> None:
    """Let a member of staff look at every document."""
    look = open_personal_data(request, reason="prepare_answer", note="The proof.", actor=actor)
    for document in ProofDocument.objects.select_related("request__subject").filter(request=request, removed_at=None):
        b"".join(open_document(document, look=look, actor=actor))


def after_notice(request: Request) -> Request:
    """The same once the days are over in which the holder of an account, who was told, could stop it."""
    over = clock.now() - timedelta(days=settings.REPRESENTED_NOTICE_DAYS, minutes=1)
    Representation.objects.filter(request=request, notified_at__isnull=False).update(notified_at=over)
    return fresh(request)


def accepted_for(behalf: str = "child", **more: Any) -> Request:
    """A request whose proof staff accepted, and whose work has begun."""
    request = confirmed_for(**more) if behalf == "agent" else submitted_for(behalf, **more)
    actor = staff_actor()
    see_documents(request, actor=actor)
    accept_representation(request, identifier_kind="email", identifier=PERSON, note="All of it.", actor=actor)
    run_until_idle()
    return fresh(request)
