"""Reads of limits: what is restricted, what was objected to and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from privacycenter.datamap.enums import RecordCategory
from privacycenter.datamap.models import Purpose
from privacycenter.kernel.labels import label_in
from privacycenter.preferences.enums import EventKind
from privacycenter.preferences.models import ConsentEvent, Topic
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.queries import states_of
from privacycenter.preferences.scopes import Scope
from privacycenter.subjects.enums import RestrictionReason
from privacycenter.subjects.models import Restriction, Subject
from privacycenter.subjects.queries import restricted_title
from requests_app.limits.enums import Balance, Ground
from requests_app.models import Lift, Request


@dataclass(frozen=True)
class Restricted:
    """One line of what is kept but not used: what, since when, why, and when it ends where that is announced."""

    what: str
    since: datetime
    why: str
    ref: str
    ends_at: datetime | None


def restricted_of(subject: Subject, *, ref: str = "") -> list[Restricted]:
    """What is restricted of a person, by one request or (without `ref`) by any. One query where nothing is, else two."""
    rows = list(Restriction.objects.filter(subject=subject, **({"ref": ref} if ref else {})).order_by("source", "since", "pk"))
    if not rows:
        return []
    ends = {
        (lift_ref or "", source): ends_at
        for lift_ref, sources, ends_at in Lift.objects.filter(subject=subject, limit="restriction", ended_at=None).values_list(
            "request__ref", "sources", "ends_at"
        )
        for source in sources or ["*"]
    }
    return [
        Restricted(
            restricted_title(row.source),
            row.since,
            label_in(RestrictionReason, row.reason),
            row.ref,
            ends.get((row.ref, row.source)) or ends.get((row.ref, "*")) or ends.get(("", "*")),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class Objected:
    """A purpose that was objected to, how its balance came out, and when it goes on where it does."""

    key: str
    title: str
    note: str
    balance: str
    ends_at: datetime | None
    has_ended: bool


def objected_in(request: Request) -> list[Objected]:
    """What a request objects to beside direct marketing. Two queries."""
    keys = list(request.choices.get("purposes", []))
    purposes = Purpose.objects.in_bulk(keys, field_name="key")
    lifts = {lift.purpose: lift for lift in Lift.objects.filter(request=request, limit="objection")}
    balances = request.choices.get("balances", {})
    return [
        Objected(
            key,
            purposes[key].title if key in purposes else key,
            purposes[key].balancing_note if key in purposes else "",
            label_in(Balance, balances.get(key, "")),
            lifts[key].ends_at if key in lifts else None,
            key in lifts and lifts[key].ended_at is not None,
        )
        for key in keys
    ]


def still_objects(subject: Subject | None, purpose: str) -> bool:
    """Whether an objection of the person to this purpose stands in the ledger. One query."""
    if subject is None:
        return False
    event = states_of(party_of(subject)).get(Scope(purpose=purpose))
    return event is not None and event.kind == EventKind.OBJECTED


def withdrawn_by(request: Request) -> list[ConsentEvent]:
    """The events by which a request took consents back, each with its receipt."""
    found: list[Any] = list(request.choices.get("events", []))
    return list(ConsentEvent.objects.filter(event_id__in=found).select_related("text").defer("text__text", "evidence").order_by("id"))


# What was asked, in words ----------------------------------------------------------------------------------------------


def restriction_in_words(request: Request) -> list[str]:
    """What a request wants restricted, and why."""
    labels, ground = dict(RecordCategory.choices), request.choices.get("ground", "")
    categories = [str(labels.get(key, key)) for key in request.choices.get("categories", [])]
    return [*(categories or [_("Everything we hold about you")]), label_in(Ground, ground)]


def objection_in_words(request: Request) -> list[str]:
    """What a request objects to. Two queries."""
    marketing = [_("Direct marketing, all of it")] if request.choices.get("marketing") else []
    return [*marketing, *(line.title for line in objected_in(request))]


def withdrawal_in_words(request: Request) -> list[str]:
    """Which consents a request takes back. Two queries."""
    if request.choices.get("records"):
        return [_("The consents that they chose")]
    purposes = Purpose.objects.filter(key__in=request.choices.get("purposes", [])).values_list("title", flat=True)
    topics = Topic.objects.filter(key__in=request.choices.get("topics", [])).values_list("title", flat=True)
    return [*purposes, *topics] or [_("Every consent that stands")]
