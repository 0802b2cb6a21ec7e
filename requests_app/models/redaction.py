"""What staff hide of other people in the copy of a request, and what was found there to be looked at."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from requests_app.answers.grounds import Ground
from requests_app.enums import LabelKind, RedactionKind
from requests_app.models.fulfilment import Bundle
from requests_app.models.request import Request


class Redaction(models.Model):
    """One thing of somebody else that is hidden in the copies of a request, and by what label.

    The label is a number that was given out, never made from a name. A redaction that ended keeps its hash and its number, so that
    the same text gets the same label again, in this request and in later ones of the same person.
    """

    request = models.ForeignKey(Request, models.CASCADE, related_name="redactions")
    kind = models.CharField(_("what is hidden"), max_length=8, choices=RedactionKind)
    label_kind = models.CharField(_("who it is"), max_length=8, choices=LabelKind, default=LabelKind.PERSON)
    number = models.PositiveIntegerField(_("number of the label"))
    ground = models.CharField(_("ground"), max_length=32, choices=[(Ground.OTHERS.value, Ground.OTHERS.label)], default=Ground.OTHERS)

    # Of a text: itself, gone once it is hidden no longer, and its keyed hash. Of the others: where they stand.
    text = EncryptedTextField(_("text"), null=True, blank=True)
    text_hash = models.CharField(max_length=160, blank=True)
    source_key = models.CharField(_("source"), max_length=120, blank=True)
    record_key = EncryptedTextField(_("record"), null=True, blank=True)
    field_name = models.CharField(_("field"), max_length=120, blank=True)

    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by"))
    decided_at = models.DateTimeField(_("decided"))
    ended_at = models.DateTimeField(_("shown again"), null=True, blank=True)

    class Meta:
        verbose_name = _("redaction")
        verbose_name_plural = _("redactions")
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=RedactionKind.values) & Q(label_kind__in=LabelKind.values),
                name="redaction_kind_known",
                violation_error_code="unknown_kind",
            ),
            models.CheckConstraint(
                condition=Q(kind="text", source_key="") | (~Q(kind="text") & ~Q(source_key="")),
                name="redaction_text_or_place",
                violation_error_code="redaction_without_place",
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=False) | Q(text__isnull=False) | Q(record_key__isnull=False),
                name="redaction_known_while_active",
                violation_error_code="redaction_of_nothing",
            ),
        ]
        indexes = [models.Index(fields=["text_hash"], name="redaction_of_text", condition=~Q(text_hash=""))]

    def __str__(self) -> str:
        return f"redaction #{self.pk}"


class BundleScan(models.Model):
    """What of other people may stand in a copy, as it was found by looking through it. Sealed; gone with the copy."""

    bundle = models.OneToOneField(Bundle, models.CASCADE, related_name="scan")
    found = EncryptedTextField(null=True, blank=True)
    ordered_at = models.DateTimeField(_("ordered"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("search for other people")
        verbose_name_plural = _("searches for other people")

    def __str__(self) -> str:
        return f"scan #{self.pk}"
