"""Whether the proof behind a request still stands: asked again right before data is given out, changed or destroyed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from requests_app.behalf.errors import ProofNoLongerStands
from requests_app.enums import Behalf, Decision, DocumentKind, Outcome
from requests_app.models import ProofDocument, Representation, Request
from requests_app.queries import lock_of

NOTICE = "notice"
WORDS = {
    "of_age": _("The child has come of age since. It asks for itself now."),
    NOTICE: _("The holder of the account was told that somebody acts for them, and has some days to stop it. Go on after them."),
    "authority_ended": _("The authority to ask for this person has ended."),
    "identity_open": _("A proof of identity came: look at it first."),
    "identity": _("The proof of identity that was asked for is not accepted."),
    "frozen": _("An account behind this request is frozen."),
}
_TO_REQUESTER = {"of_age": WORDS["of_age"], "authority_ended": WORDS["authority_ended"], "identity": WORDS["identity"]}
_SHUT = _("This can't be opened now. A colleague looks into it; write to us if you do not know why.")


def words_for_requester(why: str) -> str:
    """What the one who asks reads of an obstacle. It tells nothing of the person's account; empty where there is no obstacle."""
    return str(_TO_REQUESTER.get(why, _SHUT)) if why else ""


def obstacle_of(request: Request) -> str:
    """Why nothing may be given out or done for a request now, as a code; empty where its proof stands.

    A lock of some hours after a change of credentials is not among them: it passes, and downloads and erasures wait for it themselves.
    """
    if request.behalf != Behalf.SELF:
        representation = Representation.objects.filter(request=request).first()
        if representation is not None and representation.is_of_age:
            return "of_age"
        if representation is not None and representation.ended_at is not None:
            return "authority_ended"
        if representation is not None and representation.held_until is not None and representation.held_until > clock.now():
            return NOTICE
        lock = lock_of(request)
        if lock is not None and lock.until is None:
            return "frozen"
    return _identity_obstacle(request)


def shut_to_requester(request: Request) -> str:
    """Why a requester may read no more of what is held about somebody else, as a code; empty where they may.

    What staff wrote when they knew that the proof does not stand, such as why they refuse, is for the requester to read.
    """
    if request.behalf == Behalf.SELF:
        return ""
    why = obstacle_of(request)
    if why not in {"of_age", "authority_ended", "frozen"}:
        return ""
    representation = Representation.objects.filter(request=request).first()
    if representation is None or request.outcome != Outcome.REFUSED or request.decided_at is None:
        return why
    if why == "authority_ended":
        is_told_since = representation.ended_at is not None and request.decided_at >= representation.ended_at
    else:
        is_told_since = why == "of_age" and request.decided_at.date().isoformat() >= str(representation.of_age_on)
    return "" if is_told_since else why


def _identity_obstacle(request: Request) -> str:
    """Whether a proof of identity that staff asked for is still to be decided, or the last one was refused."""
    last = ProofDocument.objects.filter(request=request, kind=DocumentKind.IDENTITY).order_by("-pk").first()
    if last is None or last.decision == Decision.ACCEPTED:
        return ""
    return "identity_open" if last.decision == Decision.PENDING else "identity"


def require_standing(request: Request) -> None:
    """Raise ProofNoLongerStands unless the proof still stands."""
    why = obstacle_of(request)
    if why:
        raise ProofNoLongerStands(why, str(WORDS[why]))
