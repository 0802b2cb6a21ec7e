"""What is held and why: purposes, recipients, retention rules, and connectors to databases outside this one."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any
from zoneinfo import ZoneInfo

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.enums import ConnectorKind, LegalBasis, RecordCategory, TestOutcome
from privacycenter.datamap.validators import validate_key, validate_key_list, validate_rows, validate_time_zone
from privacycenter.kernel.cards import mask_in
from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.kernel.errors import CardNumberFound
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.subjects.enums import IDENTIFIER_CHOICES


class CardFree(models.Model):
    """A row whose texts and lists hold no full card number: staff paste anything anywhere."""

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        errors: dict[str, list[ValidationError]] = {}
        try:
            super().clean_fields(exclude)
        except ValidationError as error:
            errors = error.update_error_dict({})
        for field in self._meta.concrete_fields:
            is_written = isinstance(field, models.CharField | models.TextField | models.JSONField)
            # An address is a secret, stored encrypted: its password may be any digits.
            if is_written and not isinstance(field, EncryptedTextField) and field.name not in (exclude or ()):
                value = getattr(self, field.attname)
                if mask_in(value) != value:
                    errors.setdefault(field.name, []).append(ValidationError(CardNumberFound.message, code=CardNumberFound.code))
        if errors:
            raise ValidationError(errors)


class Entry(CardFree):
    """What purposes, recipients and retention rules have in common: a stable key that sources name, and an order."""

    key = models.CharField(_("key"), max_length=40, unique=True, validators=[validate_key])
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        ordering = ["position", "key"]

    def __str__(self) -> str:
        return self.key


class Purpose(Entry):
    """What personal data is used for, on which legal basis (GDPR Art. 5(1)(b), 6(1))."""

    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("description"), help_text=_("In plain words, for the person whose data it is."))
    legal_basis = models.CharField(_("legal basis"), max_length=24, choices=LegalBasis)
    balancing_note = models.TextField(
        _("balancing note"),
        blank=True,
        help_text=_("For legitimate interests: what the interest is and why the person's interests do not outweigh it."),
    )

    class Meta(Entry.Meta):
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        constraints = [
            models.CheckConstraint(
                name="purpose_legal_basis_is_known", condition=Q(legal_basis__in=LegalBasis.values), violation_error_code="unknown_basis"
            ),
            models.CheckConstraint(
                name="purpose_is_described",
                condition=~Q(title="") & ~Q(description=""),
                violation_error_code="undescribed",
                violation_error_message=_("A purpose needs a title and a description."),
            ),
            models.CheckConstraint(
                name="purpose_legitimate_interest_is_balanced",
                condition=~Q(legal_basis=LegalBasis.LEGITIMATE_INTERESTS) | ~Q(balancing_note=""),
                violation_error_code="unbalanced",
                violation_error_message=_("A legitimate interest needs its balancing note (GDPR Art. 6(1)(f))."),
            ),
        ]


class Recipient(Entry):
    """Who else gets personal data, what of it, why, and under which safeguards (GDPR Art. 13(1)(e), 15(1)(c))."""

    name = models.CharField(_("name"), max_length=120)
    receives = models.TextField(_("what it receives"))
    why = models.TextField(_("why"))
    safeguards = models.TextField(_("safeguards"), help_text=_("Contracts, standard clauses, certificates, technical measures."))
    countries = models.CharField(
        _("countries"),
        max_length=200,
        blank=True,
        help_text=_("Where the data goes, as country codes with commas (MY, DE). Empty where it stays with the controller."),
    )
    gives_value = models.BooleanField(
        _("gives money or value for the data"),
        default=False,
        help_text=_("That would be a sale. Personal data is never sold, so such a recipient can't be saved."),
    )

    class Meta(Entry.Meta):
        verbose_name = _("recipient")
        verbose_name_plural = _("recipients")
        constraints = [
            models.CheckConstraint(
                name="recipient_has_safeguards",
                condition=~Q(safeguards="") & ~Q(receives="") & ~Q(why="") & ~Q(name=""),
                violation_error_code="no_safeguards",
                violation_error_message=_("A recipient needs a name, what it receives, why, and its safeguards."),
            ),
            models.CheckConstraint(
                name="recipient_is_no_buyer",
                condition=Q(gives_value=False),
                violation_error_code="sale",
                violation_error_message=_("Personal data is never sold: such a recipient can't be saved."),
            ),
        ]


class RetentionRule(Entry):
    """How long data is kept, in words for the person and in days for the machine, and on what ground."""

    title = models.CharField(_("title"), max_length=120)
    period_days = models.PositiveIntegerField(
        _("period in days"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_("Empty where an event ends the keeping, not a date."),
    )
    text = models.TextField(_("text"), help_text=_("What the person reads: how long, counted from when."))
    legal_ground = models.TextField(_("legal ground"))

    class Meta(Entry.Meta):
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        constraints = [
            models.CheckConstraint(
                name="retention_rule_is_described",
                condition=~Q(title="") & ~Q(text="") & ~Q(legal_ground=""),
                violation_error_code="undescribed",
                violation_error_message=_("A retention rule needs a title, a text and its legal ground."),
            ),
            models.CheckConstraint(
                name="retention_rule_period_is_positive",
                condition=Q(period_days=None) | Q(period_days__gt=0),
                violation_error_code="no_period",
            ),
        ]


class Connector(CardFree):
    """A database outside this one. Its address is a secret: stored encrypted, never shown again, only `place` is."""

    key = models.CharField(
        _("key"),
        max_length=40,
        unique=True,
        validators=[validate_key],
        help_text=_("Stands in bundles before each source's key, so choose it once: shop, crm, helpdesk."),
    )
    name = models.CharField(_("name"), max_length=120)
    kind = models.CharField(_("kind"), max_length=8, choices=ConnectorKind, default=ConnectorKind.SQL)
    is_enabled = models.BooleanField(_("in use"), default=True)

    url = EncryptedTextField(_("database address"))
    place = models.CharField(_("place"), max_length=300, editable=False)
    schema = models.CharField(_("schema"), max_length=63, blank=True, help_text=_("Empty for the database's default schema."))

    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        default="UTC",
        validators=[validate_time_zone],
        help_text=_("Which time zone times without one are meant in."),
    )
    statement_timeout_seconds = models.PositiveSmallIntegerField(
        _("statement time-out in seconds"), default=30, validators=[MinValueValidator(1), MaxValueValidator(600)]
    )

    test_outcome = models.CharField(_("test"), max_length=8, choices=TestOutcome, default=TestOutcome.UNTESTED, editable=False)
    tested_at = models.DateTimeField(_("tested"), null=True, editable=False)

    # New with every change of the connector or one of its sources: tells each process to drop its engine and its sources.
    revision = models.UUIDField(default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["key"]
        verbose_name = _("connector")
        verbose_name_plural = _("connectors")
        constraints = [
            models.CheckConstraint(
                name="connector_kind_is_known", condition=Q(kind__in=ConnectorKind.values), violation_error_code="unknown_kind"
            ),
            models.CheckConstraint(
                name="connector_timeout_in_range",
                condition=Q(statement_timeout_seconds__gte=1, statement_timeout_seconds__lte=600),
                violation_error_code="timeout",
            ),
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


def empty_list() -> list[Any]:
    """Default of the JSON columns."""
    return []


class ConnectorSource(CardFree):
    """One source of personal data behind a connector: a table, how a person is found in it, and what its columns mean.

    The JSON columns are read through privacycenter.datamap.sql.plan only.
    """

    connector = models.ForeignKey(Connector, on_delete=models.CASCADE, related_name="sources", verbose_name=_("connector"))
    key = models.CharField(_("key"), max_length=40, validators=[validate_key], help_text=_("Stands in bundles: invoices, profile."))
    title = models.CharField(_("title"), max_length=120, help_text=_("What the person reads: Invoices."))
    category = models.CharField(_("category"), max_length=16, choices=RecordCategory, default=RecordCategory.OTHER)
    is_enabled = models.BooleanField(_("in use"), default=True)

    table = models.CharField(_("table"), max_length=128)
    key_columns = models.JSONField(_("key columns"), default=empty_list, blank=True, validators=[validate_key_list])
    joins = models.JSONField(_("joins"), default=empty_list, blank=True, validators=[validate_rows])
    person_column = models.CharField(_("column that names the person"), max_length=260)
    identifier_kind = models.CharField(_("what stands in it"), max_length=20, choices=IDENTIFIER_CHOICES, default=IdentifierKind.EMAIL)
    date_column = models.CharField(_("column that dates a row"), max_length=260, blank=True)

    columns = models.JSONField(_("fields"), default=empty_list, blank=True, validators=[validate_rows])

    purposes = models.JSONField(_("purposes"), default=empty_list, validators=[validate_key_list])
    recipients = models.JSONField(_("recipients"), default=empty_list, blank=True, validators=[validate_key_list])
    retention = models.ForeignKey(
        RetentionRule, to_field="key", on_delete=models.PROTECT, related_name="+", verbose_name=_("retention rule")
    )
    origin = models.CharField(_("origin"), max_length=300, help_text=_("Where the data comes from: “your orders in the shop”."))
    is_portable = models.BooleanField(
        _("portable"), default=False, help_text=_("The person provided it, under consent or contract (GDPR Art. 20(1)).")
    )

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["connector__key", "key"]
        verbose_name = _("connected source")
        verbose_name_plural = _("connected sources")
        constraints = [
            models.UniqueConstraint(
                name="connector_source_key_is_unique",
                fields=["connector", "key"],
                violation_error_code="repeated",
                violation_error_message=_("This connector has a source of that key already."),
            ),
        ]

    def __str__(self) -> str:
        return self.source_key

    @property
    def source_key(self) -> str:
        return f"{self.connector.key}.{self.key}"
