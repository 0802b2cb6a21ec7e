from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Channel(models.TextChoices):
    """How a conversation was held."""

    EMAIL = "email", _("E-mail")
    PHONE = "phone", _("Phone")
    CHAT = "chat", _("Chat")
    MEETING = "meeting", _("Meeting")


class Category(models.TextChoices):
    """What can be brought in; each has a JSON Schema of its payload in schemas/."""

    INTERACTIONS = "interactions", _("Conversations with sales and support")
    FORM_SUBMISSIONS = "form_submissions", _("Forms filled in")


class ItemResult(models.TextChoices):
    """What became of one item of an import."""

    CREATED = "created", _("created")
    UNCHANGED = "unchanged", _("known already")
    REFUSED = "refused", _("refused")
