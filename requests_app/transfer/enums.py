"""What a receiver and a transfer can be."""

from __future__ import annotations

from enum import nonmember

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReceiverState(models.TextChoices):
    """Whether data may be sent to a receiver. Only staff decide."""

    PROPOSED = "proposed", _("Named by a person, to be checked")
    APPROVED = "approved", _("Approved")
    TURNED_DOWN = "turned_down", _("Turned down")
    WITHDRAWN = "withdrawn", _("Approval withdrawn")


class TransferState(models.TextChoices):
    """Where a transfer stands."""

    NAMED = "named", _("Chosen, not sent")
    SENDING = "sending", _("Being sent")
    DONE = "done", _("Received")
    FAILED = "failed", _("Not received")
    CANCELLED = "cancelled", _("Stopped by you")
    STOPPED = "stopped", _("Stopped by us")
    TURNED_DOWN = "turned_down", _("Receiver turned down")

    LIVE = nonmember(("named", "sending"))
    ENDED = nonmember(("done", "failed", "cancelled", "stopped", "turned_down"))
