"""Answers in words: questions to the person, refusals that wait for a second person, authorities and what they wrote."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from privacycenter.kernel.encryption import EncryptedTextField
from requests_app.answers.grounds import Ground
from requests_app.enums import FeedbackOutcome
from requests_app.models.request import Request, TimelineEvent


class Question(models.Model):
    """A question that staff asked, and whether it was answered. The words of both stand in the timeline, encrypted."""

    request = models.ForeignKey(Request, models.CASCADE, related_name="questions")
    asked = models.OneToOneField(TimelineEvent, models.CASCADE, related_name="question")
    wants_document = models.BooleanField(_("a proof of identity is asked for"), default=False)
    asked_at = models.DateTimeField(_("asked"))
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    ended_at = models.DateTimeField(_("answered, or gone on without"), null=True, blank=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        constraints = [
            models.UniqueConstraint(
                fields=["request"], condition=Q(ended_at__isnull=True), name="question_one_open", violation_error_code="asked_already"
            )
        ]
        indexes = [models.Index(fields=["asked_at"], name="question_to_remind", condition=Q(ended_at__isnull=True))]

    def __str__(self) -> str:
        return f"question #{self.pk}"


class ProposedRefusal(models.Model):
    """A refusal that goes out when a second person of staff agrees. Gone once it is decided on."""

    request = models.OneToOneField(Request, models.CASCADE, related_name="proposed_refusal")
    ground = models.CharField(_("ground"), max_length=32, choices=Ground)
    reasoning = EncryptedTextField(_("reasoning"))
    proposed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("proposed by"))
    proposed_at = models.DateTimeField(_("proposed"))

    class Meta:
        verbose_name = _("proposed refusal")
        verbose_name_plural = _("proposed refusals")

    def __str__(self) -> str:
        return f"proposed refusal #{self.pk}"


def check_https(value: str) -> None:
    """Refuse an address that does not begin with https: people type complaints into what stands behind it."""
    if not value.startswith("https://"):
        raise ValidationError(_("Give an address that begins with https://."), code="https")


class Authority(models.Model):
    """A supervisory authority of a country, with what somebody needs to complain there. Shown to everybody."""

    key = models.SlugField(_("key"), unique=True)
    country = CountryField(_("country or region"))
    region = models.CharField(_("part of the country"), max_length=80, blank=True)  # where it is for a part only
    name = models.CharField(_("name"), max_length=200)
    web_address = models.URLField(_("web address"), validators=[check_https])
    how_to_file = models.TextField(_("how to complain there"), max_length=1000)
    checked_on = models.DateField(_("checked on"))
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_listed = models.BooleanField(_("shown"), default=True)

    class Meta:
        verbose_name = _("supervisory authority")
        verbose_name_plural = _("supervisory authorities")
        ordering = ["country", "position", "name"]

    def __str__(self) -> str:
        return self.name


class AuthorityFeedback(models.Model):
    """What an authority wrote about a request or a complaint, and what came of it."""

    request = models.ForeignKey(Request, models.CASCADE, related_name="authority_feedback", verbose_name=_("request"))
    authority = models.ForeignKey(Authority, models.PROTECT, related_name="feedback", verbose_name=_("authority"))
    reference = EncryptedTextField(_("their reference"), null=True, blank=True)
    received_on = models.DateField(_("received"))
    answer_due_on = models.DateField(_("answer due"), null=True, blank=True)
    summary = EncryptedTextField(_("what they say"))
    outcome = models.CharField(_("outcome"), max_length=16, choices=FeedbackOutcome, default=FeedbackOutcome.OPEN)
    recorded_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded"))

    class Meta:
        verbose_name = _("feedback of an authority")
        verbose_name_plural = _("feedback of authorities")
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=FeedbackOutcome.values), name="feedback_outcome_known", violation_error_code="unknown_outcome"
            ),
            models.CheckConstraint(
                condition=Q(answer_due_on__isnull=True) | Q(answer_due_on__gte=models.F("received_on")),
                name="feedback_due_after_receipt",
                violation_error_code="dates_out_of_order",
            ),
        ]
        indexes = [models.Index(fields=["answer_due_on"], name="feedback_due", condition=Q(outcome="open"))]

    def __str__(self) -> str:
        return f"feedback #{self.pk}"
