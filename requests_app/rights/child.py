"""Report of a child's account (G-01): from anybody, without an account and without proof, on a page of its own."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.actor import Actor
from requests_app.enums import Kind
from requests_app.models import Request
from requests_app.rights.registry import Right, register


def _nothing(request: Request, actor: Actor) -> None:
    """What follows is ordered when the account is found (requests_app.limits.children); such a request is proven by nobody."""


register(
    Right(
        kind=Kind.CHILD,
        order=90,
        title=_("Report a child's account"),
        question=_("An account here belongs to a child"),
        explanation=_("Our service is not for people under 16. If you know of an account of a younger child, tell us; we look into it."),
        example=_("For example: “My daughter is twelve and has signed up with you.”"),
        gets=(_("We look into it at once. If it is so, everything about the child is deleted"),),
        on_proven=_nothing,
        filed_at="requests:report_child",
    )
)
