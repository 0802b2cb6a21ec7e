"""The consent ledger: events that nobody can change, each bound to the exact text that was shown (ISO/IEC TS 27560)."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.preferences.enums import EventKind, Method
from privacycenter.preferences.models.party import PartyRow


class ConsentText(models.Model):
    """The exact words a person was shown, never changed: a new wording is a new version."""

    key = models.CharField(_("key"), max_length=80)
    version = models.PositiveIntegerField(_("version"))
    language = models.CharField(_("language"), max_length=16)  # BCP 47
    sha256 = models.CharField(_("SHA-256"), max_length=64)  # of the text's UTF-8 bytes, lower-case hex
    text = models.TextField(_("text"))
    created_at = models.DateTimeField(_("first shown"))

    class Meta:
        verbose_name = _("consent text")
        verbose_name_plural = _("consent texts")
        constraints = [
            models.UniqueConstraint(fields=["key", "language", "version"], name="preferences_text_version"),
            models.UniqueConstraint(fields=["key", "language", "sha256"], name="preferences_text_once"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.language} {self.version}"


class ConsentEvent(PartyRow):
    """One event of one consent record. A record is a party and a scope; its state is its newest event."""

    event_id = models.UUIDField(default=uuid.uuid4, editable=False)
    record_id = models.UUIDField()  # the same for every event of one party and scope

    kind = models.CharField(_("what happened"), max_length=16, choices=EventKind.choices)

    # the scope; an empty part means "any"
    purpose = models.CharField(_("purpose"), max_length=40)
    topic = models.CharField(_("topic"), max_length=40, blank=True)
    channel = models.CharField(_("channel"), max_length=8, blank=True)
    service = models.CharField(_("service"), max_length=40, blank=True)
    recipient = models.CharField(_("recipient"), max_length=40, blank=True)

    # what was shown, and how the choice was made
    text = models.ForeignKey(ConsentText, models.PROTECT, related_name="+", verbose_name=_("text shown"))
    method = models.CharField(_("method"), max_length=20, choices=Method.choices)
    control = models.CharField(_("control"), max_length=60, blank=True)  # the button or box, by its words or name
    page = models.CharField(_("page"), max_length=120, blank=True)  # a path without tokens and queries

    actor_kind = models.CharField(_("who (kind)"), max_length=16)
    actor_ref = models.CharField(_("who"), max_length=64, blank=True)
    at = models.DateTimeField(_("when"))  # server time, UTC
    valid_until = models.DateTimeField(_("valid until"), null=True, blank=True)

    reason = models.CharField(_("reason"), max_length=60, blank=True)  # a code; required of staff
    evidence = EncryptedTextField(_("evidence"), blank=True)

    receipt_sha256 = models.CharField(_("receipt"), max_length=64, unique=True)

    class Meta:
        verbose_name = _("consent event")
        verbose_name_plural = _("consent events")
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EventKind.values), name="preferences_event_kind_is_known"),
            models.CheckConstraint(condition=Q(method__in=Method.values), name="preferences_event_method_is_known"),
            models.CheckConstraint(condition=~Q(purpose="") | ~Q(service=""), name="preferences_event_has_a_purpose"),
        ]
        indexes = [
            # state and history of a party
            models.Index(fields=["party_hash", "id"], name="preferences_event_by_party"),
            # what expires: the nightly note that it did
            models.Index(fields=["valid_until"], condition=Q(valid_until__isnull=False), name="preferences_event_expiry"),
            # consents that are older than the text of their purpose
            models.Index(fields=["purpose", "kind", "at"], name="preferences_event_by_purpose"),
            # whether anybody chose about a topic
            models.Index(fields=["topic"], condition=~Q(topic=""), name="preferences_event_by_topic"),
            # which keys of HASH_KEYS are in use
            models.Index(fields=["party_key_id"], name="preferences_event_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
