"""What the person and the desk write to each other on a request, the desk's own notes, and the files that come along."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.kernel.tokens import new_token
from requests_app.enums import Kind, MessageSide
from requests_app.models.request import Request


class Message(models.Model):
    """One message between the person and the desk, or a note of the desk that the person never sees."""

    request = models.ForeignKey(Request, models.CASCADE, related_name="messages")
    side = models.CharField(_("from"), max_length=8, choices=MessageSide)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("written by")
    )  # staff only: the person is that of the request
    body = EncryptedTextField(_("text"))
    sent_at = models.DateTimeField(_("sent"))
    read_at = models.DateTimeField(_("read by the other side"), null=True, blank=True)

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        indexes = [
            models.Index(fields=["request", "id"], name="message_of_request"),
            # what nobody at the desk has read yet
            models.Index(fields=["request"], name="message_unread", condition=Q(side="person", read_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"message #{self.pk}"


def _new_id() -> str:
    return new_token()


class Attachment(models.Model):
    """A file of a message: judged by what is in it, sealed under a key of its own, downloaded and never shown."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    public_id = models.CharField(max_length=32, unique=True, default=_new_id)
    original_name = EncryptedTextField(_("name"))
    media_type = models.CharField(_("kind of file"), max_length=40)
    size = models.PositiveIntegerField(_("size"))
    object_name = models.CharField(max_length=80)
    key = EncryptedTextField()  # Base64 of 32 bytes
    sealed_size = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"attachment #{self.pk}"


class AnswerTemplate(models.Model):
    """Words that staff begin a message with. Placeholders are fixed (requests_app.wording); none stands for data about the person."""

    title = models.CharField(_("title"), max_length=80)
    kind = models.CharField(_("right"), max_length=16, choices=Kind, blank=True)  # empty: any
    language = models.CharField(_("language"), max_length=16, default="en")
    body = models.TextField(_("text"))

    class Meta:
        verbose_name = _("answer template")
        verbose_name_plural = _("answer templates")
        ordering = ["title"]
        constraints = [
            models.UniqueConstraint(fields=["title", "language"], name="template_title_once", violation_error_code="title_taken")
        ]

    def __str__(self) -> str:
        return self.title
