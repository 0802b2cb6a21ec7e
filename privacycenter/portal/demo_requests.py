"""Requests of the demo people: every right, each at another step of its way, so that the desk has something of everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from privacycenter.jobs.domain import run_due
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.records.models import Interaction
from requests_app.correction.proposing import fill_in, propose
from requests_app.domain import file_by_address, file_request, release_bundle, withdraw_request
from requests_app.domain.entering import enter_request
from requests_app.domain.erasure import propose_plan
from requests_app.enums import Behalf, Channel, Kind, Status
from requests_app.erasure.planning import current_plan
from requests_app.limits.asking import purposes_to_object
from requests_app.limits.children import report_child
from requests_app.models import Request
from requests_app.rights import Asked
from requests_app.transfer.receivers import add_receiver

_NETWORK = "192.0.2.0/24"
_FULFILMENT = ("requests.fulfil", "requests.collect_source", "requests.render_volume")
_PLANNING = ("requests.plan_erasure",)
_CALLS = "records.interactions"


def make_requests(users: Mapping[str, User], *, address: str) -> int:
    """Make them, if there are none yet and everybody is there; answers how many there are then. `address` has no account."""
    try:
        told = {name: users[name] for name in (*_WHEN, "dpo", "agent")}
    except KeyError:
        return 0
    if Request.objects.exists():
        return 0
    now = clock.now()
    for name, (days_ago, make) in _WHEN.items():
        with clock.stopped_at(now - timedelta(days=days_ago)):
            make(told, told[name])
    file_by_address(kind=Kind.ACCESS, address=address, client=_NETWORK, actor=Actor(ActorKind.ANONYMOUS))
    _reach_the_desk(told)
    return Request.objects.count()


def _file(user: User, kind: Kind, words: str = "", **choices: Any) -> Request:
    return file_request(kind=kind, user=user, asked=Asked(words, choices), actor=Actor.for_user(user))


def _released_copy(told: Mapping[str, User], user: User) -> None:
    request = _file(user, Kind.ACCESS)
    # Worked off here, so that one finished bundle is there before any worker has started.
    run_due(kinds=_FULFILMENT)
    request.refresh_from_db()
    if request.status == Status.REVIEW:
        with clock.stopped_at(clock.now() + timedelta(days=2)):
            release_bundle(request, actor=Actor.for_user(told["dpo"]))


def _withdrawn(_told: Mapping[str, User], user: User) -> None:
    request = _file(user, Kind.ACCESS)
    with clock.stopped_at(clock.now() + timedelta(days=1)):
        withdraw_request(request, actor=Actor.for_user(user))


def _portable_copy(_told: Mapping[str, User], user: User) -> None:
    _file(user, Kind.PORTABILITY)


def _copy(_told: Mapping[str, User], user: User) -> None:
    _file(user, Kind.ACCESS)


def _correction(_told: Mapping[str, User], user: User) -> None:
    """One value to put right and one to add a note to, with the reasons."""
    calls = Interaction.objects.filter(identifier_kind="email", identifier_value=user.email).order_by("occurred_at")[:2]
    words = ("Asked about an invoice; it was settled on the spot.", "I wrote this twice, the first mail got lost.")
    for call, value, field in zip(calls, words, ("summary", ""), strict=False):
        correction = propose(user.subject, source=_CALLS, record_key=str(call.pk), field=field)
        fill_in(correction, value=value, reason="I kept the mail that says so.", actor=Actor.for_user(user))
    _file(user, Kind.RECTIFICATION, "Please also tell the group, they have it from you.")


def _erasure(told: Mapping[str, User], user: User) -> None:
    """Planned and proposed: a colleague of the one who proposed it is to approve."""
    request = _file(user, Kind.ERASURE)
    run_due(kinds=_PLANNING)
    plan = current_plan(request)
    if plan is not None and not plan.obstacle:
        propose_plan(plan, digest=plan.digest, actor=Actor.for_user(told["agent"]))


def _objection(_told: Mapping[str, User], user: User) -> None:
    purposes = [purpose.key for purpose in purposes_to_object()][:1]
    _file(user, Kind.OBJECTION, "I run a small café and do not want to be profiled.", marketing=True, purposes=purposes)


def _complaint(_told: Mapping[str, User], user: User) -> None:
    _file(user, Kind.COMPLAINT, "You called me twice in one week although I had said that mail is enough. Why?")


def _restriction(_told: Mapping[str, User], user: User) -> None:
    _file(
        user,
        Kind.RESTRICTION,
        "My address is wrong in your records. Please do not use it until it is right.",
        ground="accuracy",
        categories=[],
    )


def _reach_the_desk(told: Mapping[str, User]) -> None:
    """What comes from outside: a letter, an authority by mail, a report of a child's account, and a receiver to approve."""
    agent, today = Actor.for_user(told["agent"]), timezone.localdate(clock.now())
    enter_request(
        kind=Kind.ACCESS, channel=Channel.LETTER, received_on=today - timedelta(days=3), words="A letter in the post.", actor=agent
    )
    enter_request(
        kind=Kind.ACCESS,
        channel=Channel.EMAIL,
        received_on=today - timedelta(days=2),
        behalf=Behalf.AGENT,
        words="A lawyer asks for her client and attached the authority.",
        actor=agent,
    )
    report_child(
        account="somebody-we-do-not-know", words="My son is eleven and has an account.", client=_NETWORK, actor=Actor(ActorKind.ANONYMOUS)
    )
    add_receiver(name="Harbour Bookkeeping", url="https://receive.harbour.example/privacy/", actor=Actor.for_user(told["dpo"]))


_WHEN: dict[str, tuple[int, Callable[[Mapping[str, User], User], None]]] = {
    "jonas": (9, _released_copy),
    "lan": (33, _portable_copy),
    "meiling": (26, _copy),
    "ramon": (5, _withdrawn),
    "oksana": (0, _copy),
    "ifeoma": (4, _correction),
    "tomasz": (6, _erasure),
    "sofia": (2, _objection),
    "henrik": (12, _complaint),
    "aiko": (1, _restriction),
}
