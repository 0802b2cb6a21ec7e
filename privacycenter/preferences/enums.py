from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class EventKind(models.TextChoices):
    """What happened to a choice. The first seven are the consent states of ISO/IEC TS 27560; the last two are GDPR Art. 21."""

    REQUESTED = "requested", _("Asked for")
    GIVEN = "given", _("Given")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RENEWED = "renewed", _("Renewed")
    EXPIRED = "expired", _("Expired")
    INVALIDATED = "invalidated", _("Declared invalid by us")
    OBJECTED = "objected", _("Objected")
    OBJECTION_LIFTED = "objection_lifted", _("Objection taken back")


POSITIVE = frozenset({EventKind.GIVEN, EventKind.RENEWED})
NEGATIVE = frozenset({EventKind.REFUSED, EventKind.WITHDRAWN, EventKind.OBJECTED})
OBJECTION = frozenset({EventKind.OBJECTED, EventKind.OBJECTION_LIFTED})


class Method(models.TextChoices):
    """By which way a choice was made."""

    BANNER = "banner", _("Cookie banner")
    FORM = "form", _("Form")
    PREFERENCE_PAGE = "preference_page", _("Preference page")
    ONE_CLICK = "one_click", _("Unsubscribe link")
    MAILED_CONFIRMATION = "mailed_confirmation", _("Confirmed by mail")
    SIGNAL = "signal", _("Signal of the browser")
    STAFF = "staff", _("Entered by staff on the person's behalf")
    IMPORT = "import", _("Import")
    API = "api", _("Another system")
    SYSTEM = "system", _("By the passing of time")


class Channel(models.TextChoices):
    """Ways to reach a person."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("Text message")
    PHONE = "phone", _("Phone call")
    PUSH = "push", _("Push message")
    POST = "post", _("Letter")


class PartyKind(models.TextChoices):
    """What a keyed hash stands for."""

    SUBJECT = "subject", _("Person")
    EMAIL = "email", _("E-mail address")
    PHONE = "phone", _("Phone number")
    DEVICE = "device", _("Device")
    USERNAME = "username", _("User name")
    CUSTOMER_NUMBER = "customer_number", _("Customer number")


class SuppressionReason(models.TextChoices):
    """Why an address is not written to."""

    CHOICE = "choice", _("The person's choice")
    OBJECTION = "objection", _("Objection to direct marketing")
    COMPLAINT = "complaint", _("Reported as spam")
    HARD_BOUNCE = "hard_bounce", _("Undeliverable")
    STAFF = "staff", _("Entered by staff")
    LAW = "law", _("Required by law")


OWN_REASONS = frozenset({SuppressionReason.CHOICE, SuppressionReason.OBJECTION, SuppressionReason.COMPLAINT})


class DeliveryKind(models.TextChoices):
    """What a person sets about when and how often they are written to."""

    PAUSE = "pause", _("Pause")
    QUIET_HOURS = "quiet_hours", _("Quiet hours")
    FREQUENCY = "frequency", _("At most so often")


class LinkKind(models.TextChoices):
    """What a mailed link may do. The first two only ever stop something or let it pause for longer; an undo brings back what its own
    opting out ended and nothing else; a confirmation says yes for the address that it was mailed to."""

    UNSUBSCRIBE = "unsubscribe", _("Unsubscribe")
    PREFERENCES = "preferences", _("Preferences without sign-in")
    UNDO = "undo", _("Undo of an unsubscribe")
    CONFIRM = "confirm", _("Confirmation of a subscription")


class AskedFor(models.TextChoices):
    """What somebody who typed an address wants mailed to it."""

    LINK = "link", _("Link to the preferences")
    SUBSCRIPTION = "subscription", _("Confirmation of a subscription")


class CampaignState(models.TextChoices):
    """Where a campaign is."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Approved, waiting for its time")
    SENDING = "sending", _("Being sent")
    PAUSED = "paused", _("Paused")
    SENT = "sent", _("Sent")
    STOPPED = "stopped", _("Stopped")


class RecipientState(models.TextChoices):
    """What became of a campaign's message to one address."""

    QUEUED = "queued", _("Waiting to be sent")
    SENT = "sent", _("Handed to the mail server")
    REFUSED = "refused", _("Not sent: no longer wanted when its turn came")
    UNDELIVERABLE = "undeliverable", _("Could not be delivered")


class FeedbackKind(models.TextChoices):
    """What is reported about an address."""

    HARD_BOUNCE = "hard_bounce", _("Address does not take mail")
    SOFT_BOUNCE = "soft_bounce", _("Could not be delivered for now")
    COMPLAINT = "complaint", _("Reported as spam")
    UNSUBSCRIBE = "unsubscribe", _("Unsubscribed at the e-mail service")


class ListTask(models.TextChoices):
    """What is done with a list of addresses."""

    SCRUB = "scrub", _("Check who may be written to")
    LINKS = "links", _("Make unsubscribe links for another mailer")


class ListState(models.TextChoices):
    """Where a list of addresses is."""

    WAITING = "waiting", _("Waiting")
    RUNNING = "running", _("Being worked on")
    DONE = "done", _("Ready")
    FAILED = "failed", _("Could not be read")
    SHREDDED = "shredded", _("Deleted")


class CookieCategory(models.TextChoices):
    """What a service that stores in the browser is for. Only the first may be there before somebody agreed."""

    NECESSARY = "necessary", _("Necessary")
    PREFERENCES = "preferences", _("Preferences and content")
    STATISTICS = "statistics", _("Statistics")
    MARKETING = "marketing", _("Marketing")


class StorageKind(models.TextChoices):
    """Where in the browser something is kept."""

    COOKIE = "cookie", _("Cookie")
    LOCAL = "local_storage", _("Local storage")
    SESSION = "session_storage", _("Session storage")
    INDEXED = "indexed_db", _("IndexedDB")


class ButtonStyle(models.TextChoices):
    """How the buttons of the cookie banner look."""

    PRIMARY = "primary", _("Filled")
    SECONDARY = "secondary", _("Outlined")
