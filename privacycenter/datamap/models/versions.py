"""How the data map read at any past time: versions that nobody can change."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.enums import LegalBasis


class Version(models.Model):
    """What every version says of itself: its number, since when it holds, who made it, and why."""

    key = models.CharField(_("key"), max_length=80)
    version = models.PositiveIntegerField(_("version"))

    at = models.DateTimeField(_("since"))
    actor_kind = models.CharField(_("who (kind)"), max_length=16)
    actor_ref = models.CharField(_("who"), max_length=64, blank=True)
    note = models.CharField(_("why it changed"), max_length=300, blank=True)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.key} {self.version}"


class PurposeVersion(Version):
    """A purpose as it read from `at` until the next version: what a consent of that time was given for."""

    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("description"))
    legal_basis = models.CharField(_("legal basis"), max_length=24, choices=LegalBasis)
    balancing_note = models.TextField(_("balancing note"), blank=True)
    is_direct_marketing = models.BooleanField(_("direct marketing"), default=False)
    honours_gpc = models.BooleanField(_("stops at Global Privacy Control"), default=False)

    class Meta:
        ordering = ["key", "-version"]
        verbose_name = _("purpose version")
        verbose_name_plural = _("purpose versions")
        constraints = [models.UniqueConstraint(fields=["key", "version"], name="purpose_version_once")]
