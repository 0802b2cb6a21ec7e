"""What can be wrong with a receiver or a transfer. Each has a sentence for people."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.errors import PrivacyCenterError


class NotAReceiver(PrivacyCenterError):
    code = "not_a_receiver"
    message = _(
        "Type the address at which the other service takes data, like https://example.com/takeover: https, with the name of a host, "
        "and without user name, question mark or hash sign."
    )


class NameMissing(PrivacyCenterError):
    code = "name_missing"
    message = _("Say who it is, so that people can tell it from others.")


class ReceiverTurnedDown(PrivacyCenterError):
    """A receiver that staff turned down before, with the reason they gave."""

    code = "receiver_turned_down"
    message = _("We have looked at this receiver before and send nothing there.")

    def __init__(self, reason: str | None = None) -> None:
        super().__init__(f"{self.message} {reason}" if reason else None)


class ReceiverDecided(PrivacyCenterError):
    code = "receiver_decided"
    message = _("This receiver has just been decided by somebody else. Look at it again.")


class AddedByYou(PrivacyCenterError):
    code = "added_by_you"
    message = _("You added this receiver, so a colleague has to approve it.")


class NotApproved(PrivacyCenterError):
    code = "receiver_not_approved"
    message = _("This receiver is not approved, so nothing can be sent there.")


class CannotTransfer(PrivacyCenterError):
    code = "cannot_transfer"
    message = _("Only a copy to take along (portability) that is on its way or ready can be sent to another service.")


class UnderWay(PrivacyCenterError):
    code = "transfer_under_way"
    message = _("Your copy is being sent already. Stop that first.")


class NothingToStop(PrivacyCenterError):
    code = "nothing_to_stop"
    message = _("Nothing is being sent any more.")


class ContentChanged(PrivacyCenterError):
    code = "content_changed"
    message = _("What would be sent has changed since you looked at it. Look at it once more.")


class UseRestricted(PrivacyCenterError):
    code = "use_restricted"
    message = _(
        "A part of this data may not be used at present, because you had its use restricted. End the restriction, or download the copy."
    )
