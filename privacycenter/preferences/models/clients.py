"""Clients of the API, and what they were answered, so that a repeated call is not a second deed."""

from __future__ import annotations

from typing import Any

from allauth.idp.oidc.models import Client
from django.db import models
from django.utils.translation import gettext_lazy as _


def empty_answer() -> dict[str, Any]:
    """Default of `ApiAnswer.answer`."""
    return {}


class ApiClient(Client):  # type: ignore[misc]  # allauth's models have no types
    """Another system that may call us. Its secret is kept as a slow hash; without the grant type it is disabled."""

    class Meta:
        proxy = True
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")

    def __str__(self) -> str:
        return str(self.name)

    @property
    def is_enabled(self) -> bool:
        return Client.GrantType.CLIENT_CREDENTIALS in self.get_grant_types()


class ApiAnswer(models.Model):
    """What came of one item of one call, under the idempotency key its client chose. Removed after a week."""

    client_id = models.CharField(max_length=100)
    call = models.CharField(max_length=20)
    key_digest = models.CharField(max_length=64)  # SHA-256 of the key: clients may put anything into it
    content_digest = models.CharField(max_length=64)  # keyed hash of the item: the same key with another content is an error
    answer = models.JSONField(default=empty_answer)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name = _("API answer")
        verbose_name_plural = _("API answers")
        constraints = [models.UniqueConstraint(fields=["client_id", "call", "key_digest"], name="preferences_api_answer_once")]
        indexes = [models.Index(fields=["created_at"], name="preferences_api_answer_age")]

    def __str__(self) -> str:
        return f"answer #{self.pk}"
