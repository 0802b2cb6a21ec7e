"""Erasure (GDPR Art. 17): planned, approved by two people, cooled off, done, verified, certified."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.kernel.sources import Treatment, registry
from requests_app.domain.erasure import forget_plans, order_plan
from requests_app.domain.filing import note_receipt, start
from requests_app.enums import Kind
from requests_app.forms import refuse_hidden_characters
from requests_app.models import Request
from requests_app.queries import open_request_of_kind
from requests_app.rights.registry import Asked, Right, register

COPY_FIRST = "copy_first"


class ErasureForm(forms.Form):
    """Whether a copy is wanted before, what else is to be said, and one deliberate tick."""

    section = "requests_app/erasure_stays.html"
    copy_first = forms.BooleanField(
        label=_("Give me a copy of my data first"),
        help_text=_("Both requests are filed together. Nothing is deleted before you have fetched the copy, or its days are over."),
        required=False,
    )
    words = forms.CharField(
        label=_("Anything we should know"),
        help_text=_("For example that only some of it should go. You need not give a reason."),
        max_length=2_000,
        required=False,
        validators=[refuse_hidden_characters, refuse_card_number],
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    sure = forms.BooleanField(label=_("I know that what was deleted can't be brought back, and that an account of mine ends with it"))

    def __init__(self, *args: Any, subject: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stays = _stays(clock.now())

    def asked(self) -> Asked:
        """What was said, as it is kept with the request."""
        return Asked(self.cleaned_data["words"], {COPY_FIRST: True} if self.cleaned_data["copy_first"] else {})


def _order(request: Request, actor: Actor) -> None:
    if request.choices.get(COPY_FIRST) and request.subject is not None and request.follows is None:
        copy = open_request_of_kind(request.subject, Kind.ACCESS)
        if copy is None:
            copy = note_receipt(kind=Kind.ACCESS, channel=request.channel, language=request.language, country=request.country, actor=actor)
            start(copy, request.subject, contact=request.contact or "", actor=actor)
        request.follows = copy
        request.save(update_fields=["follows"])
    order_plan(request)


def _end(request: Request, actor: Actor) -> None:
    forget_plans(request)


def _stays(now: datetime) -> list[dict[str, Any]]:
    """What sources keep by their own rule, why, and until when if it were erased today. Asked each time: colleagues configure sources."""
    described = (source.describe() for source in registry.all())
    return [
        {
            "title": each.title,
            "reason": each.erasure.reason,
            "until": now + timedelta(days=each.erasure.keep_days) if each.erasure.keep_days else None,
        }
        for each in described
        if each.erasure.treatment is Treatment.RETAIN
    ]


register(
    Right(
        kind=Kind.ERASURE,
        order=40,
        title=_("Have your data deleted"),
        question=_("I want you to delete my data"),
        explanation=_(
            "Everything that the law does not make us keep is deleted or made anonymous, everywhere we hold it. The law calls this the "
            "right to erasure."
        ),
        example=_("For example: “I closed my account long ago and do not want you to keep anything.”"),
        gets=(
            _("A plan: what will be deleted, what the law makes us keep, why and until when. You see it here"),
            _("Some of it has to stay for a time. What, why and until when stands below"),
            _("Some days in which you can still stop it"),
            _("A certificate that says what was done, signed, without your data in it"),
            _("Backups that still hold it are gone three months later; should one be restored, your data is erased from it again"),
        ),
        on_proven=_order,
        on_replied=lambda request, actor: order_plan(request),
        on_ended=_end,
        form=ErasureForm,
        button=_("Ask for the deletion"),
    )
)
