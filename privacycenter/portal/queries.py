"""Reads of the portal's pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median
from typing import Any

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from privacycenter.audit import events
from privacycenter.audit.errors import UnknownAuditEvent
from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.kernel.actor import ActorKind
from privacycenter.subjects.enums import AllowedUse
from privacycenter.subjects.models import Subject
from requests_app.enums import LookReason, Outcome, Status
from requests_app.models import Request

ANSWERS_WINDOW = timedelta(days=365)
ANSWERS_AT_LEAST = 5  # below it a figure would tell about single people
ANSWERS_AT_MOST = 2_000
ANSWERS_CACHED_SECONDS = 60 * 60


@dataclass(frozen=True)
class AnswerTimes:
    """How quickly requests were answered lately."""

    count: int
    median_seconds: int

    @property
    def words(self) -> str:
        """The median in the largest unit that fits: hours below two days, days above."""
        hours = max(1, round(self.median_seconds / 3600))
        if hours < 48:
            return ngettext("%(count)d hour", "%(count)d hours", hours) % {"count": hours}
        days = round(hours / 24)
        return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def answer_times() -> AnswerTimes | None:
    """Median time from receipt to answer over the last year; None with too few answers to say. Cached for an hour."""
    known = cache.get("portal.answer_times")
    if known is None:
        recent = Request.objects.filter(outcome__in=Outcome.ANSWERS, answered_at__gte=clock.now() - ANSWERS_WINDOW)
        times = recent.order_by("-answered_at").values_list("received_at", "answered_at")[:ANSWERS_AT_MOST]
        seconds = [(answered - received).total_seconds() for received, answered in times if answered]
        known = (len(seconds), int(median(seconds)) if seconds else 0)
        cache.set("portal.answer_times", known, ANSWERS_CACHED_SECONDS)
    count, median_seconds = known
    return AnswerTimes(count, median_seconds) if count >= ANSWERS_AT_LEAST else None


def current_requests(subject: Subject) -> list[Request]:
    """The person's requests that are being worked on or wait to be fetched, newest first."""
    return list(Request.objects.of(subject.pk).filter(status__in=(*Status.OPEN, Status.READY))[:10])


@dataclass(frozen=True)
class ActivityLine:
    """One thing that happened, in words for the person it happened to."""

    at: datetime
    title: str
    who: str
    is_look: bool
    reason: str
    ticket: str

    @property
    def day(self) -> date:
        """The day it happened on, where the reader is."""
        return timezone.localtime(self.at).date()


def activity_lines(entries: Iterable[AuditEntry], *, account_id: int) -> list[ActivityLine]:
    """Audit entries in plain words. `account_id` is the reader's own, so that what they did themselves says "You"."""
    return [
        ActivityLine(
            at=entry.at,
            title=_title(entry.verb),
            who=_who(entry, account_id),
            is_look=_is_look(entry.verb),
            reason=_reason(entry),
            ticket=entry.ticket,
        )
        for entry in entries
    ]


# What the trail says in the words of the desk, said to the person. All else is said as the trail says it.
TITLES = {
    "accounts.registered": gettext_lazy("You signed up"),
    "accounts.email_confirmed": gettext_lazy("You confirmed your e-mail address"),
    "subjects.created": gettext_lazy("Your record with us was opened"),
    "subjects.identifier_added": gettext_lazy("An address, number or name of yours was added"),
    "subjects.identifier_proven": gettext_lazy("It was shown that an address or number is yours"),
    "subjects.identifier_removed": gettext_lazy("An address, number or name of yours was removed"),
    "requests.proven": gettext_lazy("It was confirmed that a request is yours"),
    "requests.reopened": gettext_lazy("You said that something is missing"),
    "requests.withdrawn": gettext_lazy("A request of yours was withdrawn"),
    "requests.person_asked": gettext_lazy("We asked you something"),
    "requests.person_replied": gettext_lazy("You answered us"),
    "requests.went_on_without_reply": gettext_lazy("We went on without your answer"),
    "requests.represented_asked": gettext_lazy("We asked you whether somebody may act for you"),
    "requests.represented_confirmed": gettext_lazy("You confirmed that somebody may act for you"),
    "requests.clock_paused": gettext_lazy("The time to answer rests until you reply"),
    "requests.extended": gettext_lazy("We told you that we need more time"),
    "requests.person_reminded": gettext_lazy("We reminded you of a question"),
    "requests.correction_added": gettext_lazy("We added a correction for you"),
    "requests.annotated": gettext_lazy("You left a note beside your data"),
    "requests.redactions_opened": gettext_lazy("A colleague looked for data of other people in your copy"),
}

# What colleagues write for each other: it tells the person nothing, and stays in the trail of the desk.
OF_THE_DESK = ("requests.note_added",)


def _title(verb: str) -> str:
    if verb in TITLES:
        return str(TITLES[verb])
    try:
        return str(events.get(verb).label)
    except UnknownAuditEvent:  # of a room that is no longer installed: the trail outlives it
        return _("Something was done (%(verb)s)") % {"verb": verb}


def _is_look(verb: str) -> bool:
    kind: Any = events.all_kinds().get(verb)
    return kind is not None and kind.is_look


def _reason(entry: AuditEntry) -> str:
    """Why somebody looked, in words where the reason is one of the list."""
    reason = str(entry.parameters.get("reason", "")) if _is_look(entry.verb) else ""
    words: dict[str, Any] = dict(LookReason.choices) | dict(AllowedUse.choices)
    return str(words.get(reason, reason))


def _who(entry: AuditEntry, account_id: int) -> str:
    if entry.actor_kind == ActorKind.ANONYMOUS and entry.verb in TITLES:
        return _("You, before you signed in")  # the address it was done with has been proven since
    if entry.actor_ref == str(account_id) and entry.actor_kind in (ActorKind.PERSON, ActorKind.STAFF):
        return _("You")
    return {
        ActorKind.PERSON: _("Another person"),
        ActorKind.STAFF: _("A member of our staff"),
        ActorKind.SYSTEM: _("Our software"),
        ActorKind.API_CLIENT: _("A connected system"),
        ActorKind.ANONYMOUS: _("Somebody who was not signed in"),
    }[ActorKind(entry.actor_kind)]
