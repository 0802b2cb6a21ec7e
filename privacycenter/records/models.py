"""What is held about people beyond their accounts: conversations and forms, found by the identifier they came with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.records.enums import Channel
from privacycenter.subjects.enums import IDENTIFIER_CHOICES


class PersonRecord(models.Model):
    """A record that came with an identifier. It belongs to whoever has proven that identifier, to nobody before that."""

    identifier_kind = models.CharField(_("kind of identifier"), max_length=20, choices=IDENTIFIER_CHOICES)
    identifier_value = models.CharField(_("identifier"), max_length=320)  # as kernel.normalise gives it

    origin = models.CharField(_("origin"), max_length=64)  # the system or form it came from
    received_at = models.DateTimeField(_("received"))

    # The sender's key, or a hash of the item: the same item sent twice is one row.
    item_key = models.CharField(max_length=128, unique=True)
    item_digest = models.CharField(max_length=64)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} #{self.pk}"


class Interaction(PersonRecord):
    """A conversation with sales or support (C-06)."""

    channel = models.CharField(_("channel"), max_length=16, choices=Channel)
    summary = models.CharField(_("summary"), max_length=600)
    body = models.TextField(_("text"), blank=True)
    occurred_at = models.DateTimeField(_("when"))

    class Meta(PersonRecord.Meta):
        verbose_name = _("interaction")
        verbose_name_plural = _("interactions")
        constraints = [
            models.CheckConstraint(
                name="interaction_channel_is_known", condition=Q(channel__in=Channel.values), violation_error_code="unknown_channel"
            )
        ]
        # Everything of one identifier, page by page along the primary key.
        indexes = [models.Index(fields=["identifier_kind", "identifier_value", "id"], name="interaction_of_person")]


class FormSubmission(PersonRecord):
    """A form that somebody filled in (C-03), with the answers as they were given."""

    form = models.SlugField(_("form"), max_length=64, db_index=False)
    answers = models.JSONField(_("answers"))
    submitted_at = models.DateTimeField(_("sent"))

    class Meta(PersonRecord.Meta):
        verbose_name = _("form submission")
        verbose_name_plural = _("form submissions")
        # Everything of one identifier, page by page along the primary key.
        indexes = [models.Index(fields=["identifier_kind", "identifier_value", "id"], name="form_submission_of_person")]


class ErasedItem(models.Model):
    """That an item was erased, by a keyed hash of its key: the same file brought in again must not bring it back."""

    key_id = models.CharField(max_length=16)
    key_hash = models.CharField(max_length=64)
    erased_at = models.DateTimeField()

    class Meta:
        verbose_name = _("erased item")
        verbose_name_plural = _("erased items")
        # also answers "was it erased"
        constraints = [models.UniqueConstraint(fields=["key_hash"], name="erased_item_once")]

    def __str__(self) -> str:
        return f"erased item #{self.pk}"
