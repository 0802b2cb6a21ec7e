"""Ways to cut the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from requests_app.admin.presentation import KINDS, STATES
from requests_app.enums import Status
from requests_app.models import Representation, Request


class BurningFilter(admin.SimpleListFilter):
    """What burns. Without a choice: everything that somebody has proven."""

    title = _("what burns")
    parameter_name = "burns"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("overdue", _("Overdue")),
            ("week", _("Due within a week")),
            ("desk", _("Waiting for us")),
            ("person", _("Waiting for the person")),
            ("new", _("New: nobody has it")),
            ("proof", _("Proof to look at")),
            ("unproven", _("Not proven yet")),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Request]) -> QuerySet[Request]:
        now = clock.now()
        proven = queryset.filter(verified_at__isnull=False)
        choices = {
            "overdue": proven.filter(status__in=Status.OPEN, due_at__lt=now, paused_at=None),
            "week": proven.filter(status__in=Status.OPEN, due_at__gte=now, due_at__lt=now + timedelta(days=7)),
            "desk": proven.filter(status__in=Status.AT_THE_DESK),
            "person": proven.filter(status__in=[Status.READY, Status.WAITING]),
            "new": proven.filter(status__in=Status.OPEN, assignee=None),
            "proof": queryset.filter(status=Status.RECEIVED, pk__in=Representation.objects.waiting_for_desk().values("request")),
            "unproven": queryset.filter(verified_at=None),
        }
        return choices.get(self.value() or "", proven)


class StateFilter(admin.SimpleListFilter):
    """By state, in the words of the desk."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(status.value, words) for status, words in STATES.items() if status is not Status.RECEIVED]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Request]) -> QuerySet[Request]:
        return queryset.filter(status=self.value()) if self.value() else queryset


class KindFilter(admin.SimpleListFilter):
    """By the right that is used, in the words of the desk."""

    title = _("right")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(kind.value, words) for kind, words in KINDS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Request]) -> QuerySet[Request]:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class HolderFilter(admin.SimpleListFilter):
    """Who has it: me, a colleague, nobody. No list of names: people who use their rights have accounts, too."""

    title = _("who has it")
    parameter_name = "with"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("me", _("I have")), ("others", _("A colleague has")), ("nobody", _("Nobody has"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Request]) -> QuerySet[Request]:
        if self.value() == "me":
            return queryset.filter(assignee_id=request.user.pk)
        if self.value() == "others":
            return queryset.filter(assignee__isnull=False).exclude(assignee_id=request.user.pk)
        return queryset.filter(assignee=None) if self.value() == "nobody" else queryset
