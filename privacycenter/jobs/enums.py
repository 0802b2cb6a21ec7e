from __future__ import annotations

from enum import nonmember

from django.db import models
from django.utils.translation import gettext_lazy as _


class JobState(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Running")
    QUARANTINED = "quarantined", _("Needs attention")
    DONE = "done", _("Done")

    # There is at most one open job per (kind, key).
    OPEN = nonmember(("waiting", "running", "quarantined"))


class Priority(models.IntegerChoices):
    """Which due job is taken first. Few and fixed: the claim looks at each level with one index range."""

    URGENT = 10, _("Urgent")  # a person waits at the screen: codes, previews
    NORMAL = 50, _("Normal")
    BULK = 90, _("Bulk")  # clean-up and anything nobody waits for
