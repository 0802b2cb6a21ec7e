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


# What each basis means, for the person. All five are named by the policy, whether or not a purpose rests on one now.
BASIS_WORDS = {
    LegalBasis.CONSENT: _("You said yes, and can take it back at any time, as easily as you gave it (GDPR Art. 6(1)(a))."),
    LegalBasis.CONTRACT: _("It is needed for what you ordered or asked us to do (GDPR Art. 6(1)(b))."),
    LegalBasis.LEGAL_OBLIGATION: _("A law tells us to, such as tax law (GDPR Art. 6(1)(c))."),
    LegalBasis.VITAL_INTERESTS: _("It protects somebody's life or health (GDPR Art. 6(1)(d))."),
    LegalBasis.LEGITIMATE_INTERESTS: _(
        "We or others need it, and we weighed that against your interests; you can object (GDPR Art. 6(1)(f))."
    ),
}

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
    CHOICES = "choices", _("Your choices")
    REQUESTS = "requests", _("Your requests")
    OTHER = "other", _("Other")


class ErasureChoice(models.TextChoices):
    """What staff decided that an erasure does with the rows of a connected source: the treatments of the kernel, and none yet."""

    UNDECIDED = "", _("Not decided: rows are only read")
    DELETE = "delete", _("Delete the rows")
    ANONYMISE = "anonymise", _("Keep the rows, and remove what leads to the person")
    RETAIN = "retain", _("Keep everything, with a reason and an end")


class Strategy(models.TextChoices):
    """What becomes of a column when its row is made anonymous."""

    KEEP = "keep", _("Keep as it is")
    NULL = "null", _("NULL")
    EMPTY = "empty", _("Empty text")
    FIXED = "fixed", _("Fixed text")
    UNIQUE = "unique", _("Unique random text")
    PSEUDONYM = "pseudonym", _("Keyed pseudonym")
    YEAR = "year", _("Year only")
    ZERO = "zero", _("Zero")


class LookReason(models.TextChoices):
    """Why staff looks at a sample of a connected source. A code, not free text: it stands in the audit trail."""

    SETTING_UP = "setting_up", _("Setting up or checking this source")
    REQUEST = "request", _("Answering a person's request")
    ERROR = "error", _("Looking into an error or an incident")
