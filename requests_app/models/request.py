"""The request and its history."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from requests_app.clock import DueDate
from requests_app.enums import Channel, Kind, Outcome, Status
from requests_app.references import new_reference


class RequestQuerySet(models.QuerySet["Request"]):
    def verified(self) -> RequestQuerySet:
        """Requests whose person has proven who they are. Only these bind anybody to anything."""
        return self.filter(verified_at__isnull=False)

    def open(self) -> RequestQuerySet:
        """Verified and not answered: the clock runs."""
        return self.filter(status__in=Status.OPEN)

    def of(self, subject_id: int) -> RequestQuerySet:
        """What one person has filed and proven, newest first."""
        return self.verified().filter(subject_id=subject_id).order_by("-received_at", "-pk")

    def due_before(self, moment: datetime) -> RequestQuerySet:
        """Open requests that must be answered before `moment`."""
        return self.open().filter(due_at__lt=moment)


class Request(models.Model):
    """One use of one right by one person. Until the proof it belongs to nobody, blocks nothing and collects nothing."""

    ref = models.CharField(_("reference"), max_length=16, unique=True, default=new_reference, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    status = models.CharField(_("state"), max_length=16, choices=Status, default=Status.RECEIVED)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome, blank=True)

    # Who: known from the proof on. `contact` is the proven address of a person without an account.
    subject = models.ForeignKey("subjects.Subject", models.PROTECT, null=True, blank=True, related_name="requests")
    channel = models.CharField(_("channel"), max_length=16, choices=Channel)
    contact = EncryptedTextField(_("contact address"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=16, default="en")

    # When. `due_explanation` holds what requests_app.clock.DueDate needs to say why the date is what it is.
    received_at = models.DateTimeField(_("received"))
    verified_at = models.DateTimeField(_("proven"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    due_explanation = models.JSONField(default=dict, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    # The desk
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="assigned_requests", verbose_name=_("assigned to")
    )
    # Sources that staff withhold, with the ground that is printed: {source key: reason}. Read when a bundle is planned.
    withheld = models.JSONField(default=dict, blank=True)

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        permissions = [
            ("work_request", _("Can work on requests: retry, release, assign")),
            ("see_personal_data", _("Can open personal data of a request, with a reason")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=Status.values), name="request_status_known", violation_error_code="unknown_status"
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="request_kind_known", violation_error_code="unknown_kind"),
            models.CheckConstraint(
                condition=Q(outcome="") | Q(outcome__in=Outcome.values),
                name="request_outcome_known",
                violation_error_code="unknown_outcome",
            ),
            # An ended request says how it ended; a running one does not.
            models.CheckConstraint(
                condition=Q(status__in=Status.ANSWERED) & ~Q(outcome="") | ~Q(status__in=Status.ANSWERED) & Q(outcome=""),
                name="request_outcome_when_ended",
                violation_error_code="outcome_without_end",
            ),
            # Beyond the first state everything was proven, save what was closed because it never was.
            models.CheckConstraint(
                condition=Q(subject__isnull=False, verified_at__isnull=False, due_at__isnull=False)
                | Q(status=Status.RECEIVED)
                | Q(status=Status.CLOSED, outcome__in=[Outcome.NOT_VERIFIED, Outcome.DUPLICATE]),
                name="request_proven_before_work",
                violation_error_code="unproven",
            ),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True) | Q(verified_at__gte=models.F("received_at")),
                name="request_proven_after_receipt",
                violation_error_code="dates_out_of_order",
            ),
            # One open request of a kind per person. Unproven ones have another status, so they can neither block nor duplicate.
            models.UniqueConstraint(
                fields=["subject", "kind"],
                condition=Q(status__in=Status.OPEN),
                name="request_one_open_per_kind",
                violation_error_code="already_open",
            ),
        ]
        indexes = [
            # the queue: open requests by due date
            models.Index(fields=["due_at"], name="request_queue", condition=Q(status__in=Status.OPEN)),
            # a person's own list, newest first
            models.Index(fields=["subject", "-received_at"], name="request_of_person"),
            # unproven ones that lapse
            models.Index(fields=["received_at"], name="request_unproven", condition=Q(status=Status.RECEIVED)),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_open(self) -> bool:
        return self.status in Status.OPEN

    @property
    def due(self) -> DueDate | None:
        """The due date with the reasons for it."""
        return DueDate.from_json(self.due_explanation) if self.due_explanation else None


class TimelineEvent(models.Model):
    """One thing that happened to a request, as the person and the desk see it. Written with the change itself."""

    request = models.ForeignKey(Request, models.CASCADE, related_name="timeline")
    at = models.DateTimeField(_("when"))
    event = models.CharField(_("what"), max_length=32)
    status = models.CharField(_("state after it"), max_length=16, choices=Status)
    actor_kind = models.CharField(_("who (kind)"), max_length=16)
    actor_ref = models.CharField(_("who"), max_length=64, blank=True)
    note = EncryptedTextField(_("note"), null=True, blank=True)
    details = models.JSONField(default=dict, blank=True)  # codes and counts only
    is_internal = models.BooleanField(_("for the desk only"), default=False)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [models.Index(fields=["request", "id"], name="timeline_of_request")]

    def __str__(self) -> str:
        return f"{self.event} #{self.pk}"
