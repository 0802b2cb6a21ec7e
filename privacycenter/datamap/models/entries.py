"""What is held and why: purposes, recipients, retention rules."""

from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.enums import LegalBasis
from privacycenter.datamap.models.card_free import CardFree
from privacycenter.datamap.validators import validate_key


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

    is_direct_marketing = models.BooleanField(
        _("direct marketing"),
        default=False,
        help_text=_("An objection ends it at once, without a decision (GDPR Art. 21(3)); unsubscribing and suppression apply."),
    )
    honours_gpc = models.BooleanField(
        _("stops at Global Privacy Control"),
        default=False,
        help_text=_("The browser's signal Sec-GPC counts as an objection to this purpose: sale, sharing, targeting."),
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
    notice_address = models.EmailField(
        _("address for notices"),
        blank=True,
        help_text=_(
            "Where it is told at once that data it got was corrected, erased or restricted (GDPR Art. 19): a mail with a link, "
            "no data in it. Best a mailbox that several people read. Empty: staff tell it by hand."
        ),
    )
    gives_value = models.BooleanField(
        _("gives money or value for the data"),
        default=False,
        help_text=_("That would be a sale. Personal data is never sold, so such a recipient can't be saved."),
    )
    is_partner = models.BooleanField(
        _("a person may decline it"),
        default=False,
        help_text=_("Each person may choose not to deal with this recipient; every disclosure to it asks first."),
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
