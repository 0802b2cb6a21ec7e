"""What people can subscribe to."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.models import Purpose
from privacycenter.datamap.validators import validate_key


def email_only() -> list[Any]:
    """Default of `Topic.channels`."""
    return ["email"]


class Topic(models.Model):
    """A kind of non-essential message. Its key never changes; its title may."""

    key = models.CharField(_("key"), max_length=40, unique=True, validators=[validate_key])
    title = models.CharField(_("title"), max_length=120)
    description = models.TextField(_("description"), help_text=_("What comes, and how often, in plain words."))
    purpose = models.ForeignKey(Purpose, to_field="key", on_delete=models.PROTECT, related_name="+", verbose_name=_("purpose"))
    channels = models.JSONField(_("channels"), default=email_only)
    is_active = models.BooleanField(_("offered"), default=True)
    position = models.PositiveSmallIntegerField(_("position"), default=100)

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name = _("topic")
        verbose_name_plural = _("topics")
        ordering = ["position", "key"]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(title="") & ~models.Q(description=""),
                name="preferences_topic_is_described",
                violation_error_message=_("A topic needs a title and a description."),
            )
        ]

    def __str__(self) -> str:
        return self.key
