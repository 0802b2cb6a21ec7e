"""What the data map distinguishes."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class LegalBasis(models.TextChoices):
    """Why personal data may be used (GDPR Art. 6(1)): the five bases that the policy names."""

    CONSENT = "consent", _("Consent")
    CONTRACT = "contract", _("Contract")
    LEGAL_OBLIGATION = "legal_obligation", _("Legal obligation")
    VITAL_INTERESTS = "vital_interests", _("Vital interests")
    LEGITIMATE_INTERESTS = "legitimate_interests", _("Legitimate interests")


# What a person provides under one of these can be taken along (GDPR Art. 20(1)).
PORTABLE_BASES = frozenset({LegalBasis.CONSENT, LegalBasis.CONTRACT})


class ConnectorKind(models.TextChoices):
    """How data outside this database is reached."""

    SQL = "sql", _("SQL database")


class TestOutcome(models.TextChoices):
    """How the latest connection test ended."""

    __test__ = False  # not a test case, whatever the name looks like to a collector

    UNTESTED = "untested", _("Not tested yet")
    REACHED = "reached", _("Connection works")
    FAILED = "failed", _("Connection failed")


class RecordCategory(models.TextChoices):
    """The categories of privacycenter.kernel.sources.CATEGORIES, in the words people read."""

    IDENTITY = "identity", _("Who you are")
    ACCOUNT = "account", _("Your account")
    SECURITY = "security", _("Security")
    CONTACT = "contact", _("How to reach you")
    PURCHASES = "purchases", _("Purchases")
    INTERACTIONS = "interactions", _("Conversations with us")
    FORMS = "forms", _("Forms you filled in")
    REQUESTS = "requests", _("Your requests")
    OTHER = "other", _("Other")


class LookReason(models.TextChoices):
    """Why staff looks at a sample of a connected source. A code, not free text: it stands in the audit trail."""

    SETTING_UP = "setting_up", _("Setting up or checking this source")
    REQUEST = "request", _("Answering a person's request")
    ERROR = "error", _("Looking into an error or an incident")
