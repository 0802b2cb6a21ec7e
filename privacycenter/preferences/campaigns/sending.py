"""How a campaign goes out: batch by batch through the outbox, so that it can be paused, stopped, killed and gone on with.

One batch is one transaction: the gate is asked, rows that keep an address from getting it twice are written, the messages are put
into the outbox, and how far the walk has come is noted; the job ends and the next one is queued with it. A worker that dies
leaves a whole batch or none. The next batch waits behind the mails of the one before, so the outbox stays short. The guard of the
outbox asks the gate once more when a message's turn has come, and asks here whether the campaign still goes on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import enqueue
from privacycenter.jobs.enums import Priority
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.domain import Recipient, queue_messages
from privacycenter.mail.enums import MessageState
from privacycenter.mail.guards import NotYet, Outgoing
from privacycenter.mail.models import OutboxMessage
from privacycenter.mail.outcomes import Outcome
from privacycenter.preferences.campaigns.audience import Batch, next_batch
from privacycenter.preferences.campaigns.words import context_of
from privacycenter.preferences.enums import CampaignState, RecipientState
from privacycenter.preferences.models import Campaign, CampaignRecipient

SEND = "preferences.send_campaign"
MESSAGE = "preferences.campaign"
MOST_WAITING = 1_000  # messages of one campaign in the outbox: more would only lie there
_LOOK_AGAIN = timedelta(seconds=30)
_ASK_AGAIN = timedelta(minutes=1)
_SENDER = Actor.system("campaigns")
_STATES = {
    MessageState.SENT: RecipientState.SENT,
    MessageState.REFUSED: RecipientState.REFUSED,
    MessageState.UNDELIVERABLE: RecipientState.UNDELIVERABLE,
}


def send_campaign(claims: list[Claim]) -> None:
    """Handler of `preferences.send_campaign`: one batch of one campaign."""
    [claim] = claims
    with transaction.atomic():
        campaign = Campaign.objects.select_for_update(of=("self",)).select_related("topic").get(pk=claim.payload["campaign"])
        claim.finish()
        if campaign.state == CampaignState.SCHEDULED:
            _start(campaign)
        if campaign.state != CampaignState.SENDING:
            return  # paused or stopped; going on queues a new job
        waiting = OutboxMessage.objects.filter(campaign=campaign.reference, state=MessageState.QUEUED).count()
        if not campaign.is_walked and waiting < MOST_WAITING:
            _next_batch(campaign)
            queue_step(campaign)
        elif waiting:
            enqueue(SEND, key=campaign.reference, payload=claim.payload, run_at=clock.now() + _LOOK_AGAIN)
        else:
            _finish(campaign)


def queue_step(campaign: Campaign) -> None:
    """Queue the next step, in the caller's transaction: at its time, or behind the mails that wait already."""
    run_at = campaign.starts_at if campaign.state == CampaignState.SCHEDULED else None
    enqueue(SEND, key=campaign.reference, payload={"campaign": campaign.pk}, run_at=run_at, priority=Priority.BULK)


def _start(campaign: Campaign) -> None:
    campaign.state = CampaignState.SENDING
    campaign.started_at = clock.now()
    campaign.save(update_fields=["state", "started_at"])
    record("preferences.campaign_started", actor=_SENDER, campaign=campaign.reference, topic=campaign.topic_id)


def _next_batch(campaign: Campaign) -> None:
    batch = next_batch(campaign.topic, after=campaign.last_subject)
    if batch is None:
        campaign.is_walked = True
        campaign.save(update_fields=["is_walked"])
        return
    _write_to(campaign, batch)
    campaign.last_subject = batch.last_subject
    campaign.asked_count += batch.asked
    campaign.refused = dict(Counter(campaign.refused) + batch.refused)
    campaign.save(update_fields=["last_subject", "asked_count", "refused"])


def _write_to(campaign: Campaign, batch: Batch) -> None:
    """Queue a message for everybody in a batch who has not got this campaign."""
    wanted = {digest for _, party in batch.wanted for digest in party.digests}
    had = set(campaign.recipients.filter(party_hash__among=list(wanted)).values_list("party_hash", flat=True))
    new = [(address, party) for address, party in batch.wanted if had.isdisjoint(party.digests)]
    messages = queue_messages(
        MESSAGE,
        [Recipient(address, party.subject_key) for address, party in new],
        context=context_of(campaign),
        language=campaign.language,
        topic=campaign.topic_id,
        campaign=campaign.reference,
        actor=_SENDER,
    )
    now = clock.now()
    CampaignRecipient.objects.bulk_create(
        CampaignRecipient(**party.writes_to.columns(), campaign=campaign, message=message, queued_at=now)
        for (_address, party), message in zip(new, messages, strict=True)
    )


def _finish(campaign: Campaign) -> None:
    campaign.state = CampaignState.SENT
    campaign.ended_at = clock.now()
    campaign.save(update_fields=["state", "ended_at"])
    record("preferences.campaign_sent", actor=_SENDER, campaign=campaign.reference, topic=campaign.topic_id)


def goes_on(outgoing: Outgoing) -> bool:
    """Guard of the outbox: a message of a campaign leaves only while the campaign is being sent. Raises NotYet while it is paused."""
    if outgoing.kind != MESSAGE:
        return True
    state = Campaign.objects.filter(reference=outgoing.campaign).values_list("state", flat=True).first()
    if state == CampaignState.PAUSED:
        raise NotYet(clock.now() + _ASK_AGAIN)
    return state == CampaignState.SENDING


def note_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Listener of the outbox: what became of each recipient's message."""
    by_state: dict[str, list[int]] = {}
    for outcome in outcomes:
        if outcome.kind == MESSAGE:
            by_state.setdefault(outcome.state, []).append(outcome.message)
    for state, messages in by_state.items():
        CampaignRecipient.objects.filter(message__in=messages).update(state=_STATES[MessageState(state)], ended_at=clock.now())
