"""What a request can be, where it stands, and how it ended."""

from __future__ import annotations

from enum import nonmember

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The right that is used."""

    ACCESS = "access", _("Access: a copy of your data")
    PORTABILITY = "portability", _("Portability: your data in a form to take along")


class Channel(models.TextChoices):
    """How the request came in, which also decides how the person gets in again."""

    ACCOUNT = "account", _("Signed in")
    ADDRESS = "address", _("By e-mail address, without an account")


class Status(models.TextChoices):
    """Where a request stands. Every move between two of these is a row of requests_app.transitions."""

    RECEIVED = "received", _("Waiting for your proof")
    COLLECTING = "collecting", _("Collecting your data")
    ATTENTION = "attention", _("A colleague is looking at it")
    ASSEMBLING = "assembling", _("Putting your copy together")
    REVIEW = "review", _("Last check before release")
    READY = "ready", _("Ready to download")
    REOPENED = "reopened", _("Opened again: something is missing")
    CLOSED = "closed", _("Closed")

    # Groups: verified and not answered (the clock runs); in the hands of the workers; answered.
    OPEN = nonmember(("collecting", "attention", "assembling", "review", "reopened"))
    IN_WORK = nonmember(("collecting", "assembling"))
    ANSWERED = nonmember(("ready", "closed"))


class Outcome(models.TextChoices):
    """How it ended. Empty while it has not."""

    FULFILLED = "fulfilled", _("Answered in full")
    IN_PART = "in_part", _("Answered, with a part missing")
    WITHDRAWN = "withdrawn", _("Withdrawn by you")
    NOT_VERIFIED = "not_verified", _("Closed: not confirmed in time")
    DUPLICATE = "duplicate", _("Closed: the same request was open already")

    ANSWERS = nonmember(("fulfilled", "in_part"))


class StepStatus(models.TextChoices):
    """How one source stands in the making of one bundle."""

    PENDING = "pending", _("Waiting")
    RUNNING = "running", _("Running")
    FOUND = "found", _("Found")
    NOTHING_HELD = "nothing_held", _("Nothing held")
    WITHHELD = "withheld", _("Withheld")
    FAILED = "failed", _("Failed")

    FINAL = nonmember(("found", "nothing_held", "withheld", "failed"))


class VolumeStatus(models.TextChoices):
    """How one further PDF volume stands."""

    PENDING = "pending", _("Waiting")
    RENDERED = "rendered", _("Rendered")
    FAILED = "failed", _("Failed")


class ProofPurpose(models.TextChoices):
    """What a mailed code opens."""

    FILE = "file", _("File a request")
    OPEN = "open", _("Open a request")


class LookReason(models.TextChoices):
    """Why a member of staff opens personal data (D-07)."""

    PREPARE_ANSWER = "prepare_answer", _("Prepare or check the answer to this request")
    REPAIR = "repair", _("Find out why a part failed")
    QUESTION = "question", _("The person asked a question")
    COMPLAINT = "complaint", _("A complaint or an inquiry of the authority")
