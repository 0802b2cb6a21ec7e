"""Requests in every state, made by the verbs that lead there, and sources that behave as told."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

from accounts.models import User
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Item, Locator, ReadOnlySource, Record, SourceDescription, SourceField
from privacycenter.subjects.queries import proven_identifiers
from requests_app.domain import complete_despite_failure, file_request, release_bundle, reopen_request, withdraw_request
from requests_app.domain.people import actor_for
from requests_app.fulfilment.reading import open_bundle
from requests_app.models import Bundle, Request
from requests_app.roles import DPO
from tests.factories.accounts import make_account, make_staff


class ToldSource(ReadOnlySource):
    """A source that answers what a test tells it: a list of items, or a function that makes or refuses them."""

    def __init__(
        self,
        key: str = "tests.told",
        items: list[Item] | Callable[[], Iterator[Item]] | None = None,
        *,
        in_database: bool = True,
        portable: bool = False,
        finds: bool = True,
        category: str = "other",
    ) -> None:
        self.items = items if items is not None else [Record("1", {"note": "kept"})]
        self.finds = finds
        self.exports = 0
        self.description = SourceDescription(
            key=key,
            title=f"Told {key}",
            category=category,
            fields=(SourceField("note", "Note"),),
            purposes=("support",),
            origin="given by a test",
            retention="interactions",
            portable=portable,
            in_database=in_database,
        )

    def describe(self) -> SourceDescription:
        return self.description

    def locate(self, subject: Any) -> Locator:
        return {"identifiers": proven_identifiers(subject)} if self.finds else {}

    def count(self, locator: Locator) -> int:
        return len(self.items) if isinstance(self.items, list) else 0

    def newest(self, locator: Locator) -> Any:
        return None

    def export(self, locator: Locator) -> Iterator[Item]:
        self.exports += 1
        yield from self.items() if callable(self.items) else self.items


def make_dpo(**fields: Any) -> User:
    """A data protection officer."""
    return with_role(make_staff(**{"password": None, "factor": False} | fields), DPO)


def with_role(user: User, role: str) -> User:
    """Give a user a role."""
    from django.contrib.auth.models import Group  # app ready

    user.groups.add(Group.objects.get(name=role))
    return user


def staff_actor() -> Actor:
    """A data protection officer as an actor."""
    return Actor.for_user(make_dpo())


def filed(user: User | None = None, *, kind: str = "access") -> Request:
    """A proven request whose work has not begun."""
    user = user or make_account(password=None)  # hashing one takes long
    return file_request(kind=kind, user=user, actor=actor_for(user.subject))


def worked(user: User | None = None, *, kind: str = "access") -> Request:
    """A request after the workers have done all they can."""
    request = filed(user, kind=kind)
    run_until_idle()
    return fresh(request)


def released(user: User | None = None, *, kind: str = "access") -> Request:
    """A request whose bundle can be fetched."""
    request = worked(user, kind=kind)
    release_bundle(request, actor=staff_actor())
    run_until_idle()
    return fresh(request)


def reopened(user: User | None = None) -> Request:
    """A request of which the person says that something is missing."""
    request = released(user)
    reopen_request(request, missing="The call of May.", actor=actor_for(request.subject))
    return fresh(request)


def withdrawn(user: User | None = None) -> Request:
    """A request that was taken back."""
    request = filed(user)
    withdraw_request(request, actor=actor_for(request.subject))
    return fresh(request)


def completed_despite_failure(request: Request, reason: str = "The archive is being moved.") -> Request:
    """A request that staff called complete, after the workers went on."""
    complete_despite_failure(request, reason=reason, actor=staff_actor())
    run_until_idle()
    return fresh(request)


def fresh(request: Request) -> Request:
    """The request as the database has it."""
    return Request.objects.select_related("subject").get(pk=request.pk)


def bundle_of(request: Request) -> Bundle:
    """The bundle that was begun last."""
    return Bundle.objects.select_related("request").filter(request=request).latest("pk")


def archive_of(bundle: Bundle) -> zipfile.ZipFile:
    """The finished file, opened."""
    return zipfile.ZipFile(io.BytesIO(b"".join(open_bundle(bundle).iter())))
