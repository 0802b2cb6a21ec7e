"""What becomes of mail after it has left: bounces, complaints and unsubscribes that services and mail servers report.

A hard bounce and a complaint stop all marketing to the address by e-mail, so do several soft bounces within some weeks, and an
unsubscribe that the service took on our behalf. Essential mail goes on: nothing here is ever asked about it. Addresses are known
by their keyed hash only; none is written down or logged.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.mail.enums import MessageState
from privacycenter.mail.outcomes import Outcome
from privacycenter.preferences.domain.many import ToSuppress, suppress_many
from privacycenter.preferences.domain.suppression import SOFT_BOUNCES, soft_bounces
from privacycenter.preferences.enums import Channel, FeedbackKind, PartyKind, SuppressionReason
from privacycenter.preferences.models import CampaignRecipient, MailFeedback, Suppression
from privacycenter.preferences.parties import Party, hashes_of
from privacycenter.preferences.queries.many import suppressions_of

SMTP = "smtp"
ATTRIBUTION_DAYS = 30  # a report that comes later says nothing about the last mailing
_ACTOR = Actor.system("mail feedback")
_STOPS = {
    FeedbackKind.HARD_BOUNCE: SuppressionReason.HARD_BOUNCE,
    FeedbackKind.COMPLAINT: SuppressionReason.COMPLAINT,
    FeedbackKind.UNSUBSCRIBE: SuppressionReason.CHOICE,
}
# Enhanced status codes (RFC 3463) of permanent failures that are about the address: 5.1.x, and 5.2.1, a mailbox that is disabled.
# 5.1.8 is about the sender's. A bare 5xx says nothing: servers refuse so what they take for spam, and senders they don't like.
_GONE = re.compile(r"_5\.(1\.(?!8$)\d+|2\.1)$")
_BATCH = 1_000


@dataclass(frozen=True)
class Report:
    """One report: `event` is its id at the service, the same when it is told again; `address` as it was told."""

    kind: FeedbackKind
    address: str
    event: str
    happened_at: datetime


@transaction.atomic
def take_in(service: str, reports: Iterable[Report]) -> int:
    """Note reports and stop marketing where they say so; answers how many were new. One told again changes nothing.

    An address that can't be one is passed over. A few queries for a thousand.
    """
    told = list({digest_of(report.event): report for report in reports}.items())
    return sum(_take_in(service, told[start : start + _BATCH]) for start in range(0, len(told), _BATCH))


def _take_in(service: str, told: Sequence[tuple[str, Report]]) -> int:
    now = clock.now()
    known = set(MailFeedback.objects.filter(service=service, event_id__in=[event for event, _ in told]).values_list("event_id", flat=True))
    new = [(event, report, party) for event, report in told if event not in known and (party := _party(report.address)) is not None]
    campaigns = _newest_campaigns([party for _, _, party in new], now)
    MailFeedback.objects.bulk_create(
        [
            MailFeedback(
                **party.writes_to.columns(),
                service=service,
                event_id=event,
                kind=report.kind,
                campaign=campaigns.get(party.writes_to.digest, ""),
                happened_at=report.happened_at,
                received_at=now,
            )
            for event, report, party in new
        ],
        ignore_conflicts=True,  # told twice at the same moment
    )
    _stop(new, now)
    return len(new)


def note_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Listener of the outbox: a mail server that refuses a recipient for good has told a bounce, a hard one if it says that the
    address is wrong."""
    now = clock.now()
    refused = [
        outcome
        for outcome in outcomes
        if outcome.state == MessageState.UNDELIVERABLE and outcome.error.startswith("recipient_refused") and outcome.address
    ]
    if refused:
        take_in(
            SMTP,
            [
                Report(
                    FeedbackKind.HARD_BOUNCE if _GONE.search(outcome.error) else FeedbackKind.SOFT_BOUNCE,
                    outcome.address,
                    f"message {outcome.message}",
                    now,
                )
                for outcome in refused
            ],
        )


def digest_of(event: str) -> str:
    """The id of a report as it is stored: services choose theirs freely, and some put addresses into them."""
    return hashlib.sha256(event.encode("utf-8", "surrogatepass")).hexdigest()


def _party(address: str) -> Party | None:
    try:
        own = hashes_of(PartyKind.EMAIL, normalise(IdentifierKind.EMAIL, address))
    except InvalidIdentifier:
        return None
    return Party(own[0], own, own[:1])


def _newest_campaigns(parties: Sequence[Party], now: datetime) -> dict[str, str]:
    """Reference of the newest mailing to each address, by the hash it writes to."""
    since = now - timedelta(days=ATTRIBUTION_DAYS)
    sent = CampaignRecipient.objects.filter(party_hash__among=_digests(parties), queued_at__gte=since).order_by("id")
    newest = {digest: (pk, reference) for pk, digest, reference in sent.values_list("id", "party_hash", "campaign__reference")}
    return {
        party.writes_to.digest: max(newest[digest] for digest in party.digests if digest in newest)[1]
        for party in parties
        if not party.digests.isdisjoint(newest)
    }


def _stop(new: Sequence[tuple[str, Report, Party]], now: datetime) -> None:
    said = [(party, _STOPS[report.kind]) for _, report, party in new if report.kind in _STOPS]
    suppress_many([ToSuppress(party, reason, Channel.EMAIL) for party, reason in said], actor=_ACTOR)
    gone = [digest for _, report, party in new if report.kind == FeedbackKind.HARD_BOUNCE for digest in party.digests]
    if gone:  # what only came back now and then until now does not exist
        Suppression.objects.filter(soft_bounces(), party_hash__in=gone, lifted_at__isnull=True).update(actor_ref=_ACTOR.ref)
    bounced = [party for _, report, party in new if report.kind == FeedbackKind.SOFT_BOUNCE]
    if bounced:
        counts = _soft_bounces(bounced, now)
        often = [party for party in bounced if sum(counts[digest] for digest in party.digests) >= settings.SOFT_BOUNCE_LIMIT]
        listed = {row.party_hash for rows in suppressions_of(often) for row in rows if row.reason == SuppressionReason.HARD_BOUNCE}
        suppress_many(
            [ToSuppress(party, SuppressionReason.HARD_BOUNCE, Channel.EMAIL) for party in often if party.digests.isdisjoint(listed)],
            actor=SOFT_BOUNCES,
        )


def _soft_bounces(parties: Sequence[Party], now: datetime) -> Counter[str]:
    """How many soft bounces of the last weeks stand under each hash."""
    since = now - timedelta(days=settings.SOFT_BOUNCE_DAYS)
    rows = MailFeedback.objects.filter(party_hash__among=_digests(parties), kind=FeedbackKind.SOFT_BOUNCE, received_at__gte=since)
    return Counter(rows.values_list("party_hash", flat=True))


def _digests(parties: Sequence[Party]) -> list[str]:
    return sorted({digest for party in parties for digest in party.digests})
