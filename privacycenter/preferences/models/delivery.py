"""When and how often: pause, quiet hours, frequency. Append-only like the ledger; the newest row of a kind counts."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacycenter.preferences.enums import DeliveryKind, Method
from privacycenter.preferences.models.party import PartyRow


def empty_value() -> dict[str, Any]:
    """Default of `DeliveryChoice.value`."""
    return {}


class DeliveryChoice(PartyRow):
    """One setting of one party. `value` by kind; an empty value ends it:

    pause {"until": RFC 3339 UTC}; quiet_hours {"from": "22:00", "until": "07:00"}, in the person's time zone;
    frequency {"messages": 1, "days": 7}.
    """

    kind = models.CharField(_("setting"), max_length=12, choices=DeliveryKind.choices)
    value = models.JSONField(_("value"), default=empty_value)
    method = models.CharField(_("method"), max_length=20, choices=Method.choices)
    page = models.CharField(_("page"), max_length=120, blank=True)
    actor_kind = models.CharField(max_length=16)
    actor_ref = models.CharField(max_length=64, blank=True)
    at = models.DateTimeField(_("when"))

    class Meta:
        verbose_name = _("delivery setting")
        verbose_name_plural = _("delivery settings")
        constraints = [models.CheckConstraint(condition=Q(kind__in=DeliveryKind.values), name="preferences_delivery_kind_is_known")]
        indexes = [
            models.Index(fields=["party_hash", "id"], name="preferences_delivery_by_party"),
            # which keys of HASH_KEYS are in use
            models.Index(fields=["party_key_id"], name="preferences_delivery_by_key"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} #{self.pk}"
