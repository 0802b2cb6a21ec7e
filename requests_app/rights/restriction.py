"""Restriction (GDPR Art. 18): the data is kept, but not used."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from requests_app.enums import Kind
from requests_app.limits.asking import restriction_choices
from requests_app.limits.forms import EnteredRestrictionForm, RestrictionForm
from requests_app.limits.queries import restriction_in_words
from requests_app.limits.restricting import restrict_on_proof
from requests_app.rights.registry import Right, register

register(
    Right(
        kind=Kind.RESTRICTION,
        order=50,
        title=_("Have your data kept, but not used"),
        question=_("I want you to keep my data, but not to use it"),
        explanation=_(
            "We lock your data away: it stays stored, and nothing is done with it. The law calls this restriction. It fits while you "
            "and we disagree, or while you need the data yourself."
        ),
        example=_("For example: “You say that I owe you money. I do not; leave my data alone until that is clear.”"),
        gets=(
            _("Where something is disputed, the lock at once; else a decision with its reasons"),
            _("A list of what is locked since when, on the page of your request and in your overview"),
            _("A message before the lock ends, with the day on which it ends"),
        ),
        on_proven=restrict_on_proof,
        form=RestrictionForm,
        choices=restriction_choices,
        in_words=restriction_in_words,
        desk_form=EnteredRestrictionForm,
    )
)
