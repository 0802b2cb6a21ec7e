"""The outbox: a message is a row first and leaves afterwards; what it said is blanked as soon as it has left."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.mail.enums import MessageState


class OutboxMessage(models.Model):
    """One message to one person."""

    kind = models.CharField(_("kind"), max_length=60)
    language = models.CharField(_("language"), max_length=16)
    message_id = models.CharField(_("Message-ID"), max_length=255, unique=True)  # the same on every try (RFC 5322, 3.6.4)

    # blanked once the message has left or never will
    to = EncryptedTextField(blank=True)
    subject = EncryptedTextField(blank=True)
    body = EncryptedTextField(blank=True)
    headers = EncryptedTextField(blank=True)  # what decorators added, as JSON; it holds links that act for the person

    # whom it was for, without the address
    address_key_id = models.CharField(max_length=16)
    address_hash = models.CharField(max_length=64)
    subject_key = models.CharField(max_length=36, blank=True)  # Subject.public_id
    ticket = models.CharField(_("ticket"), max_length=40, blank=True)

    # what a non-essential message is about
    topic = models.CharField(_("topic"), max_length=40, blank=True)
    campaign = models.CharField(_("campaign"), max_length=60, blank=True)

    state = models.CharField(_("state"), max_length=14, choices=MessageState.choices, default=MessageState.QUEUED)
    last_error = models.CharField(_("last error"), max_length=60, blank=True)  # a code; the server's text may hold the address
    queued_at = models.DateTimeField(_("queued"))
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("outbox")
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="mail_state_is_legal"),
            models.CheckConstraint(
                condition=Q(state=MessageState.QUEUED) | Q(to=b"", subject=b"", body=b"", headers=b""), name="mail_blank_once_gone"
            ),
        ]
        indexes = [
            # what was sent to a person: export, page by page
            models.Index(fields=["subject_key", "id"], condition=~Q(subject_key=""), name="mail_by_person"),
            models.Index(fields=["address_hash", "id"], name="mail_by_address"),
            # messages of a ticket: its page in the admin
            models.Index(fields=["ticket", "id"], condition=~Q(ticket=""), name="mail_by_ticket"),
            # figures of a campaign
            models.Index(fields=["campaign", "id"], condition=~Q(campaign=""), name="mail_by_campaign"),
            # what still waits: give_up
            models.Index(fields=["queued_at"], condition=Q(state=MessageState.QUEUED), name="mail_waiting"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
