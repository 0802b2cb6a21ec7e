"""Where other systems are told of requests that they filed, and what they were told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.kernel.tokens import new_token
from requests_app.enums import ToldOutcome, ToldStatus
from requests_app.models.request import Request


def _new_id() -> str:
    return f"msg_{new_token()}"


class WebhookEndpoint(models.Model):
    """An address of an API client that is told when a request of that client moves."""

    client_id = models.CharField(_("API client"), max_length=100)
    url = models.URLField(_("address"), max_length=300)
    secret = EncryptedTextField(_("secret"))  # whsec_ and Base64 of 32 bytes, as Standard Webhooks has it
    is_active = models.BooleanField(_("switched on"), default=True)
    created_at = models.DateTimeField(_("added"))

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = [models.UniqueConstraint(fields=["client_id", "url"], name="webhook_once", violation_error_code="known_already")]

    def __str__(self) -> str:
        return f"webhook #{self.pk}"


class WebhookDelivery(models.Model):
    """One thing that one endpoint is told. It names the request and its state, and nothing of the person."""

    public_id = models.CharField(max_length=40, unique=True, default=_new_id)
    endpoint = models.ForeignKey(WebhookEndpoint, models.CASCADE, related_name="deliveries")
    request = models.ForeignKey(Request, models.CASCADE, related_name="deliveries")
    event = models.CharField(_("what"), max_length=32)
    status = models.CharField(_("state"), max_length=16, choices=ToldStatus)
    outcome = models.CharField(_("outcome"), max_length=16, choices=ToldOutcome, blank=True)
    happened_at = models.DateTimeField(_("when"))
    delivered_at = models.DateTimeField(_("told"), null=True, blank=True)

    class Meta:
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        indexes = [models.Index(fields=["endpoint"], name="delivery_waiting", condition=Q(delivered_at__isnull=True))]

    def __str__(self) -> str:
        return f"delivery #{self.pk}"
