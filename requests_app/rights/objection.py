"""Objection (GDPR Art. 21): a purpose stops at once; direct marketing for good, the rest while it is assessed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from requests_app.enums import Kind
from requests_app.limits.asking import objection_choices
from requests_app.limits.forms import EnteredObjectionForm, ObjectionForm
from requests_app.limits.objecting import stop_on_proof
from requests_app.limits.queries import objection_in_words
from requests_app.rights.registry import Right, register

register(
    Right(
        kind=Kind.OBJECTION,
        order=60,
        title=_("Object to a use of your data"),
        question=_("I want you to stop using my data for something"),
        explanation=_(
            "For some things we do not ask you first, because we believe that our interest in them is fair to you. You can object. The "
            "law calls this the right to object."
        ),
        example=_("For example: “Do not use my visits to improve your advertising.”"),
        gets=(
            _("What you object to stops at once"),
            _("Against direct marketing that is all: nobody has to decide anything"),
            _("For everything else a colleague weighs your reasons against ours, and writes to you how and why it came out"),
        ),
        on_proven=stop_on_proof,
        form=ObjectionForm,
        choices=objection_choices,
        in_words=objection_in_words,
        desk_form=EnteredObjectionForm,
    )
)
