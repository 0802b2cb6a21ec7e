"""What stands in a receipt, in words: the same on the person's own page and on the public one."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacycenter.preferences.enums import Method
from privacycenter.preferences.scopes import GPC, PARTNERS

METHODS = {
    Method.BANNER: gettext_lazy("In the cookie banner"),
    Method.FORM: gettext_lazy("In a form"),
    Method.PREFERENCE_PAGE: gettext_lazy("On a page of this privacy center"),
    Method.ONE_CLICK: gettext_lazy("By the link in a mail"),
    Method.MAILED_CONFIRMATION: gettext_lazy("Confirmed by a link in a mail"),
    Method.SIGNAL: gettext_lazy("By a signal of the browser"),
    Method.STAFF: gettext_lazy("Entered by our staff"),
    Method.IMPORT: gettext_lazy("Taken over from a list"),
    Method.API: gettext_lazy("Told us by another of our systems"),
    Method.SYSTEM: gettext_lazy("By our software"),
}
# Purposes of the ledger's own, which the data map does not have.
_PURPOSES = {GPC: gettext_lazy("Global Privacy Control"), PARTNERS: gettext_lazy("Partners")}
_CONTROLS = {
    "on": gettext_lazy("You ticked the box"),
    "off": gettext_lazy("You unticked the box"),
    "withdraw": gettext_lazy("You took it back"),
    "object": gettext_lazy("You objected"),
    "take_back": gettext_lazy("You took the objection back"),
    "allow": gettext_lazy("You allowed it"),
    "decline": gettext_lazy("You declined"),
    "all": gettext_lazy("You unsubscribed from all marketing"),
    "topic": gettext_lazy("You unsubscribed from this topic"),
    "topics": gettext_lazy("You ticked what should stop"),
    "one-click": gettext_lazy("Your mail program unsubscribed you with one click"),
    "List-Unsubscribe": gettext_lazy("Your mail program unsubscribed you with one click"),
    "undo": gettext_lazy("You undid an unsubscribe"),
    "subscribe": gettext_lazy("You subscribed"),
    "confirm": gettext_lazy("You confirmed"),
    "save": gettext_lazy("You saved what was ticked"),
    "accept_all": gettext_lazy("You accepted everything"),
    "refuse_all": gettext_lazy("You refused everything"),
    "always": gettext_lazy("You chose to show it always"),
    "account": gettext_lazy("Taken over from your account"),
    "Sec-GPC": gettext_lazy("Your browser sent the signal"),
}
_CATEGORY = {"allow": gettext_lazy("You accepted a whole category"), "refuse": gettext_lazy("You refused a whole category")}


def method_words(method: str) -> str:
    """By which way an event came in. Raises ValueError for a way that is none."""
    return str(METHODS[Method(method)])


def control_words(control: str) -> str:
    """What the person did with the button or box; empty where none is known. Names by other systems stand as they came."""
    if not control:
        return ""
    verb, colon, _category = control.partition(":")
    words = _CATEGORY.get(verb) if colon else _CONTROLS.get(control)
    return str(words) if words else _("Button or box: %(control)s") % {"control": control}


def purpose_words(purpose: str) -> str:
    """The name of a purpose that the data map does not have; the key itself where there is none."""
    return str(_PURPOSES.get(purpose, purpose))
