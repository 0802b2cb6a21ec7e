"""Tokens of mailed links. Only the SHA-256 of a token is stored; rows stay as evidence and never stop working for opting out."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.preferences.enums import AskedFor, LinkKind
from privacycenter.preferences.models.ledger import ConsentText
from privacycenter.preferences.models.party import PartyRow


def empty_list() -> list[Any]:
    """Default of columns that hold a list."""
    return []


class LinkToken(PartyRow):
    """One link that was mailed to one address."""

    digest = models.CharField(max_length=64, unique=True)
    kind = models.CharField(_("kind"), max_length=12, choices=LinkKind.choices)
    topic = models.CharField(_("topic"), max_length=40, blank=True)
    channel = models.CharField(_("channel"), max_length=8, default="email")
    campaign = models.CharField(_("campaign"), max_length=60, blank=True)
    subject_key = models.CharField(max_length=36, blank=True)  # Subject.public_id, so that a confirmation finds its address
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)  # only of links that can switch something on
    used_at = models.DateTimeField(_("used"), null=True, blank=True)  # likewise: once
    takes_back = models.JSONField(default=empty_list)  # of an undo: ids of the suppressions that it lifts, and nothing else

    class Meta:
        verbose_name = _("mailed link")
        verbose_name_plural = _("mailed links")
        constraints = [models.CheckConstraint(condition=Q(kind__in=LinkKind.values), name="preferences_link_kind_is_known")]
        indexes = [
            models.Index(fields=["party_hash", "id"], name="preferences_link_by_party"),
            # whether anybody was sent a link about a topic
            models.Index(fields=["topic"], condition=~Q(topic=""), name="preferences_link_by_topic"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} link #{self.pk}"


class PendingSubscription(PartyRow):
    """Somebody asked to subscribe this address; nothing counts until its owner confirms by a POST. Purged when nobody does."""

    address = EncryptedTextField()
    language = models.CharField(max_length=16, blank=True)
    topics = models.JSONField(default=empty_list)  # topic keys
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="+")
    token = models.OneToOneField(LinkToken, models.CASCADE, related_name="pending")
    page = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField(_("asked"))
    expires_at = models.DateTimeField(_("purged after"))

    class Meta:
        verbose_name = _("unconfirmed subscription")
        verbose_name_plural = _("unconfirmed subscriptions")
        indexes = [models.Index(fields=["expires_at"], name="preferences_pending_expiry")]

    def __str__(self) -> str:
        return f"unconfirmed subscription #{self.pk}"


class AskedMail(PartyRow):
    """Somebody typed this address and asked for a mail to it. A job finds out whether one is sent; the page never knows.

    Rows are what limits are counted by, and go after a day.
    """

    kind = models.CharField(_("asked for"), max_length=12, choices=AskedFor.choices)
    address = EncryptedTextField(blank=True)  # blanked once answered
    language = models.CharField(max_length=16, blank=True)
    client_hash = models.CharField(max_length=64)  # keyed hash of the network that asked
    created_at = models.DateTimeField(_("asked at"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("asked-for mail")
        verbose_name_plural = _("asked-for mails")
        constraints = [models.CheckConstraint(condition=Q(kind__in=AskedFor.values), name="preferences_asked_kind_is_known")]
        indexes = [
            # how often somebody asked: the two limits; the export of a person
            models.Index(fields=["party_hash", "id"], name="preferences_asked_by_party"),
            models.Index(fields=["client_hash", "created_at"], name="preferences_asked_by_client"),
            # what is old: the purge
            models.Index(fields=["created_at"], name="preferences_asked_age"),
        ]

    def __str__(self) -> str:
        return f"asked-for mail #{self.pk}"
