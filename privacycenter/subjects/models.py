"""A person as the privacy center knows them: a subject and the identifiers that point to it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.subjects.enums import IDENTIFIER_CHOICES


class Subject(models.Model):
    """One person, with or without an account. What hangs on the person rather than the account is here."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"))
    # Public ids of people who were merged into this one: what was written under them is still theirs.
    former_ids = models.JSONField(default=list, blank=True, editable=False)

    time_zone = models.CharField(_("time zone"), max_length=64, blank=True)  # IANA name
    language = models.CharField(_("language"), max_length=16, blank=True)  # BCP 47

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
