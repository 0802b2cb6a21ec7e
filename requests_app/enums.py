"""What a request can be, where it stands, and how it ended."""

from __future__ import annotations

from enum import nonmember

from django.db import models
from django.utils.translation import gettext_lazy as _


class Kind(models.TextChoices):
    """The right that is used."""

    ACCESS = "access", _("Access: a copy of your data")
    PORTABILITY = "portability", _("Portability: your data in a form to take along")
    RECTIFICATION = "rectification", _("Rectification: correct or complete your data")
    ERASURE = "erasure", _("Erasure: delete your data")
    RESTRICTION = "restriction", _("Restriction: keep your data, but do not use it")
    OBJECTION = "objection", _("Objection: stop using your data for a purpose")
    WITHDRAWAL = "withdrawal", _("Withdrawal of consent")
    COMPLAINT = "complaint", _("Complaint or question")
    REVIEW = "review", _("Review of a decision")
    CHILD = "child", _("Report of a child's account")

    # Groups: answered by a file; answered by a decision of staff or of the rules; of which one at a time may be open.
    COPIES = nonmember(("access", "portability"))
    DECIDED = nonmember(("restriction", "objection", "withdrawal", "complaint", "review", "child"))
    # What staff or another system can file for somebody. A review belongs to its refusal; a child's account is reported on its own page.
    FILED_BY_OTHERS = nonmember(
        ("access", "portability", "rectification", "erasure", "restriction", "objection", "withdrawal", "complaint")
    )
    # What can be asked for another person on our pages: in words alone, without choices among what the person has.
    FOR_ANOTHER = nonmember(("access", "portability", "rectification", "erasure", "complaint"))
    ONE_AT_A_TIME = nonmember(("access", "portability", "erasure", "restriction"))


class Behalf(models.TextChoices):
    """For whom a request is made."""

    SELF = "self", _("For myself")
    CHILD = "child", _("For my child, as its guardian")
    AGENT = "agent", _("For somebody who has asked me to")
    DECEASED = "deceased", _("For somebody who has died")

    OTHERS = nonmember(("child", "agent", "deceased"))


class Capacity(models.TextChoices):
    """What lets somebody ask for another person."""

    PARENT = "parent", _("As a parent")
    GUARDIAN = "guardian", _("As a guardian named by a court or an office")
    AUTHORISED = "authorised", _("With a written authority of the person")
    LAWYER = "lawyer", _("As their lawyer")
    CARER = "carer", _("As a carer or representative named by a court")
    HEIR = "heir", _("As an heir")
    EXECUTOR = "executor", _("As the executor")
    RELATIVE = "relative", _("As a close relative")
    ON_PAPER = "on_paper", _("As our colleague saw from their papers")  # entered by staff, who did not say which of the others


class DocumentKind(models.TextChoices):
    """What a document shows that somebody sent as proof."""

    AUTHORITY = "authority", _("That the person asked you to act for them")
    CUSTODY = "custody", _("That you are the parent or guardian")
    DEATH = "death", _("That the person has died")
    ENTITLEMENT = "entitlement", _("That you are entitled: heir, executor or close relative")
    IDENTITY = "identity", _("Who you are")


class Channel(models.TextChoices):
    """How the request came in, which also decides how the person gets in again."""

    ACCOUNT = "account", _("Signed in")
    ADDRESS = "address", _("By e-mail address, without an account")
    EMAIL = "email", _("By mail to our contact address")
    PHONE = "phone", _("By phone")
    LETTER = "letter", _("By letter")
    API = "api", _("By another system")

    BY_STAFF = nonmember(("email", "phone", "letter"))
    BY_OTHERS = nonmember(("email", "phone", "letter", "api"))  # the person was not there: they get a mail and confirm it
    WITHOUT_ACCOUNT = nonmember(("address", "email", "phone", "letter", "api"))


class ProofMethod(models.TextChoices):
    """How staff saw that somebody is who they say, where no code or log-in did."""

    KNOWN_ADDRESS = "known_address", _("They wrote from an address that we have on file")
    CALLBACK = "callback", _("We called the number on file, and they answered what only they know")
    KNOWN_PERSON = "known_person", _("A colleague knows them and spoke with them")
    DOCUMENT = "document", _("They showed an identity document")
    AUTHORITY = "authority", _("They showed an authority, and the person confirmed it to us")
    ENTITLED = "entitled", _("They are entitled by law: guardian, heir or executor, with documents")


class Status(models.TextChoices):
    """Where a request stands. Every move between two of these is a row of requests_app.transitions."""

    RECEIVED = "received", _("Waiting for your proof")
    TRIAGE = "triage", _("A colleague looks into it")
    WAITING = "waiting", _("Waiting for your answer")
    COLLECTING = "collecting", _("Collecting your data")
    ATTENTION = "attention", _("A colleague is looking at it")
    ASSEMBLING = "assembling", _("Putting your copy together")
    REVIEW = "review", _("Last check before release")
    READY = "ready", _("Ready to download")
    REOPENED = "reopened", _("Opened again: something is missing")
    CORRECTING = "correcting", _("Being corrected")
    PLANNING = "planning", _("Finding out what can be deleted")
    APPROVAL = "approval", _("A colleague checks what will be deleted")
    COOLING = "cooling", _("Will be deleted soon: you can still stop it")
    ERASING = "erasing", _("Being deleted")
    CLOSED = "closed", _("Closed")

    # Groups: verified and not answered (the clock runs); in the hands of the workers; answered.
    OPEN = nonmember(
        (
            "collecting",
            "attention",
            "assembling",
            "review",
            "reopened",
            "triage",
            "waiting",
            "correcting",
            "planning",
            "approval",
            "cooling",
            "erasing",
        )
    )
    IN_WORK = nonmember(("collecting", "assembling"))
    AT_THE_DESK = nonmember(("attention", "review", "reopened", "triage", "approval"))
    ANSWERED = nonmember(("ready", "closed"))


class Outcome(models.TextChoices):
    """How it ended. Empty while it has not."""

    FULFILLED = "fulfilled", _("Answered in full")
    IN_PART = "in_part", _("Answered, with a part missing")
    NOTHING_HELD = "nothing_held", _("Answered: we hold nothing about you")
    REFUSED = "refused", _("Refused, with the reasons")
    WITHDRAWN = "withdrawn", _("Withdrawn by you")
    NOT_VERIFIED = "not_verified", _("Closed: not confirmed in time")
    DUPLICATE = "duplicate", _("Closed: the same request was open already")

    ANSWERS = nonmember(("fulfilled", "in_part", "nothing_held"))
    REVIEWED = nonmember(("refused", "in_part"))  # of which the person can ask for a review


class ToldStatus(models.TextChoices):
    """Where a request stands, for another system that filed it."""

    RECEIVED = "received", _("Waiting to be confirmed")
    IN_PROGRESS = "in_progress", _("Being worked on")
    CLOSED = "closed", _("Closed")


class ToldOutcome(models.TextChoices):
    """How it ended, for another system: with an answer to the person, or without one."""

    ANSWERED = "answered", _("The person was answered")
    ENDED = "ended", _("Ended without an answer: not confirmed, or taken back")


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
    CONFIRM = "confirm", _("Let somebody act for oneself")
    STOP = "stop", _("Stop somebody who acts for oneself")


class LookReason(models.TextChoices):
    """Why a member of staff opens personal data (D-07)."""

    PREPARE_ANSWER = "prepare_answer", _("Prepare or check the answer to this request")
    REPAIR = "repair", _("Find out why a part failed")
    QUESTION = "question", _("The person asked a question")
    COMPLAINT = "complaint", _("A complaint or an inquiry of the authority")


class AskedFor(models.TextChoices):
    """What the person is asked for, where the law lets the clock rest meanwhile."""

    CLARIFICATION = "clarification", _("What they mean")
    IDENTITY = "identity", _("Who they are")


class RedactionKind(models.TextChoices):
    """What is hidden of somebody else."""

    TEXT = "text", _("A text, wherever it stands")
    FIELD = "field", _("A field of one record")
    RECORD = "record", _("A whole record")
    FILE = "file", _("The files of a record")


class LabelKind(models.TextChoices):
    """Who stands behind a label."""

    PERSON = "person", _("Another person")
    STAFF = "staff", _("A member of our staff")


class LedgerEvent(models.TextChoices):
    """What an entry of the erasure ledger says."""

    BEGUN = "begun", _("Erasure begun")
    FINISHED = "finished", _("Erasure finished")


class Concern(models.TextChoices):
    """What a complaint or question is about."""

    REQUEST = "request", _("How a request of mine was handled")
    USE = "use", _("How my data is used")
    SECURITY = "security", _("The safety of my data")
    OTHER = "other", _("Something else")


class FeedbackOutcome(models.TextChoices):
    """What came of an authority's letter."""

    OPEN = "open", _("Not closed yet")
    NO_ACTION = "no_action", _("Closed without action")
    SETTLED = "settled", _("Settled with the person")
    ADVICE = "advice", _("Advice or recommendation")
    REPRIMAND = "reprimand", _("Warning or reprimand")
    ORDER = "order", _("Order or fine")


class MessageSide(models.TextChoices):
    """Who wrote a message, or that it is a note for the desk alone."""

    PERSON = "person", _("You")
    DESK = "desk", _("A colleague of ours")
    NOTE = "note", _("Note for the desk")


class CorrectionKind(models.TextChoices):
    """What somebody wants done to what is held (GDPR Art. 16)."""

    CORRECT = "correct", _("Put a value right")
    SUPPLEMENT = "supplement", _("Add something that is missing")


class Decision(models.TextChoices):
    """What staff said of one correction."""

    PENDING = "pending", _("Not decided yet")
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Not accepted")


class NoteKind(models.TextChoices):
    """Why words of the person stand beside their data."""

    NOTE = "note", _("Note on a correction we did not accept")
    SUPPLEMENT = "supplement", _("Addition")


class NoticeState(models.TextChoices):
    """Whether a recipient of data knows that it was changed (GDPR Art. 19)."""

    DUE = "due", _("Will be told")
    TOLD = "told", _("Told")
    ANSWERED = "answered", _("Told, and has answered")
    OBSTRUCTED = "obstructed", _("Told, and says that it can't")
    IMPOSSIBLE = "impossible", _("Can't be told")
    DISPROPORTIONATE = "disproportionate", _("Not told: out of proportion")

    WITH_REASON = nonmember(("impossible", "disproportionate"))
    BY_STAFF = nonmember(("told", "answered", "impossible", "disproportionate"))


class NoticeEvent(models.TextChoices):
    """What a recipient is told of (GDPR Art. 19)."""

    CORRECTED = "corrected", _("Corrected")
    ERASED = "erased", _("Erased")
    RESTRICTED = "restricted", _("Restricted")


class NoticeWay(models.TextChoices):
    """How a recipient was told."""

    EMAIL = "email", _("E-mail")
    INTERFACE = "interface", _("Through an interface between our systems")
    LETTER = "letter", _("Letter")
    PHONE = "phone", _("Phone")


class ErasureStepStatus(models.TextChoices):
    """How one source stands in an erasure."""

    PENDING = "pending", _("Waiting")
    DONE = "done", _("Done")
    FAILED = "failed", _("Failed")


class KeepGround(models.TextChoices):
    """Why staff keep a source although its erasure was asked for (GDPR Art. 17(3))."""

    EXPRESSION = "expression", _("Freedom of expression and information (Art. 17(3)(a))")
    LEGAL_DUTY = "legal_duty", _("A legal duty or a public task (Art. 17(3)(b))")
    PUBLIC_HEALTH = "public_health", _("Public health (Art. 17(3)(c))")
    ARCHIVE = "archive", _("Archives, research or statistics in the public interest (Art. 17(3)(d))")
    CLAIMS = "claims", _("Legal claims (Art. 17(3)(e))")
    STILL_NEEDED = "still_needed", _("Still needed for what it was collected for (Art. 17(1)(a) does not apply)")
