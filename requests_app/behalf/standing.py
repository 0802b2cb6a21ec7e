"""Whether the proof behind a request still stands: asked again right before data is given out, changed or destroyed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from requests_app.behalf.errors import ProofNoLongerStands
from requests_app.enums import Behalf, Decision, DocumentKind
from requests_app.models import ProofDocument, Representation, Request
from requests_app.queries import lock_of

WORDS = {
    "of_age": _("The child has come of age since. It asks for itself now."),
    "authority_ended": _("The authority to ask for this person has ended."),
    "identity_open": _("A proof of identity came: look at it first."),
    "identity": _("The proof of identity that was asked for is not accepted."),
    "frozen": _("An account behind this request is frozen."),
}


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
        lock = lock_of(request)
        if lock is not None and lock.until is None:
            return "frozen"
    return _identity_obstacle(request)


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
