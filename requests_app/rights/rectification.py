"""Rectification (GDPR Art. 16): values that are wrong, one by one, and what is not listed in free words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.actor import Actor
from privacycenter.subjects.models import Subject
from requests_app.correction.deciding import refuse_begun
from requests_app.correction.forms import words_field
from requests_app.correction.proposing import drafts_of, kept_until, proposed_value, send_drafts
from requests_app.correction.values import words as words_of
from requests_app.enums import Kind
from requests_app.models import Request
from requests_app.rights.registry import Asked, Right, register


class RectificationForm(forms.Form):
    """What was gathered goes along by itself; words for the rest. One of both is needed."""

    section = "requests_app/correcting/gathered.html"
    words = words_field(_("In your words"), required=False, rows=5)

    def __init__(self, *args: Any, subject: Subject | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.subject = subject
        self.drafts = drafts_of(subject) if subject is not None else []
        # What they typed, not what is held: this page is shown without a fresh sign-in.
        self.gathered = [(draft, words_of(proposed_value(draft)) if draft.proposed is not None else "") for draft in self.drafts]
        field = self.fields["words"]
        if subject is None:
            field.label = _("What is wrong, and what should it be?")
            field.help_text = _("One line for each thing. Say where you saw it. Leave out card numbers and passwords.")
        else:
            field.label = _("Something that is not in the list?")
            field.help_text = _("Say what is wrong or missing, and what it should be. A colleague finds the place.")

    @property
    def ready_count(self) -> int:
        """How many corrections go along."""
        return sum(draft.proposed is not None for draft in self.drafts)

    @property
    def kept_until(self) -> datetime | None:
        """When the first of the drafts is removed, if nobody touches it."""
        return min((kept_until(draft) for draft in self.drafts), default=None)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and not cleaned.get("words", "").strip() and not self.ready_count:
            self.add_error("words", _("Say what is wrong and what it should be, or choose it among your data first."))
        return cleaned

    def asked(self) -> Asked:
        return Asked(self.cleaned_data["words"], {"corrections": self.ready_count})


def _send(request: Request, actor: Actor) -> None:
    """Nothing is ordered yet: staff decide about each correction first."""
    send_drafts(request)


def _end(request: Request, actor: Actor) -> None:
    """Refused or withdrawn: not where something was changed and the letter has to say so."""
    refuse_begun(request)


register(
    Right(
        kind=Kind.RECTIFICATION,
        order=30,
        title=_("Have your data corrected"),
        question=_("Something you hold about me is wrong or incomplete"),
        explanation=_(
            "You say what is wrong and what it should be. A colleague checks it and changes it, or tells you why not. The law calls this "
            "the right to rectification."
        ),
        example=_("For example: “Your support noted the wrong flat number.”"),
        gets=(
            _("A decision about each value that you name, with the reasons"),
            _("Word to everybody to whom we gave the wrong value, and a list of them for you"),
            _("Where we do not change something: a note of yours that stays with the data"),
        ),
        on_proven=_send,
        on_ended=_end,
        form=RectificationForm,
    )
)
