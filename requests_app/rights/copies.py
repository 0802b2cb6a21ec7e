"""Access (GDPR Art. 15) and portability (Art. 20): answered by a bundle."""

from __future__ import annotations

from django.conf import settings
from django.utils.functional import lazystr
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from privacycenter.kernel.actor import Actor
from requests_app.domain.bundles import begin_bundle
from requests_app.enums import Kind
from requests_app.models import Request
from requests_app.rights.registry import Right, register
from requests_app.transfer.choosing import end_with_request, take_choice
from requests_app.transfer.forms import ReceiverForm


def _order(request: Request, actor: Actor) -> None:
    begin_bundle(request)


def _order_portable(request: Request, actor: Actor) -> None:
    begin_bundle(request)
    take_choice(request, actor=actor)


def _end_portable(request: Request, actor: Actor) -> None:
    end_with_request(request, actor=actor)


class _Days:
    def __str__(self) -> str:
        days = settings.BUNDLE_RETENTION_DAYS
        words = ngettext(
            "It stays here for %(days)d day to download, then we delete the file",
            "It stays here for %(days)d days to download, then we delete the file",
            days,
        )
        return words % {"days": days}


_STAYS = lazystr(_Days())

register(
    Right(
        kind=Kind.ACCESS,
        order=10,
        title=_("Get a copy of your data"),
        question=_("I want to know what you hold about me"),
        explanation=_(
            "You get everything: each record, where it came from, what it is used for, who received it, and how long it is kept. The law "
            "calls this the right of access."
        ),
        example=_("For example: “I wrote to your support last year. What did you keep of it?”"),
        gets=(
            _("A document to read (PDF) with every record we hold about you"),
            _("The same as a file for computers (JSON)"),
            _("For each: where it came from, what it is used for, who received it, how long it is kept"),
            _("Who of our staff looked at your data"),
            _STAYS,
        ),
        on_proven=_order,
    )
)
register(
    Right(
        kind=Kind.PORTABILITY,
        order=20,
        title=_("Take your data along"),
        question=_("I want to take my data to another service"),
        explanation=_("You get what you gave us yourself, in a form that other programs can read. The law calls this data portability."),
        example=_("For example: “I am changing to another provider and do not want to type in everything again.”"),
        gets=(
            _("The data you gave us yourself, under a contract or your consent, as a JSON file with a published description"),
            _("The same as a document to read (PDF)"),
            _("If you like, we send it straight to another service once you have seen what goes"),
            _STAYS,
        ),
        on_proven=_order_portable,
        on_ended=_end_portable,
        form=ReceiverForm,
    )
)
