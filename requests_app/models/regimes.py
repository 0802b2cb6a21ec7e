"""Laws with a clock, as data: dated versions that are added and never changed, so that a date once given keeps its reasons."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django_countries.fields import CountryField

from requests_app.clock.arithmetic import Unit
from requests_app.enums import Kind


class Regime(models.Model):
    """One version of one law: where it applies, since when, and how it counts. Its rules say how long there is."""

    key = models.SlugField(_("key"), max_length=32)
    version = models.PositiveIntegerField(_("version"), editable=False)
    name = models.CharField(_("name"), max_length=100)
    countries = CountryField(
        _("applies to people in"),
        multiple=True,
        blank=True,
        max_length=400,
        help_text=_("People who state one of these countries. The operator's own laws (OPERATOR_REGIMES) apply to everybody."),
    )
    source = models.CharField(_("source"), max_length=300, help_text=_("Article and law; the person reads it."))
    checked_on = models.DateField(_("checked on"))
    remark = models.CharField(_("remark for the desk"), max_length=300, blank=True)
    valid_from = models.DateField(_("in force from"))
    valid_until = models.DateField(_("in force until"), null=True, blank=True, help_text=_("Included. Empty: without end."))

    counts_first_day = models.BooleanField(
        _("the day of receipt is the first day"), default=False, help_text=_("Else days are counted from the day after it.")
    )
    rolls_over = models.BooleanField(
        _("moves to the next working day"), default=False, help_text=_("Where it ends on a weekend or a public holiday.")
    )

    # Refusals: what somebody can do about one by this law, and how long they may take to ask us for a review.
    remedies = models.TextField(
        _("what can be done about a refusal"),
        max_length=1500,
        blank=True,
        help_text=_("Printed in the letter: appeal, authority, court, each with its time. Empty: nothing beside what every letter says."),
    )
    appeal = models.PositiveSmallIntegerField(
        _("time to ask for a review"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text=_("Where this law gives people longer than REVIEW_MONTHS. Empty: that time."),
    )
    appeal_unit = models.CharField(_("counted in"), max_length=16, choices=Unit, default=Unit.DAYS)

    made_at = models.DateTimeField(_("made"), editable=False)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+", verbose_name=_("made by")
    )
    note = models.CharField(_("why this version"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("law with a clock")
        verbose_name_plural = _("laws with a clock")
        ordering = ["key", "-version"]
        constraints = [
            models.UniqueConstraint(fields=["key", "version"], name="regime_version", violation_error_code="version_taken"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=F("valid_from")),
                name="regime_dates_in_order",
                violation_error_code="dates_out_of_order",
                violation_error_message=_("It can't end before it begins."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.version}"


class RegimeRule(models.Model):
    """What a version says about requests of one kind, or about all that have no rule of their own."""

    regime = models.ForeignKey(Regime, models.CASCADE, related_name="rules")
    kind = models.CharField(_("right"), max_length=16, choices=Kind, blank=True, help_text=_("Empty: every right without its own rule."))

    amount = models.PositiveSmallIntegerField(_("time to answer"), validators=[MinValueValidator(1), MaxValueValidator(366)])
    unit = models.CharField(_("counted in"), max_length=16, choices=Unit)
    extension = models.PositiveSmallIntegerField(
        _("extension"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(366)],
        help_text=_("Once, in the same unit, told with reasons before the time to answer is over. Empty: none."),
    )
    extension_for = models.CharField(_("reasons for an extension"), max_length=200, blank=True)
    acknowledgement = models.PositiveSmallIntegerField(
        _("time to acknowledge"), null=True, blank=True, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    acknowledgement_unit = models.CharField(_("counted in"), max_length=16, choices=Unit, default=Unit.BUSINESS_DAYS)
    rests_for_identity = models.BooleanField(_("rests while the person is asked who they are"), default=False)
    rests_for_clarification = models.BooleanField(_("rests while the person is asked what they mean"), default=False)
    refusal_names = models.CharField(_("what a refusal must name"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["kind"]
        constraints = [
            models.UniqueConstraint(fields=["regime", "kind"], name="regime_one_rule_per_kind", violation_error_code="rule_taken"),
            models.CheckConstraint(condition=Q(amount__gte=1), name="regime_rule_takes_time", violation_error_code="no_time"),
        ]

    def __str__(self) -> str:
        return f"rule #{self.pk}"
