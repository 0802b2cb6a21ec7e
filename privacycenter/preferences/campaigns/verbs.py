"""What staff do with campaigns: write, test, approve, pause, go on, stop.

draft -> scheduled -> sending -> sent
  ^----------'        |  ^---- paused
                      '-> stopped <-'
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.domain import queue_message
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences.campaigns.sending import queue_step
from privacycenter.preferences.campaigns.words import check_text, context_of
from privacycenter.preferences.enums import CampaignState, Channel
from privacycenter.preferences.errors import CampaignNotReady, WrongCampaignState
from privacycenter.preferences.models import Campaign
from privacycenter.subjects.errors import StaffOnly

TEST = "preferences.campaign_test"
MOVES: dict[str, tuple[frozenset[str], str]] = {
    "approve": (frozenset({CampaignState.DRAFT}), CampaignState.SCHEDULED),
    "withdraw": (frozenset({CampaignState.SCHEDULED}), CampaignState.DRAFT),
    "pause": (frozenset({CampaignState.SENDING}), CampaignState.PAUSED),
    "resume": (frozenset({CampaignState.PAUSED}), CampaignState.SENDING),
    "stop": (frozenset({CampaignState.SCHEDULED, CampaignState.SENDING, CampaignState.PAUSED}), CampaignState.STOPPED),
}


def moves_from(state: str) -> list[str]:
    """Names of the moves that staff can make from a state, in order."""
    return [name for name, (froms, _to) in MOVES.items() if state in froms]


@transaction.atomic
def save_campaign(campaign: Campaign, *, changed: Iterable[str] = (), actor: Actor) -> Campaign:
    """Save a draft, new or changed; a change takes its test back. Raises ValidationError and WrongCampaignState."""
    _require_staff(actor)
    if campaign.pk and Campaign.objects.select_for_update().get(pk=campaign.pk).state != CampaignState.DRAFT:
        raise WrongCampaignState
    if not campaign.pk:
        campaign.reference = new_reference()
        campaign.created_at = clock.now()
    campaign.tested_at = None
    campaign.language = campaign.language or settings.LANGUAGE_CODE
    check_campaign(campaign)
    campaign.save()
    record("preferences.campaign_saved", actor=actor, fields=tuple(changed), campaign=campaign.reference, topic=campaign.topic_id)
    return campaign


def check_campaign(campaign: Campaign) -> None:
    """Raise ValidationError for words or a topic that can't be sent, or a field that is missing."""
    check_words(campaign)
    campaign.full_clean()


def check_words(campaign: Campaign) -> None:
    """Raise ValidationError for words or a topic that can't be sent."""
    errors: dict[str, Any] = {}
    for name in ("subject", "body"):
        try:
            check_text(getattr(campaign, name))
        except ValidationError as error:
            errors[name] = error
    if campaign.topic_id and (not campaign.topic.is_active or Channel.EMAIL not in campaign.topic.channels):
        errors["topic"] = ValidationError(CampaignNotReady.topic_message, code="topic")
    if errors:
        raise ValidationError(errors)


@transaction.atomic
def send_test(campaign: Campaign, *, to: str, actor: Actor) -> OutboxMessage:
    """Send the campaign to the colleague who asks, and to nobody else. Raises WrongCampaignState, StaffOnly, InvalidIdentifier."""
    _require_staff(actor)
    locked = Campaign.objects.select_for_update(of=("self",)).select_related("topic").get(pk=campaign.pk)
    if locked.state != CampaignState.DRAFT:
        raise WrongCampaignState
    context = context_of(locked) | {"campaign": locked.reference}
    message = queue_message(TEST, to=to, context=context, language=locked.language, actor=actor)
    locked.tested_at = clock.now()
    locked.save(update_fields=["tested_at"])
    record("preferences.campaign_tested", actor=actor, campaign=locked.reference, topic=locked.topic_id)
    return message


@transaction.atomic
def approve_campaign(campaign: Campaign, *, starts_at: datetime | None = None, actor: Actor) -> Campaign:
    """Let a tested draft be sent, at once or at its time (aware). Raises CampaignNotReady, WrongCampaignState, ValidationError."""
    if not campaign.tested_at:
        raise CampaignNotReady
    check_campaign(campaign)
    now = clock.now()
    # The test belongs to the words that are approved: a change in between has taken it back.
    changed = _move(
        campaign, "approve", actor, tested_at=campaign.tested_at, approved_at=now, approved_by=actor.ref, starts_at=starts_at or now
    )
    queue_step(changed)
    return changed


@transaction.atomic
def withdraw_approval(campaign: Campaign, *, actor: Actor) -> Campaign:
    """Make an approved campaign that has not begun a draft again. Raises WrongCampaignState."""
    return _move(campaign, "withdraw", actor, approved_at=None, approved_by="", starts_at=None)


@transaction.atomic
def pause_campaign(campaign: Campaign, *, actor: Actor) -> Campaign:
    """Hold a campaign at once: no further batch, and what waits in the outbox stays there. Raises WrongCampaignState."""
    return _move(campaign, "pause", actor)


@transaction.atomic
def resume_campaign(campaign: Campaign, *, actor: Actor) -> Campaign:
    """Go on with a paused campaign where it was. Raises WrongCampaignState."""
    changed = _move(campaign, "resume", actor)
    queue_step(changed)
    return changed


@transaction.atomic
def stop_campaign(campaign: Campaign, *, actor: Actor) -> Campaign:
    """End a campaign for good: whatever has not left never will. Raises WrongCampaignState."""
    return _move(campaign, "stop", actor, ended_at=clock.now())


def new_reference() -> str:
    """A random reference, safe in links and headers: letters that can't be mistaken for digits."""
    return "m-" + "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(10))


def _move(campaign: Campaign, name: str, actor: Actor, *, tested_at: datetime | None = None, **changes: Any) -> Campaign:
    _require_staff(actor)
    froms, to = MOVES[name]
    rows = Campaign.objects.filter(pk=campaign.pk, state__in=froms)
    if tested_at is not None:
        rows = rows.filter(tested_at=tested_at)
    if rows.update(state=to, **changes) != 1:
        raise WrongCampaignState
    record(f"preferences.campaign_{_PAST[name]}", actor=actor, campaign=campaign.reference, topic=campaign.topic_id)
    return Campaign.objects.select_related("topic").get(pk=campaign.pk)


_PAST = {"approve": "approved", "withdraw": "withdrawn", "pause": "paused", "resume": "resumed", "stop": "stopped"}


def _require_staff(actor: Actor) -> None:
    if not actor.is_staff:
        raise StaffOnly
