"""Why a member of staff may see personal data of one request for a while (D-07)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from privacycenter.subjects.enums import AllowedUse
from requests_app.enums import LookReason
from requests_app.models.request import Request


class Look(models.Model):
    """One person of staff, one request, a quarter of an hour, a reason. The audit entry is written first."""

    request = models.ForeignKey(Request, models.CASCADE, related_name="looks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="looks")
    reason = models.CharField(_("reason"), max_length=24, choices=LookReason)
    # What the law allows restricted data to be used for (GDPR Art. 18(2)); without it such data stays masked.
    allowed_use = models.CharField(_("allowed use"), max_length=24, choices=AllowedUse, blank=True)
    note = models.CharField(_("in your own words"), max_length=500)
    opened_at = models.DateTimeField(_("opened"))
    expires_at = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("look at personal data")
        verbose_name_plural = _("looks at personal data")
        indexes = [models.Index(fields=["request", "user", "-expires_at"], name="look_current")]

    def __str__(self) -> str:
        return f"look #{self.pk}"
