from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Ground(models.TextChoices):
    """Why a person wants their data restricted (GDPR Art. 18(1)), in their words. Codes are those of subjects.RestrictionReason."""

    ACCURACY = "accuracy", _("Something you hold about me is wrong, and you are checking it")
    OBJECTION = "objection", _("I objected, and you have not decided yet")
    UNLAWFUL = "unlawful", _("You may not use my data, but I do not want it deleted")
    CLAIM = "claim", _("You no longer need my data, but I need it for a legal claim")


# The law restricts these while something is being verified; so they count at once, before anybody looked.
AT_ONCE = frozenset({Ground.ACCURACY, Ground.OBJECTION})


class Limit(models.TextChoices):
    """What ends after its person was told."""

    RESTRICTION = "restriction", _("Restriction of use")
    OBJECTION = "objection", _("Stop after an objection")


class LiftReason(models.TextChoices):
    """Why a limit ends."""

    VERIFIED = "verified", _("The data was checked, and is right")
    CORRECTED = "corrected", _("The data was corrected")
    LAWFUL = "lawful", _("The use is lawful")
    CLAIM_ENDED = "claim_ended", _("The person no longer needs the data for a claim")
    ASKED = "asked", _("The person asked for it")
    COMPELLING = "compelling_grounds", _("Our grounds outweigh the objection")
    NOT_GRANTED = "not_granted", _("The request was not granted")
    NO_CHILD = "no_child", _("The account is not that of a child")


class Balance(models.TextChoices):
    """How the assessment of an objection to one purpose ended."""

    UPHELD = "upheld", _("The objection stands: it stays stopped")
    COMPELLING = "compelling", _("We have compelling grounds: it goes on")


class ReportState(models.TextChoices):
    """Where a report of a child's account is."""

    NEW = "new", _("Just came in")
    UNKNOWN = "unknown", _("No account found by what was typed")
    OPENED = "opened", _("A request was opened")
    CLOSED = "closed", _("Closed")
