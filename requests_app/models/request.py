"""The request and its history."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.encryption import EncryptedTextField
from requests_app.clock import DueDate
from requests_app.enums import Behalf, Channel, Kind, Outcome, Status
from requests_app.references import new_reference

# By when an open request must be answered, before everything else for an urgent one; null for one that is not open. The queue is
# ordered by it.
BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC)
BURNS_AT = Case(
    When(is_priority=True, status__in=Status.OPEN, then=Value(BEFORE_ALL)),
    When(status__in=Status.OPEN, then=F("due_at")),
    default=None,
    output_field=models.DateTimeField(),
)


class RequestQuerySet(models.QuerySet["Request"]):
    def verified(self) -> RequestQuerySet:
        """Requests whose person has proven who they are. Only these bind anybody to anything."""
        return self.filter(verified_at__isnull=False)

    def reachable(self) -> RequestQuerySet:
        """Requests that have somebody who may see them: proven, or for somebody else by a requester who showed who they are."""
        return self.filter(Q(verified_at__isnull=False) | Q(representation__shown_at__isnull=False))

    def open(self) -> RequestQuerySet:
        """Verified and not answered: the clock runs."""
        return self.filter(status__in=Status.OPEN)

    def of(self, subject_id: int) -> RequestQuerySet:
        """What one person has filed and proven, newest first."""
        return self.verified().filter(subject_id=subject_id).order_by("-received_at", "-pk")

    def listed_for(self, subject_id: int) -> RequestQuerySet:
        """What somebody has to do with: their own, what they ask for others, and what others ask for them; newest first."""
        return self.reachable().filter(Q(subject_id=subject_id) | Q(filed_by_id=subject_id)).order_by("-received_at", "-pk")

    def overdue(self) -> RequestQuerySet:
        """Those that should be answered by now. A clock that rests is not late."""
        return self.verified().open().filter(due_at__lt=clock.now(), paused_at__isnull=True)


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

    # For whom, and by whom: the person filed it themselves, or `filed_by` did for them; staff typed in what came by mail, phone or letter.
    behalf = models.CharField(_("on behalf"), max_length=16, choices=Behalf, default=Behalf.SELF)
    filed_by = models.ForeignKey(
        "subjects.Subject", models.PROTECT, null=True, blank=True, related_name="requests_for_others", verbose_name=_("filed by")
    )
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="entered_requests", verbose_name=_("entered by")
    )

    filed_by_client = models.CharField(_("filed by the API client"), max_length=100, blank=True)

    # What is asked: in free words, and as codes of the right's form (requests_app.rights), never data about anybody.
    words = EncryptedTextField(_("in their words"), null=True, blank=True)
    choices = models.JSONField(default=dict, blank=True)
    follows = models.ForeignKey(
        "self", models.SET_NULL, null=True, blank=True, related_name="followers", verbose_name=_("comes after")
    )  # the refusal to review, the copy to have before the erasure
    country = models.CharField(_("country of the person, as stated"), max_length=2, blank=True)  # ISO 3166-1 alpha-2
    is_priority = models.BooleanField(_("urgent"), default=False)

    # When. `due_explanation` holds what requests_app.clock.DueDate needs to say why the date is what it is.
    received_at = models.DateTimeField(_("received"))
    verified_at = models.DateTimeField(_("proven"), null=True, blank=True)
    acknowledge_by = models.DateTimeField(_("to be acknowledged by"), null=True, blank=True)
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    due_at = models.DateTimeField(_("due"), null=True, blank=True)
    due_explanation = models.JSONField(default=dict, blank=True)
    extended_at = models.DateTimeField(_("extended"), null=True, blank=True)
    extension_reason = EncryptedTextField(_("why it was extended"), null=True, blank=True)
    paused_at = models.DateTimeField(_("clock rests since"), null=True, blank=True)
    paused_days = models.PositiveSmallIntegerField(_("days for which the clock rested"), default=0)
    # The last reminder that staff got: so many days before the date; -1 once it was overdue.
    reminded_days = models.SmallIntegerField(_("last reminder to staff"), null=True, blank=True)
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    # The desk
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="assigned_requests", verbose_name=_("assigned to")
    )
    # Sources that staff withhold, with the ground that is printed: {source key: reason}. Read when a bundle is planned.
    withheld = models.JSONField(default=dict, blank=True)

    # The decision: its ground where it is a refusal, and the letter that the person got.
    refusal_ground = models.CharField(_("ground of refusal"), max_length=32, blank=True)
    letter = EncryptedTextField(_("letter"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="decided_requests", verbose_name=_("decided by")
    )

    # From then on only facts are left: nothing leads to the person any more (requests_app.domain.retention).
    forgotten_at = models.DateTimeField(_("identifiers removed"), null=True, blank=True)

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
                | Q(status=Status.CLOSED, outcome__in=[Outcome.NOT_VERIFIED, Outcome.DUPLICATE])
                | Q(status=Status.CLOSED, forgotten_at__isnull=False),
                name="request_proven_before_work",
                violation_error_code="unproven",
            ),
            models.CheckConstraint(
                condition=Q(verified_at__isnull=True) | Q(verified_at__gte=F("received_at")),
                name="request_proven_after_receipt",
                violation_error_code="dates_out_of_order",
            ),
            # One open request of such a kind per person. Unproven ones have another status, so they can neither block nor duplicate.
            models.UniqueConstraint(
                fields=["subject", "kind"],
                condition=Q(status__in=Status.OPEN, kind__in=Kind.ONE_AT_A_TIME),
                name="request_one_open_per_kind",
                violation_error_code="already_open",
            ),
            # One review of a refusal at a time.
            models.UniqueConstraint(
                fields=["follows"],
                condition=Q(status__in=Status.OPEN, kind=Kind.REVIEW),
                name="request_one_review",
                violation_error_code="already_reviewed",
            ),
        ]
        indexes = [
            # the queue: open requests by due date
            models.Index(fields=["due_at"], name="request_queue", condition=Q(status__in=Status.OPEN)),
            # the whole list in the order of the queue: what is open by due date, then the rest, newest first. Nulls come last on
            # PostgreSQL by themselves; SQLite takes no word about them in an index.
            models.Index(BURNS_AT, F("received_at").desc(), name="request_order", condition=Q(verified_at__isnull=False)),
            # what is counted above the queue
            models.Index(fields=["status"], name="request_alive", condition=~Q(status=Status.CLOSED)),
            # the figures of a month
            models.Index(fields=["answered_at"], name="request_answered", condition=Q(answered_at__isnull=False)),
            models.Index(fields=["received_at"], name="request_received", condition=Q(verified_at__isnull=False)),
            # a person's own list, newest first
            models.Index(fields=["subject", "-received_at"], name="request_of_person"),
            # what is kept no longer
            models.Index(fields=["closed_at"], name="request_to_forget", condition=Q(status=Status.CLOSED, forgotten_at__isnull=True)),
            # what an API client has filed
            models.Index(fields=["filed_by_client"], name="request_of_client", condition=~Q(filed_by_client="")),
            # unproven ones that lapse
            models.Index(fields=["received_at"], name="request_unproven", condition=Q(status=Status.RECEIVED)),
        ]

    def __str__(self) -> str:
        return self.ref

    @property
    def is_open(self) -> bool:
        return self.status in Status.OPEN

    @property
    def is_late(self) -> bool:
        """Whether the answer is overdue. A clock that rests is not late."""
        return self.is_open and self.paused_at is None and self.due_at is not None and self.due_at < clock.now()

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
