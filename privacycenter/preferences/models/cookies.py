"""What pages store in a browser, and how people are asked about it.

A configuration that the law does not allow can't be saved: what would make it unlawful is a column that a constraint holds to the
one value it may have, so that neither a form nor a verb nor a line of code gets past it.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Trim
from django.db.models.lookups import GreaterThanOrEqual
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.models import Purpose, Recipient
from privacycenter.datamap.validators import validate_key, validate_key_list
from privacycenter.preferences.enums import ButtonStyle, CookieCategory, StorageKind
from privacycenter.preferences.validators import is_hidden, origin_of, validate_origins, validate_path, validate_storage_name

LONGEST_DAYS = 390  # browsers keep no cookie longer than 400 days (RFC 6265bis)


def empty_list() -> list[Any]:
    """Default of the JSON columns."""
    return []


class Service(models.Model):
    """Something that stores or reads in the browser: a part of this site, or something embedded in it."""

    key = models.CharField(_("key"), max_length=40, unique=True, validators=[validate_key])
    title = models.CharField(_("title"), max_length=60, help_text=_("What people read: Videos, Visit statistics."))
    description = models.TextField(_("description"), help_text=_("What it does, and what is missing without it, in plain words."))
    provider = models.CharField(_("provider"), max_length=120, blank=True, help_text=_("Who runs it. Empty: we do."))
    category = models.CharField(_("category"), max_length=12, choices=CookieCategory.choices)
    purpose = models.ForeignKey(Purpose, to_field="key", on_delete=models.PROTECT, related_name="+", verbose_name=_("purpose"))
    recipients = models.JSONField(
        _("recipients"),
        default=empty_list,
        blank=True,
        validators=[validate_key_list],
        help_text=_("Keys of recipients in the data map that get data by it, as a list."),
    )
    necessity_note = models.TextField(
        _("why it is necessary"),
        blank=True,
        help_text=_("For necessary services: why what somebody asked for can't be done without it (ePrivacy Directive, Art. 5(3))."),
    )

    widget_origins = models.JSONField(
        _("origins it is embedded from"),
        default=empty_list,
        blank=True,
        validators=[validate_origins],
        help_text=_("For what is shown in a frame, as a list: https://video.example. Nothing is loaded before somebody asks for it."),
    )
    preview_url = models.URLField(_("example"), blank=True, help_text=_("An address of such a frame, shown on the page about cookies."))
    link = models.URLField(_("link"), blank=True, help_text=_("Where the same is found without loading anything here."))

    is_active = models.BooleanField(_("in use"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("service that stores in the browser")
        verbose_name_plural = _("services that store in the browser")
        ordering = ["position", "key"]
        constraints = [
            models.CheckConstraint(condition=Q(category__in=CookieCategory.values), name="preferences_service_category_is_known"),
            models.CheckConstraint(
                condition=~Q(title="") & ~Q(description=""),
                name="preferences_service_is_described",
                violation_error_message=_("A service needs a title and a description."),
            ),
            models.CheckConstraint(
                condition=~Q(category=CookieCategory.NECESSARY) | ~Q(necessity_note=""),
                name="preferences_service_necessity_is_argued",
                violation_error_message=_("Say why it is necessary. What is merely useful needs consent."),
            ),
            models.CheckConstraint(
                condition=~Q(category=CookieCategory.NECESSARY) | Q(widget_origins=[]),
                name="preferences_service_widget_needs_consent",
                violation_error_message=_("What is embedded from elsewhere is never necessary: it loads when somebody asks for it."),
            ),
        ]

    def __str__(self) -> str:
        return self.key

    def clean(self) -> None:
        self.recipients, self.widget_origins = self.recipients or [], self.widget_origins or []  # an empty box comes as null
        purpose = Purpose.objects.filter(key=self.purpose_id).first()
        if self.category == CookieCategory.NECESSARY and purpose and (purpose.is_direct_marketing or purpose.honours_gpc):
            raise ValidationError({"category": _("Marketing and targeting are never necessary.")}, code="not_necessary")
        if self.preview_url and origin_of(self.preview_url) not in self.widget_origins:
            raise ValidationError(
                {"preview_url": _("It must lie at one of the origins the service is embedded from.")}, code="foreign_example"
            )
        known = set(Recipient.objects.filter(key__in=self.recipients).values_list("key", flat=True))
        if set(self.recipients) - known:
            raise ValidationError({"recipients": _("The data map has no such recipient.")}, code="unknown_recipient")


class StorageItem(models.Model):
    """One cookie or storage key, by its name or a pattern."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="items", verbose_name=_("service"))
    name = models.CharField(
        _("name"), max_length=120, validators=[validate_storage_name], help_text=_("Without __Host-. * stands for anything: _pk_id.*")
    )
    has_host_prefix = models.BooleanField(
        _("name begins with __Host-"), default=False, help_text=_("Over https; on a machine of one's own without it.")
    )
    kind = models.CharField(_("kind"), max_length=16, choices=StorageKind.choices, default=StorageKind.COOKIE)
    purpose = models.TextField(_("what it is for"), help_text=_("In plain words, for the person in whose browser it is."))
    lifetime_seconds = models.PositiveIntegerField(
        _("lifetime in seconds"),
        null=True,
        blank=True,
        help_text=_("Empty: until the browser is closed, or for storage until it is removed."),
    )
    path = models.CharField(_("path"), max_length=120, default="/", validators=[validate_path])
    is_http_only = models.BooleanField(_("hidden from scripts (HttpOnly)"), default=False)
    is_first_party = models.BooleanField(_("first-party"), default=True)

    class Meta:
        verbose_name = _("cookie or storage key")
        verbose_name_plural = _("cookies and storage keys")
        ordering = ["service", "kind", "name"]
        constraints = [
            models.UniqueConstraint(fields=["name", "kind", "is_first_party"], name="preferences_item_once"),
            models.CheckConstraint(condition=Q(kind__in=StorageKind.values), name="preferences_item_kind_is_known"),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(purpose=""),
                name="preferences_item_is_described",
                violation_error_message=_("A cookie or storage key needs a name and what it is for."),
            ),
            models.CheckConstraint(
                condition=Q(kind=StorageKind.COOKIE) | Q(is_http_only=False, has_host_prefix=False, path="/"),
                name="preferences_item_traits_of_cookies",
                violation_error_message=_("Path, __Host- and HttpOnly are traits of cookies only."),
            ),
            models.CheckConstraint(
                condition=Q(has_host_prefix=False) | Q(path="/"),
                name="preferences_item_host_prefix_path",
                violation_error_message=_("A cookie with __Host- has the path /."),
            ),
            models.CheckConstraint(
                condition=~Q(kind=StorageKind.SESSION) | Q(lifetime_seconds=None),
                name="preferences_item_session_storage_ends",
                violation_error_message=_("Session storage ends with the tab: it has no lifetime."),
            ),
            models.CheckConstraint(
                condition=Q(lifetime_seconds=None) | Q(lifetime_seconds__gt=0, lifetime_seconds__lte=LONGEST_DAYS * 86_400),
                name="preferences_item_lifetime_in_range",
                violation_error_message=_("A lifetime is at least a second and at most 390 days."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        service = Service.objects.filter(pk=self.service_id).first()
        if service and not self.is_first_party and not service.widget_origins:
            words = _(
                "Pages here store first-party only; others may store in a frame of theirs alone, so name the origin it is embedded from."
            )
            raise ValidationError({"is_first_party": words}, code="third_party")


class BannerSettings(models.Model):
    """How people are asked. One row. Its last columns exist so that the database itself refuses what would be unlawful."""

    title = models.CharField(_("title"), max_length=60)
    text = models.CharField(_("text"), max_length=200, help_text=_("Before the list of services, which is added by itself."))
    accept_label = models.CharField(_("label of accepting"), max_length=24)
    reject_label = models.CharField(_("label of refusing"), max_length=24)
    choose_label = models.CharField(_("label of choosing"), max_length=24)
    acceptance_days = models.PositiveSmallIntegerField(
        _("days until an acceptance is asked again"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)],
        help_text=_("Empty: by the setting COOKIE_CHOICE_DAYS."),
    )
    refusal_days = models.PositiveSmallIntegerField(
        _("days until a refusal is asked again"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)],
        help_text=_("Never fewer than those of an acceptance. Empty: the same."),
    )

    accept_style = models.CharField(_("button of accepting"), max_length=10, choices=ButtonStyle.choices, default=ButtonStyle.SECONDARY)
    reject_style = models.CharField(_("button of refusing"), max_length=10, choices=ButtonStyle.choices, default=ButtonStyle.SECONDARY)
    has_reject = models.BooleanField(_("refusing is possible at once"), default=True)
    is_preticked = models.BooleanField(_("boxes are ticked in advance"), default=False)
    is_wall = models.BooleanField(_("pages are closed until a choice is made"), default=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("cookie banner")
        verbose_name_plural = _("cookie banner")
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="preferences_banner_is_one"),
            models.CheckConstraint(
                condition=Q(has_reject=True),
                name="preferences_banner_can_be_refused",
                violation_error_message=_("Refusing stands beside accepting, on the same layer: without it nothing is consent."),
            ),
            models.CheckConstraint(
                condition=Q(is_preticked=False),
                name="preferences_banner_is_not_preticked",
                violation_error_message=_("A box that is ticked in advance is no consent (CJEU C-673/17)."),
            ),
            models.CheckConstraint(
                condition=Q(is_wall=False),
                name="preferences_banner_is_no_wall",
                violation_error_message=_("Pages stay open before a choice: consent that one is driven to is not freely given."),
            ),
            models.CheckConstraint(
                condition=Q(accept_style=F("reject_style")) & Q(accept_style__in=ButtonStyle.values),
                name="preferences_banner_buttons_are_equal",
                violation_error_message=_("Accepting and refusing have the same kind of button."),
            ),
            models.CheckConstraint(
                condition=Q(GreaterThanOrEqual(Length(Trim("accept_label")), 2))
                & Q(GreaterThanOrEqual(Length(Trim("reject_label")), 2))
                & Q(GreaterThanOrEqual(Length(Trim("choose_label")), 2))
                & ~Q(accept_label=F("reject_label")),
                name="preferences_banner_labels_are_seen",
                violation_error_message=_("Each button needs a label of its own that can be read."),
            ),
            models.CheckConstraint(
                # Spelled out, because a comparison with NULL is neither true nor false, and a check lets it pass.
                condition=Q(refusal_days=None) | Q(acceptance_days__isnull=False, refusal_days__gte=F("acceptance_days")),
                name="preferences_banner_refusal_lasts",
                violation_error_message=_("A refusal is kept at least as long as an acceptance."),
            ),
            models.CheckConstraint(
                condition=(Q(acceptance_days=None) | Q(acceptance_days__gte=1, acceptance_days__lte=LONGEST_DAYS))
                & (Q(refusal_days=None) | Q(refusal_days__gte=1, refusal_days__lte=LONGEST_DAYS)),
                name="preferences_banner_days_in_range",
                violation_error_message=_("Between 1 and 390 days."),
            ),
        ]

    def __str__(self) -> str:
        return "cookie banner"

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.pk = 1
        super().save(*args, **kwargs)

    def clean(self) -> None:
        labels = {name: getattr(self, name) for name in ("accept_label", "reject_label", "choose_label")}
        errors: dict[str, Any] = {}
        for name, label in {**labels, "title": self.title, "text": self.text}.items():
            if is_hidden(label):
                errors[name] = _("Use words that can be seen: at least two letters and no hidden characters.")
        if len({label.casefold().strip() for label in labels.values()}) < len(labels):
            errors.setdefault("reject_label", _("The three labels must differ."))
        if len(self.accept_label) > 2 * len(self.reject_label) or len(self.reject_label) > 2 * len(self.accept_label):
            errors.setdefault("reject_label", _("The labels of accepting and refusing should be about as long as each other."))
        if errors:
            raise ValidationError(errors, code="unequal")
