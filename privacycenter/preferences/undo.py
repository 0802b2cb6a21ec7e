"""The plain confirmation after opting out by a link, and the link in it that takes the opting out back.

Opening the link shows; a POST lifts what it names and nothing else, once, within thirty days. It went to the address alone, so
it is a mailed confirmation and may switch on again what was on before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from privacycenter.datamap.enums import LegalBasis
from privacycenter.datamap.models import Purpose
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.mail.domain import queue_message
from privacycenter.preferences import standing
from privacycenter.preferences.domain import Choice, Presented, record_choices
from privacycenter.preferences.domain.suppression import mark_lifted
from privacycenter.preferences.enums import NEGATIVE, POSITIVE, EventKind, LinkKind, Method, PartyKind, SuppressionReason
from privacycenter.preferences.links import NewLink, absolute, new_rows, path_of
from privacycenter.preferences.models import ConsentEvent, LinkToken, Suppression, Topic
from privacycenter.preferences.parties import Party, party_of_row
from privacycenter.preferences.queries import active_suppressions, answer_in, scope_of, states_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.texts import ShownText, shown
from privacycenter.preferences.unsubscribe import address_behind, party_behind
from privacycenter.subjects.queries import person_with

UNDO_DAYS = 30
# What is pressed within this time goes into one confirmation.
SETTLE_SECONDS = 120
BATCH = 500
_NOTICES = Actor.system("preferences.notices")
_OWNER = Actor(ActorKind.ANONYMOUS, "undo link")


def confirm_opt_outs() -> int:
    """Mail one confirmation to each address that opted out by a link; answers how many were mailed.

    Where nobody is known any more whose address it is, there is nobody to write to, and the note that it is due goes away.
    """
    due: dict[str, list[Suppression]] = {}
    for row in Suppression.objects.filter(is_notice_due=True, lifted_at__isnull=True).order_by("id")[:BATCH]:
        due.setdefault(row.party_hash, []).append(row)
    settled = clock.now() - timedelta(seconds=SETTLE_SECONDS)
    return sum(_confirm(rows) for rows in due.values() if max(row.said_at for row in rows) <= settled)


@transaction.atomic
def _confirm(rows: Sequence[Suppression]) -> bool:
    claimed = Suppression.objects.filter(pk__in=[row.pk for row in rows], is_notice_due=True).update(is_notice_due=False)
    mailed_to = _mailed_link(rows[0])
    address = address_behind(mailed_to) if mailed_to else None
    subject = person_with(mailed_to.subject_key) if mailed_to else None
    if not claimed or subject is None or address is None:
        return False
    subject_key = str(subject.public_id)
    expires_at = clock.now() + timedelta(days=UNDO_DAYS)
    [(_row, token)] = new_rows(
        [
            NewLink(
                party_of_row(rows[0]),
                LinkKind.UNDO,
                subject_key=subject_key,
                expires_at=expires_at,
                takes_back=tuple(row.pk for row in rows),
            )
        ]
    )
    with override(subject.language or None):
        queue_message(
            "preferences.opted_out",
            to=address[1],
            context={
                "said": what_was_said(rows),
                "undo": absolute(path_of(LinkKind.UNDO, token)),
                "until": date_format(expires_at, "j F Y"),
            },
            language=subject.language,
            subject_key=subject_key,
            actor=_NOTICES,
        )
    return True


def _mailed_link(row: Suppression) -> LinkToken | None:
    """The newest link that was mailed to this address and says whose it was."""
    if row.party_kind != PartyKind.EMAIL:
        return None
    return LinkToken.objects.filter(party_hash=row.party_hash).exclude(subject_key="").order_by("-id").first()


def what_was_said(rows: Iterable[Suppression]) -> list[str]:
    """What suppressions stop, in words, once each."""
    rows = list(rows)
    titles = dict(Topic.objects.filter(key__in={row.topic for row in rows}).values_list("key", "title"))
    words = [titles.get(row.topic, _("messages of this kind")) if row.topic else _("all marketing") for row in rows]
    return list(dict.fromkeys(words))


def suppressions_of(link: LinkToken) -> list[Suppression]:
    """What an undo link may still lift: what it names, as long as nobody said no to it again since, in whatever way."""
    rows = _named_by(link)
    return _open_rows(rows, _Since(party_behind(link), rows)) if rows else []


def is_open(link: LinkToken) -> bool:
    """Whether a link that can switch something on still may."""
    return link.used_at is None and link.expires_at is not None and link.expires_at > clock.now()


def use(link: LinkToken) -> bool:
    """Use a link up; false where somebody did before, or its time is over. In the transaction of what it does."""
    now = clock.now()
    return bool(LinkToken.objects.filter(pk=link.pk, used_at__isnull=True, expires_at__gt=now).update(used_at=now))


@transaction.atomic
def take_back(link: LinkToken, *, page: str, control: str) -> list[str]:
    """Undo the opting out that a link is for; answers what may come again, in words. Nothing where it was used or came too late.

    It becomes as it was before: a yes that stood then and has not run out stands again, for as long as it was given; where nobody
    had said anything, nothing is said now. Every other no stands, from before the opting out and from after it.
    """
    named = _named_by(link)
    if not named:
        return []
    party = party_behind(link)
    since = _Since(party, named)
    rows = _open_rows(named, since)
    if not rows or not use(link):
        return []
    words = what_was_said(rows)
    presented = Presented(undo_text(words), Method.MAILED_CONFIRMATION, control, page)
    choices: dict[Scope, Choice] = {}
    for row, event in _events_of(rows):
        for choice in _restored(party, event, since):
            if not since.is_refused(choice.scope, row.said_at):
                choices[choice.scope] = choice
    if choices:
        record_choices(party, choices.values(), presented=presented, actor=_OWNER)
    mark_lifted(Suppression.objects.filter(pk__in=[row.pk for row in rows]), reason="undo", actor=_OWNER)
    return words


def undo_text(words: Sequence[str]) -> ShownText:
    """The words under which an opting out is undone."""
    text = _("Send me again: %(what)s") % {"what": "; ".join(words)}
    return shown("preferences.undo", text, language=get_language() or "")


class _Since:
    """What a party said and has on the list besides the opting out that is undone, under any of its hashes."""

    def __init__(self, party: Party, rows: Sequence[Suppression]) -> None:
        taken, first = {row.pk for row in rows}, min(row.created_at for row in rows)
        # That an address takes no mail is no word of anybody.
        said = [row for row in active_suppressions(party) if row.reason != SuppressionReason.HARD_BOUNCE]
        self._others = [row for row in said if row.pk not in taken]
        events = ConsentEvent.objects.filter(party_hash__in=party.digests, kind__in=NEGATIVE, at__gte=first)
        self._refusals = [(scope_of(event), event.at) for event in events if not _belongs(event, rows)]

    def is_refused(self, scope: Scope, since: datetime) -> bool:
        """Whether a no to this was said after `since`."""
        by_event = any(known.covers(scope) and at > since for known, at in self._refusals)
        return by_event or self.is_listed(scope, since)

    def is_listed(self, scope: Scope, since: datetime) -> bool:
        """Whether messages of this were put on the list after `since`, or again."""
        return any(row.topic in ("", scope.topic) and row.channel in ("", scope.channel) and row.said_at > since for row in self._others)


def _belongs(event: ConsentEvent, rows: Sequence[Suppression]) -> bool:
    """Whether an event is a part of the opting out that rows came from: by the same kind of link, for the same address."""
    return event.method == Method.ONE_CLICK and any(event.party_hash == row.party_hash and event.at <= row.said_at for row in rows)


def _named_by(link: LinkToken) -> list[Suppression]:
    """The rows that an undo link names, where they stand and were not said again by the same way."""
    rows = Suppression.objects.filter(pk__in=link.takes_back, party_hash=link.party_hash, lifted_at__isnull=True)
    return [row for row in rows.select_related("source_event").order_by("id") if row.said_at <= link.created_at]


def _open_rows(rows: Sequence[Suppression], since: _Since) -> list[Suppression]:
    """Those of which anything is left to undo: a later no covers the rest."""
    scopes: dict[int, list[Scope]] = {row.pk: [] for row in rows}
    for row, event in _events_of(rows):
        scopes[row.pk].append(scope_of(event))
    return [
        row
        for row in rows
        if not since.is_listed(Scope(topic=row.topic, channel=row.channel), row.said_at)
        and not (scopes[row.pk] and all(since.is_refused(scope, row.said_at) for scope in scopes[row.pk]))
    ]


def _events_of(rows: Sequence[Suppression]) -> list[tuple[Suppression, ConsentEvent]]:
    """The events that came with suppressions: each one's own, and for all marketing those of every purpose of the same moment."""
    found: dict[int, tuple[Suppression, ConsentEvent]] = {}
    for row in rows:
        event = row.source_event
        if event is None:
            continue
        same = ConsentEvent.objects.filter(party_hash=event.party_hash, at=event.at, kind__in=[EventKind.WITHDRAWN, EventKind.REFUSED])
        for each in same if not row.topic else [event]:
            found[each.pk] = (row, each)
    return list(found.values())


def _restored(party: Party, event: ConsentEvent, since: _Since) -> list[Choice]:
    """The events that bring back how it was before one that said no."""
    scope, before, now = scope_of(event), event.at - timedelta(microseconds=1), clock.now()
    states = states_of(party, before)
    choices = []
    for each in dict.fromkeys([*(known for known in states if scope.covers(known)), scope]):
        stood = standing.deciding(states, each, before)
        # On the list after the yes, it was off: the list alone may bear a no that another system reported.
        if stood is None or stood.kind not in POSITIVE or since.is_listed(each, stood.at):
            continue
        if stood.valid_until is None or stood.valid_until > now:
            choices.append(Choice(each, EventKind.GIVEN, stood.valid_until))
    if answer_in(states, scope, before) is None and _needs_no_consent(scope.purpose):
        # Neither yes nor no, as before: a legitimate interest that nobody has objected to.
        choices.append(Choice(scope, EventKind.OBJECTION_LIFTED))
    return choices


def _needs_no_consent(purpose: str) -> bool:
    return Purpose.objects.filter(key=purpose).exclude(legal_basis=LegalBasis.CONSENT).exists()
