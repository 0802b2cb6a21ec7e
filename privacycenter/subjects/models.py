"""A person as the privacy center knows them: a subject and the identifiers that point to it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.subjects.enums import IDENTIFIER_CHOICES


class Subject(models.Model):
    """One person, with or without an account. What hangs on the person rather than the account is here."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    # Public ids of people who were merged into this one: what was written under them is still theirs.
    former_ids = models.JSONField(default=list, blank=True, editable=False)

    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)  # IANA name
    language = models.CharField(_("language"), max_length=16, blank=True)  # BCP 47

    # Asked by the gate before anything is done with the person's data (privacycenter.preferences.gate).
    restricted_at = models.DateTimeField(_("restricted"), null=True, blank=True, editable=False)
    is_child = models.BooleanField(_("known to be a child"), default=False, editable=False)

    # From then on the row is a bare number to which requests and their proof refer; nothing leads from it to anybody.
    erased_at = models.DateTimeField(_("erased"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        permissions = [("manage_identity", "Can merge and split people and note proven identifiers")]

    def __str__(self) -> str:
        return f"person {str(self.public_id)[:8]}"


class IdentifierQuerySet(models.QuerySet["Identifier"]):
    def proven(self) -> IdentifierQuerySet:
        """Identifiers that the person has shown to be theirs. Only these may find, receive or merge anything."""
        return self.filter(proven_at__isnull=False)


class Identifier(models.Model):
    """An address, number or name that points to a person, with where it came from and whether it is proven."""

    subject = models.ForeignKey(Subject, models.CASCADE, related_name="identifiers")
    kind = models.CharField(_("kind"), max_length=20, choices=IDENTIFIER_CHOICES)
    value = models.CharField(_("value"), max_length=320)  # as kernel.normalise gives it

    source = models.CharField(_("source"), max_length=64)  # what told us, e.g. "accounts.registration"
    created_at = models.DateTimeField(_("added"))
    proven_at = models.DateTimeField(_("proven"), null=True, blank=True)

    objects = IdentifierQuerySet.as_manager()

    class Meta:
        verbose_name = _("identifier")
        verbose_name_plural = _("identifiers")
        constraints = [
            models.UniqueConstraint(fields=["subject", "kind", "value"], name="subjects_identifier_once_per_person"),
            # A proven identifier points to one person only; this index also answers "whose is it".
            models.UniqueConstraint(fields=["kind", "value"], condition=Q(proven_at__isnull=False), name="subjects_identifier_proven_once"),
        ]
        indexes = [models.Index(fields=["kind", "value"], name="subjects_identifier_lookup")]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"


class Restriction(models.Model):
    """One reason why a person's data is kept but not used (GDPR Art. 18): all of it, or what one source holds.

    Several may stand beside each other, each from a request of its own; the data is free when the last one is lifted. Those about
    everything also stand in `Subject.restricted_at`, which the gate reads for thousands without another query.
    """

    subject = models.ForeignKey(Subject, models.CASCADE, related_name="restrictions")
    source = models.CharField(_("source"), max_length=100, blank=True)  # key of a source; empty for everything
    since = models.DateTimeField(_("since"))
    reason = models.CharField(_("reason"), max_length=32, blank=True)  # a code; empty for those from before reasons were kept
    ref = models.CharField(_("request"), max_length=16, blank=True)  # reference of the request it came from

    class Meta:
        verbose_name = _("restriction")
        verbose_name_plural = _("restrictions")
        constraints = [models.UniqueConstraint(fields=["subject", "source", "ref"], name="subjects_restriction_once")]

    def __str__(self) -> str:
        return f"restriction #{self.pk}"


class PushDevice(models.Model):
    """A device on which the person agreed to get push messages. What it is reached by is a secret of its maker's service."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    subject = models.ForeignKey(Subject, models.CASCADE, related_name="push_devices")
    label = models.CharField(_("device"), max_length=80)  # as the person knows it: "Phone", "Firefox on Linux"
    endpoint = EncryptedTextField(blank=True)  # blanked when switched off
    endpoint_digest = models.CharField(max_length=64)  # SHA-256: the same device registers once
    created_at = models.DateTimeField(_("added"))
    disabled_at = models.DateTimeField(_("switched off"), null=True, blank=True)

    class Meta:
        verbose_name = _("push device")
        verbose_name_plural = _("push devices")
        constraints = [models.UniqueConstraint(fields=["subject", "endpoint_digest"], name="subjects_push_device_once")]

    def __str__(self) -> str:
        return f"push device #{self.pk}"
