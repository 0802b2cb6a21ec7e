"""Mailings to everybody who wants a topic, and who got them: by keyed hash, so that figures name nobody."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences.enums import CampaignState, RecipientState
from privacycenter.preferences.models.party import PartyRow
from privacycenter.preferences.models.topics import Topic


def no_counts() -> dict[str, Any]:
    """Default of JSON columns that hold numbers by name."""
    return {}


class Campaign(models.Model):
    """One mailing: plain words to the people who want a topic by e-mail."""

    reference = models.CharField(_("reference"), max_length=20, unique=True, editable=False)
    topic = models.ForeignKey(Topic, models.PROTECT, to_field="key", related_name="+", verbose_name=_("topic"))
    language = models.CharField(_("language"), max_length=16)  # BCP 47
    subject = models.CharField(_("subject"), max_length=120)
    body = models.TextField(_("text"), max_length=20_000)

    state = models.CharField(_("state"), max_length=10, choices=CampaignState.choices, default=CampaignState.DRAFT, editable=False)
    created_at = models.DateTimeField(_("begun"), editable=False)
    tested_at = models.DateTimeField(_("tested"), null=True, blank=True, editable=False)  # blanked by every change
    approved_at = models.DateTimeField(_("approved"), null=True, blank=True, editable=False)
    approved_by = models.CharField(max_length=64, blank=True, editable=False)  # Actor.ref
    starts_at = models.DateTimeField(_("starts"), null=True, blank=True, editable=False)
    started_at = models.DateTimeField(_("started"), null=True, blank=True, editable=False)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)

    # How far the walk through all people has come; it is written together with the messages it led to.
    last_subject = models.BigIntegerField(default=0, editable=False)  # primary key
    is_walked = models.BooleanField(default=False, editable=False)
    asked_count = models.PositiveIntegerField(default=0, editable=False)
    refused = models.JSONField(default=no_counts, editable=False)  # rule of the gate -> how many people

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        ordering = ["-id"]
        permissions = [("send_campaign", "Can approve, pause and stop campaigns")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=CampaignState.values), name="preferences_campaign_state_is_legal"),
            models.CheckConstraint(
                condition=Q(state=CampaignState.DRAFT) | Q(approved_at__isnull=False), name="preferences_campaign_sent_if_approved"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class CampaignRecipient(PartyRow):
    """One address that a campaign was written to. Those whom the gate refused are only counted, never listed."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="recipients", verbose_name=_("campaign"))
    message = models.OneToOneField(OutboxMessage, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(_("state"), max_length=14, choices=RecipientState.choices, default=RecipientState.QUEUED)
    queued_at = models.DateTimeField(_("queued"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)

    class Meta:
        verbose_name = _("recipient of a campaign")
        verbose_name_plural = _("recipients of campaigns")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=RecipientState.values), name="preferences_recipient_state_is_legal"),
            # nobody gets it twice, whatever runs again
            models.UniqueConstraint(fields=["campaign", "party_hash"], name="preferences_recipient_once"),
        ]
        indexes = [
            # figures of a campaign
            models.Index(fields=["campaign", "state"], name="preferences_recipient_figures"),
            # which mailing a bounce or complaint of an address belongs to; the export of a person
            models.Index(fields=["party_hash", "id"], name="preferences_recipient_by_party"),
        ]

    def __str__(self) -> str:
        return f"recipient #{self.pk}"


class TopicFigure(models.Model):
    """How many people wanted a topic by e-mail on a day: a number, counted by the gate every night."""

    topic = models.ForeignKey(Topic, models.CASCADE, to_field="key", related_name="figures", verbose_name=_("topic"))
    on = models.DateField(_("day"))
    subscribers = models.PositiveIntegerField(_("subscribers"))

    class Meta:
        verbose_name = _("figure of a topic")
        verbose_name_plural = _("figures of topics")
        constraints = [models.UniqueConstraint(fields=["topic", "on"], name="preferences_figure_once")]

    def __str__(self) -> str:
        return f"{self.topic_id} {self.on}"
