"""Connectors to databases outside this one, and what is read behind them."""

from __future__ import annotations

import uuid
from typing import Any
from zoneinfo import ZoneInfo

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.enums import ConnectorKind, ErasureChoice, RecordCategory, TestOutcome
from privacycenter.datamap.models.card_free import CardFree
from privacycenter.datamap.models.entries import RetentionRule
from privacycenter.datamap.validators import validate_key, validate_key_list, validate_rows, validate_time_zone
from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.subjects.enums import IDENTIFIER_CHOICES


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
    may_write = models.BooleanField(
        _("may change data"),
        default=False,
        help_text=_("Off: this connector only reads. On: corrections and erasures that you set up for a source are made in that database."),
    )
    # Empty: changes are made with the address above.
    write_url = EncryptedTextField(_("database address for changes"), blank=True, default=b"")
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

    correctable = models.JSONField(_("fields that may be corrected"), default=empty_list, blank=True, validators=[validate_key_list])
    erasure = models.CharField(_("what an erasure does"), max_length=9, choices=ErasureChoice, default=ErasureChoice.UNDECIDED, blank=True)
    erasure_reason = models.CharField(
        _("why it is not deleted"), max_length=300, blank=True, help_text=_("A sentence that the person reads.")
    )
    keep_days = models.PositiveIntegerField(
        _("kept for days"), null=True, blank=True, validators=[MinValueValidator(1)], help_text=_("Counted from the erasure.")
    )
    owned_tables = models.JSONField(_("tables that go along"), default=empty_list, blank=True, validators=[validate_key_list])
    strategies = models.JSONField(_("what becomes of each column"), default=empty_list, blank=True, validators=[validate_rows])

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
