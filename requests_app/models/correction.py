"""Corrections that people ask for, field by field, the notes they leave beside their data, and who was told of a change."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.encryption import EncryptedTextField
from requests_app.enums import CorrectionKind, Decision, NoteKind, NoticeEvent, NoticeState, NoticeWay
from requests_app.models.request import Request


class Correction(models.Model):
    """One value to be put right, or one addition. A draft belongs to a person, a sent one to a request; never to both.

    Values are JSON with their types (requests_app.correction.values). A field that is empty means the record as a whole, a record
    that is empty the source as a whole; only additions are about these.
    """

    subject = models.ForeignKey("subjects.Subject", models.CASCADE, null=True, blank=True, related_name="drafted_corrections")
    request = models.ForeignKey(Request, models.CASCADE, null=True, blank=True, related_name="corrections")

    kind = models.CharField(_("what is asked"), max_length=16, choices=CorrectionKind, default=CorrectionKind.CORRECT)
    source_key = models.CharField(_("source"), max_length=120)
    title = models.CharField(_("source"), max_length=200)  # as the person saw it
    record = models.TextField(_("record"), blank=True)
    field = models.CharField(_("field"), max_length=120, blank=True)
    label = models.CharField(_("field"), max_length=200, blank=True)  # as the person saw it

    held = EncryptedTextField(_("value at filing"), null=True, blank=True)
    proposed = EncryptedTextField(_("proposed value"), null=True, blank=True)  # null until it was filled in
    reason = EncryptedTextField(_("why"), null=True, blank=True)
    found = EncryptedTextField(_("value found later"), null=True, blank=True)  # where it had changed meanwhile
    filed_at = models.DateTimeField(_("filed"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("added by")
    )

    decision = models.CharField(_("decision"), max_length=16, choices=Decision, default=Decision.PENDING)
    decision_reason = EncryptedTextField(_("reason of the decision"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    begun_at = models.DateTimeField(_("change begun"), null=True, blank=True)  # at a source outside: from now on it may hold the new value
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    error_code = models.CharField(_("error"), max_length=64, blank=True)

    class Meta:
        verbose_name = _("correction")
        verbose_name_plural = _("corrections")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(request__isnull=False, subject__isnull=True)
                | Q(request__isnull=True, subject__isnull=False, decision=Decision.PENDING),
                name="correction_draft_or_sent",
                violation_error_code="draft_or_sent",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=CorrectionKind.values) & Q(decision__in=Decision.values),
                name="correction_codes_known",
                violation_error_code="unknown_code",
            ),
            models.CheckConstraint(
                condition=~Q(field="") | Q(kind=CorrectionKind.SUPPLEMENT), name="correction_of_a_field", violation_error_code="no_field"
            ),
            models.CheckConstraint(
                condition=~Q(decision=Decision.REFUSED) | Q(decision_reason__isnull=False),
                name="correction_refused_with_reason",
                violation_error_code="reason_missing",
            ),
            models.CheckConstraint(
                condition=Q(applied_at__isnull=True) | Q(decision=Decision.ACCEPTED),
                name="correction_accepted_before_applied",
                violation_error_code="applied_unaccepted",
            ),
        ]

    def __str__(self) -> str:
        return f"correction #{self.pk}"


class Annotation(models.Model):
    """Words of the person that travel with their data: a note on a correction that was not accepted, or an addition that was."""

    subject = models.ForeignKey("subjects.Subject", models.CASCADE, related_name="annotations")
    request = models.ForeignKey(Request, models.SET_NULL, null=True, blank=True, related_name="annotations")
    correction = models.ForeignKey(Correction, models.SET_NULL, null=True, blank=True, related_name="annotations")

    kind = models.CharField(_("kind"), max_length=16, choices=NoteKind)
    source_key = models.CharField(_("source"), max_length=120)
    title = models.CharField(_("source"), max_length=200)
    record = models.TextField(_("record"), blank=True)
    field = models.CharField(_("field"), max_length=120, blank=True)
    label = models.CharField(_("field"), max_length=200, blank=True)
    text = EncryptedTextField(_("text"))
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("note of a person")
        verbose_name_plural = _("notes of people")
        ordering = ["pk"]
        constraints = [
            # Said once: a job that runs twice, or a button pressed twice, adds nothing.
            models.UniqueConstraint(fields=["correction"], name="annotation_once", violation_error_code="noted_already"),
        ]
        indexes = [models.Index(fields=["subject", "source_key"], name="annotation_of_source")]

    def __str__(self) -> str:
        return f"note #{self.pk}"


class RecipientNotice(models.Model):
    """One recipient who had the old data, and how it was told of the change (GDPR Art. 19). The person can see it.

    What is changed once more under the same request is told in a further round. `marks` are keyed hashes of what a round is about.
    `details` say whom and what it is about, for whoever has to find it at the recipient: until it has answered, 30 days at most once
    it was told.
    """

    request = models.ForeignKey(Request, models.CASCADE, related_name="recipient_notices")
    recipient_key = models.CharField(_("recipient"), max_length=64)
    recipient_name = models.CharField(_("recipient"), max_length=120)
    event = models.CharField(_("event"), max_length=16, choices=NoticeEvent, default=NoticeEvent.CORRECTED)
    changed = models.JSONField(_("what was changed"), default=list)  # labels of fields and sources, no values
    round = models.PositiveSmallIntegerField(_("round"), default=1)
    marks = models.JSONField(_("marks"), default=list, blank=True)
    made_at = models.DateTimeField(_("made"), default=clock.now)
    details = EncryptedTextField(_("details"), null=True, blank=True)
    token = models.CharField(_("digest of the link"), max_length=64, blank=True)
    open_until = models.DateTimeField(_("details are kept until"), null=True, blank=True)
    opened_at = models.DateTimeField(_("details opened by the recipient"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)

    state = models.CharField(_("state"), max_length=20, choices=NoticeState, default=NoticeState.DUE)
    how = models.CharField(_("how"), max_length=16, choices=NoticeWay, blank=True)
    told_at = models.DateTimeField(_("told"), null=True, blank=True)
    told_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("told by")
    )
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    answer = EncryptedTextField(_("answer"), null=True, blank=True)
    reason = EncryptedTextField(_("reason"), null=True, blank=True)  # why it can't be told; the person reads it

    class Meta:
        verbose_name = _("notice to a recipient")
        verbose_name_plural = _("notices to recipients")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["request", "recipient_key", "round"], name="notice_once", violation_error_code="second_notice"),
            models.CheckConstraint(
                condition=~Q(state__in=[NoticeState.TOLD, NoticeState.ANSWERED]) | Q(told_at__isnull=False) & ~Q(how=""),
                name="notice_told_in_a_way",
                violation_error_code="way_missing",
            ),
            models.CheckConstraint(
                condition=Q(event__in=NoticeEvent.values), name="notice_event_known", violation_error_code="unknown_code"
            ),
            models.UniqueConstraint(
                fields=["token"], condition=~Q(token=""), name="notice_of_link", violation_error_code="second_link"
            ),  # also finds the notice of a link
            models.CheckConstraint(
                condition=~Q(state__in=NoticeState.WITH_REASON) | Q(reason__isnull=False),
                name="notice_reason_given",
                violation_error_code="reason_missing",
            ),
        ]

    def __str__(self) -> str:
        return f"notice #{self.pk}"
