"""Requests for somebody else: who asks for whom, and the documents that show that they may."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.kernel.tokens import new_token
from requests_app.enums import Behalf, Capacity, Decision, DocumentKind, Status
from requests_app.models.request import Request


class RepresentationQuerySet(models.QuerySet["Representation"]):
    def waiting_for_desk(self) -> RepresentationQuerySet:
        """Those whose proof is there, and whose person has confirmed them where they can: staff look next."""
        confirmed = ~Q(request__behalf=Behalf.AGENT) | Q(confirmed_at__isnull=False)
        return self.filter(confirmed, request__status=Status.RECEIVED, submitted_at__isnull=False)


class Representation(models.Model):
    """What a requester says of the person they ask for, and how far that is shown. It says nothing of whether we know the person."""

    request = models.OneToOneField(Request, models.CASCADE, related_name="representation")
    capacity = models.CharField(_("what lets them ask"), max_length=12, choices=Capacity)
    requester_name = EncryptedTextField(_("name of the requester"), null=True)
    person_name = EncryptedTextField(_("name of the person"), null=True)
    person_address = EncryptedTextField(_("address of the person"), null=True, blank=True)
    known_by = EncryptedTextField(_("what else the person is known by"), null=True, blank=True)
    of_age_on = EncryptedTextField(_("day the child comes of age"), null=True, blank=True)  # ISO; it would tell the birthday

    shown_at = models.DateTimeField(_("requester showed who they are"), null=True, blank=True)
    submitted_at = models.DateTimeField(_("documents came"), null=True, blank=True)
    asked_at = models.DateTimeField(_("person asked"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed by the person"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted by staff"), null=True, blank=True)
    ended_at = models.DateTimeField(_("authority ended"), null=True, blank=True)
    # The agent must not learn of a no before the days are over in which nobody need answer.
    declined_at = models.DateTimeField(_("declined by the person"), null=True, blank=True)
    notified_at = models.DateTimeField(_("holder of the account told"), null=True, blank=True)

    objects = RepresentationQuerySet.as_manager()

    class Meta:
        verbose_name = _("representation")
        verbose_name_plural = _("representations")

    def __str__(self) -> str:
        return f"representation #{self.pk}"

    @property
    def is_for_desk(self) -> bool:
        """Whether staff look next."""
        is_confirmed = self.request.behalf != Behalf.AGENT or self.confirmed_at is not None
        return self.request.status == Status.RECEIVED and self.submitted_at is not None and is_confirmed

    @property
    def held_until(self) -> datetime | None:
        """Until when nothing is given out or done: the holder of the account was told, and has these days to stop it."""
        return self.notified_at + timedelta(days=settings.REPRESENTED_NOTICE_DAYS) if self.notified_at is not None else None

    @property
    def is_of_age(self) -> bool:
        """Whether the child has come of age: from then on it asks for itself."""
        return bool(self.of_age_on) and date.fromisoformat(str(self.of_age_on)) <= clock.now().date()


def _new_id() -> str:
    return new_token()


class ProofDocument(models.Model):
    """A document sent as proof, sealed under a key of its own. The file goes early; that it was seen, by whom and when, stays."""

    request = models.ForeignKey(Request, models.CASCADE, related_name="proof_documents")
    public_id = models.CharField(max_length=32, unique=True, default=_new_id)
    kind = models.CharField(_("what it shows"), max_length=12, choices=DocumentKind)
    sent_at = models.DateTimeField(_("sent"))

    # Gone once removed_at is set.
    original_name = EncryptedTextField(_("name"), null=True)
    media_type = models.CharField(_("kind of file"), max_length=40)
    size = models.PositiveIntegerField(_("size"))
    object_name = models.CharField(max_length=80)
    key = EncryptedTextField(null=True)  # Base64 of 32 bytes
    sealed_size = models.PositiveIntegerField()

    seen_at = models.DateTimeField(_("seen"), null=True, blank=True)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("seen by")
    )
    decision = models.CharField(_("decision"), max_length=10, choices=Decision, default=Decision.PENDING)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    removed_at = models.DateTimeField(_("removed"), null=True, blank=True)

    class Meta:
        verbose_name = _("proof document")
        verbose_name_plural = _("proof documents")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(removed_at__isnull=True) | Q(key__isnull=True), name="proof_document_key_gone", violation_error_code="key_kept"
            )
        ]

    def __str__(self) -> str:
        return f"proof document #{self.pk}"
