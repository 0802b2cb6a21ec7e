from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class IllegalMove(PrivacyCenterError):
    code = "illegal_move"
    message = _("This can't be done with the request as it stands.")


class NotProven(IllegalMove):
    code = "not_proven"
    message = _("Nobody has proven this request yet: until then there is no work on it.")


class LostRace(IllegalMove):
    code = "lost_race"
    message = _("The request has just been changed by somebody else. Look at it again.")


class RedactionsChanged(PrivacyCenterError):
    code = "redactions_changed"
    message = _("What is hidden was changed after this copy was made. Collect everything again first.")


class CannotHide(PrivacyCenterError):
    """A text that can't be hidden, or a place that is none."""

    code = "cannot_hide"
    message = _("This can't be hidden.")


class NotAllowed(PrivacyCenterError):
    code = "not_allowed"
    message = _("You may not do this.")


class UnknownRight(PrivacyCenterError):
    code = "unknown_right"
    message = _("There is no such request here.")


class AlreadyOpen(PrivacyCenterError):
    """The person has an open request of this kind; `ref` names it."""

    code = "already_open"
    message = _("You have an open request of this kind already.")

    def __init__(self, ref: str) -> None:
        super().__init__()
        self.ref = ref


class NotAChoice(PrivacyCenterError):
    """What a right asks beside words was not said, or is none of what can be chosen; `field` names it."""

    code = "not_a_choice"
    message = _("Choose among what this right offers.")

    def __init__(self, field: str = "", message: object = None) -> None:
        super().__init__(message)
        self.field = field


class TooManyRequests(PrivacyCenterError):
    code = "too_many_requests"
    message = _("You have made many requests within a day. Try again tomorrow; what is open goes on.")


class TooManyCodes(PrivacyCenterError):
    code = "too_many_codes"
    message = _("Too many codes were asked for. Try again in an hour.")


class WrongCode(PrivacyCenterError):
    code = "wrong_code"
    message = _("This code does not fit. Check it, or ask for a new one; a code works for ten minutes and five tries.")


class BundleLocked(PrivacyCenterError):
    code = "bundle_locked"
    message = _("The bundle is locked for now.")


class BundleGone(PrivacyCenterError):
    code = "bundle_gone"
    message = _("This bundle has expired and was deleted.")


class ReasonMissing(PrivacyCenterError):
    code = "reason_missing"
    message = _("Give a reason first.")


class AlreadyStopped(PrivacyCenterError):
    code = "already_stopped"
    message = _("This is stopped already.")


class HoldsNothing(PrivacyCenterError):
    code = "holds_nothing"
    message = _("Name a person, a source, or both.")


class WrongDate(PrivacyCenterError):
    code = "wrong_date"
    message = _("This day has passed. Choose a later one.")


class FileNotUsable(PrivacyCenterError):
    """A file that is not taken; `why` is one of its words below."""

    code = "file_not_usable"
    message = _("This file can't be taken.")
    words = {
        "too_large": _("The file is larger than 10 MB."),
        "empty": _("The file is empty."),
        "kind": _("Only PDF files, pictures (JPEG, PNG, WebP) and plain text can be taken; the content decides, not the name."),
        "too_many_pixels": _("The picture has too many pixels. Make it smaller and send it again."),
        "card_number": _("There is a full card number in this file. Take it out: we never need it."),
        "broken": _("The picture is damaged: it can't be read."),
        "broken_document": _("The PDF is damaged: it can't be read. Save it anew, or send a picture of it."),
        "locked": _("The PDF opens only with a password. Save it without one and send it again."),
        "infected": _("The scanner found something harmful in this file."),
    }

    def __init__(self, why: str) -> None:
        super().__init__(self.words[why])
        self.why = why


class ScannerAway(PrivacyCenterError):
    code = "scanner_away"
    message = _("Files can't be checked right now. Send your message without the file, or try again later.")


class TooManyFiles(PrivacyCenterError):
    code = "too_many_files"
    message = _("At most five files can be sent at once, and 100 MB in all for one request.")


class TooManyUploads(PrivacyCenterError):
    code = "too_many_uploads"
    message = _("Too many documents were sent within an hour. Nothing of this was kept: send them again in an hour.")


class NotAWebhook(PrivacyCenterError):
    code = "not_a_webhook"
    message = _("Give an https address whose host OUTBOUND_ALLOW names.")


class KnownAlready(PrivacyCenterError):
    code = "known_already"
    message = _("This address is told already.")


class NotEnoughProof(PrivacyCenterError):
    code = "not_enough_proof"
    message = _("This right reveals or destroys data: it needs stronger proof than that.")


class NotReceivedYet(PrivacyCenterError):
    code = "not_received_yet"
    message = _("The day of receipt can't lie ahead of us, nor more than a year back.")


class PlanChanged(PrivacyCenterError):
    code = "plan_changed"
    message = _("The plan is another one by now. Look at it again before you sign.")


class PlanObstructed(PrivacyCenterError):
    code = "plan_obstructed"
    message = _("This can't be erased now. The reason stands beside the plan.")


class ErasureBegun(IllegalMove):
    code = "erasure_begun"
    message = _("A part of the data is erased already. The erasure can only be finished: try the failed parts again.")


class NeedsSecondPerson(PrivacyCenterError):
    code = "needs_second_person"
    message = _("Two people sign: one proposes the plan, somebody else approves it.")


class SourcesFailed(PrivacyCenterError):
    code = "sources_failed"
    message = _("Not every source could be read.")

    def __init__(self, keys: str) -> None:
        super().__init__()
        self.keys = keys


class LedgerUnfit(PrivacyCenterError):
    """Nothing may be erased: it could not be erased again after a restore. `reason` is a code."""

    code = "ledger_unfit"
    message = _("The erasure ledger can't be written or does not fit the database, so nothing may be erased now.")

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class CannotExtend(PrivacyCenterError):
    """A due date that can't be moved by an extension; `why` is one of its words below, `laws` names the laws that forbid it."""

    code = "cannot_extend"
    message = _("This date can't be extended.")
    words = {
        "closed": _("Only a request that is open and proven can be extended."),
        "already": _("It was extended already. That is possible once."),
        "late": _("The time to answer is over. The person would have had to be told before that."),
        "forbidden": _("A law that applies here allows no extension: %(laws)s. One is enough."),
        "nothing_won": _("The extension would not move the date."),
    }

    def __init__(self, why: str, laws: str = "") -> None:
        super().__init__(self.words[why] % {"laws": laws} if laws else self.words[why])
        self.why = why


class GroundMissing(PrivacyCenterError):
    code = "ground_missing"
    message = _("Choose a ground that fits this right, and give your reasoning.")


class SecondPersonNeeded(PrivacyCenterError):
    code = "second_person_needed"
    message = _("Somebody else has to do this: you had a part in the first decision.")


class KeyReused(PrivacyCenterError):
    code = "idempotency_key_reused"
    message = _("This key was used for another request. Nothing was filed.")


class RefusalChanged(PrivacyCenterError):
    code = "refusal_changed"
    message = _("This is not the proposal as it stands now. Open the data, read it as it is, then agree.")


class OtherOpen(PrivacyCenterError):
    """Another request of the kind is open, so that this one can't be opened again; `ref` names it."""

    code = "other_open"
    message = _("The person has another request of this kind open: %(ref)s. Finish that one first, then decide here.")

    def __init__(self, ref: str) -> None:
        super().__init__(self.message % {"ref": ref})
        self.ref = ref


class TooLong(PrivacyCenterError):
    code = "too_long"
    message = _("This is too long: at most %(length)d characters can be taken. Nothing was sent.")

    def __init__(self, length: int) -> None:
        super().__init__(self.message % {"length": length})


class CannotReview(PrivacyCenterError):
    code = "cannot_review"
    message = _("A review can be asked for once, of a refusal or of an answer in part, within the time that we named.")


class DocumentWanted(PrivacyCenterError):
    code = "document_wanted"
    message = _("We asked for a document, so words alone do not answer it. Send the document; anything else, write as a message.")


class ChannelMissing(PrivacyCenterError):
    code = "channel_missing"
    message = _("Say how the answer reached you.")


class DatesOutOfOrder(PrivacyCenterError):
    code = "dates_out_of_order"
    message = _("The day for the answer lies before the day on which the letter came.")
