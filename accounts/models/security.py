"""What happened around the security of an account, as the person sees it."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.enums import SecurityEventKind
from accounts.models.user import User


class SecurityEvent(models.Model):
    """One log-in or change. No more than a person needs to recognise it: a shortened address, the family of a browser."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="security_events")
    kind = models.CharField(max_length=32, choices=SecurityEventKind)
    happened_at = models.DateTimeField()
    network = models.CharField(_("shortened IP address"), max_length=64, blank=True)
    browser = models.CharField(_("browser"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("security event")
        verbose_name_plural = _("security events")
        indexes = [
            # the person's history, newest first, and the export in key order
            models.Index(fields=["user", "id"], name="accounts_event_of_user"),
            # retention
            models.Index(fields=["happened_at"], name="accounts_event_age"),
        ]

    def __str__(self) -> str:
        return f"Security event {self.pk}"
