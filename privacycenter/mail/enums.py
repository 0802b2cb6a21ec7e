from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MessageState(models.TextChoices):
    QUEUED = "queued", _("Waiting to be sent")
    SENT = "sent", _("Handed to the mail server")
    UNDELIVERABLE = "undeliverable", _("Could not be delivered")
    REFUSED = "refused", _("Not sent: the person does not want it")
