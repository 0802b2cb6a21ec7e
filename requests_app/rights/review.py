"""The review of a refusal or of an answer in part: asked for on the page of that request, decided by somebody without a part in it."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.actor import Actor
from requests_app.enums import Kind
from requests_app.models import Request
from requests_app.rights.registry import Right, register


def _wait_for_staff(request: Request, actor: Actor) -> None:
    """Nothing is ordered: it stands in the queue until somebody without a part in the first decision decides."""


register(
    Right(
        kind=Kind.REVIEW,
        order=95,
        title=_("Have a decision looked at again"),
        question=_("You refused a request of mine, or a part of it, and I do not agree"),
        explanation=_("Somebody who had no part in the decision looks at everything again."),
        example=_("For example: “You say the data is still needed, but my contract ended two years ago.”"),
        gets=(
            _("A second look, by somebody who did not decide the first time"),
            _("An answer in writing: the first decision is lifted and we go on with your request, or it stays, with the reasons"),
        ),
        on_proven=_wait_for_staff,
        filed_at="requests:list",
        is_listed=False,
    )
)
