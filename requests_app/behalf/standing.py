"""Whether the proof behind a request still stands: asked again right before data is given out, changed or destroyed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.actor import ActorKind
from requests_app.behalf.errors import ProofNoLongerStands
from requests_app.enums import Behalf, Decision, DocumentKind, Outcome
from requests_app.models import ProofDocument, Question, Representation, Request, TimelineEvent
from requests_app.queries import lock_of
from requests_app.transitions import Event

NOTICE = "notice"
WORDS = {
    "of_age": _("The child has come of age since. It asks for itself now."),
    NOTICE: _("The holder of the account was told that somebody acts for them, and has some days to stop it. Go on after them."),
    "authority_ended": _("The authority to ask for this person has ended."),
    "identity_open": _("A proof of identity came: look at it first."),
    "identity": _("The proof of identity that was asked for did not come, or is not accepted."),
    "frozen": _("An account behind this request is frozen."),
}
_TO_REQUESTER = {
    "of_age": WORDS["of_age"],
    "authority_ended": WORDS["authority_ended"],
    "identity": WORDS["identity"],
    "identity_open": _("A colleague looks at the proof of identity first."),
}
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
    """Whether a proof of identity that staff asked for is missing, still to be decided, or refused.

    Going on without an answer is no proof; a reply that staff noted is one: they saw for themselves, and say how it came.
    """
    last = ProofDocument.objects.filter(request=request, kind=DocumentKind.IDENTITY).order_by("-pk").first()
    asked = Question.objects.filter(request=request, wants_document=True).order_by("-asked_at").first()
    if last is not None and last.decision == Decision.PENDING and last.removed_at is None:
        return "identity_open"
    if asked is None and last is None:
        return ""
    if last is not None and last.decision == Decision.ACCEPTED and (asked is None or last.sent_at >= asked.asked_at):
        return ""
    replies = TimelineEvent.objects.filter(request=request, event=Event.REPLY, actor_kind=ActorKind.STAFF)
    if asked is not None and replies.filter(at__gte=asked.asked_at).exists():
        return ""
    return "identity"


def require_standing(request: Request) -> None:
    """Raise ProofNoLongerStands unless the proof still stands."""
    why = obstacle_of(request)
    if why:
        raise ProofNoLongerStands(why, str(WORDS[why]))
