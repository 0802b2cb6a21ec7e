"""Why a transfer ended, in words for its person; the codes come from the wire, from the job and from what is asked before each piece."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from requests_app.models import Transfer
from requests_app.transfer.enums import TransferState
from requests_app.transfer.leave import GONE, LOCKED, RESTRICTED, TOO_LONG, UNPROVEN
from requests_app.transfer.receivers import WITHDRAWN

BADGES = {
    TransferState.NAMED: "waiting",
    TransferState.SENDING: "progress",
    TransferState.DONE: "success",
    TransferState.FAILED: "error",
    TransferState.CANCELLED: "neutral",
    TransferState.STOPPED: "warning",
    TransferState.TURNED_DOWN: "warning",
}

_AWAY = _("The other service did not answer, or had trouble of its own, for hours. Ask it, and try once more later.")
_CONFUSED = _("The other service did not answer in the way that was agreed. Ask it whether this is the right address.")
_WHY = {
    WITHDRAWN: _("We no longer send anything to this receiver."),
    LOCKED: _("Your account was frozen, or its password, address or second step was changed a short while ago. We stopped to protect you."),
    UNPROVEN: _("A proof of who you are was asked for and is not accepted. We stopped to protect you."),
    GONE: _("The copy is no longer here: its days were over, or it was made anew."),
    RESTRICTED: _("The use of a part of this data was restricted, so nothing more of it may go."),
    TOO_LONG: _("It took more than three days. We do not try any longer."),
    "not_let_in": _("The other service does not take data from us. Ask it to let us in, then try once more."),
    "no_such_address": _("The other service takes no data at this address any more."),
    "too_large": _("The other service says that your copy is too large for it."),
    "redirected": _("The other service sent us to another address. We send your data only to the one that was checked."),
    "leads_elsewhere": _("The other service sent us to another address. We send your data only to the one that was checked."),
    "private_address": _("The address of the other service does not lie in the public internet, so we send nothing there."),
    "host_not_found": _("The address of the other service could not be found."),
    "certificate": _("The other service could not prove that it is who it says (its certificate is not valid). We sent nothing."),
    "not_the_protocol": _CONFUSED,
    "out_of_step": _CONFUSED,
    "damaged_on_the_way": _("Your copy arrived damaged again and again."),
    "upload_lost": _("The other service lost what it had got of your copy, again and again."),
    "copy_unreadable": _("We could not read the copy on our side. Write to us, we look into it."),
    "not_reached": _AWAY,
}


def why_ended(transfer: Transfer) -> Any:
    """A sentence on why a transfer did not get through; empty where the person stopped it themselves, or it did."""
    if transfer.state == TransferState.TURNED_DOWN:
        return transfer.receiver.reason or _WHY[WITHDRAWN]
    if transfer.state not in {TransferState.FAILED, TransferState.STOPPED}:
        return ""
    if transfer.error_code.startswith("refused_"):
        return _("The other service refused your copy (its answer was %(code)s).") % {"code": transfer.error_code.removeprefix("refused_")}
    return _WHY.get(transfer.error_code, _AWAY)
