"""What a log-in provider told us, with its source (C-10)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models.user import User
from privacycenter.kernel.encryption import EncryptedTextField


class FederatedRecord(models.Model):
    """What was received when an account was registered through, or linked with, a provider.

    Also what ties the link to an issuer: allauth keys social accounts on (provider, uid) alone, and a provider id in the
    settings may come to point at another issuer.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="federated_records")
    provider = models.CharField(max_length=200)
    issuer = models.CharField(max_length=500)
    uid = models.CharField(max_length=191)
    received = EncryptedTextField()  # JSON object of name, e-mail and the like
    taken_over = models.JSONField(default=list)  # names of what the person chose to keep in the profile
    received_at = models.DateTimeField()
    unlinked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("data from a log-in provider")
        verbose_name_plural = _("data from log-in providers")
        constraints = [
            # one link at a time; history stays
            models.UniqueConstraint(
                fields=["provider", "uid"],
                condition=models.Q(unlinked_at=None),
                name="accounts_federated_once",
                violation_error_code="already_linked",
            )
        ]

    def __str__(self) -> str:
        return f"Federated record {self.pk}"
