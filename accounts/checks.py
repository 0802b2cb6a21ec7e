"""A system check: nothing hangs on a person or an account of which nobody said what an erasure does with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.core.checks import CheckMessage, Error, Tags, register

from accounts.models import User
from privacycenter.kernel.attachments import spoken_of
from privacycenter.kernel.classification import classifications
from privacycenter.subjects.models import Subject


@register(Tags.models)
def check_relations(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """privacycenter.E018: every foreign key to an account or a person belongs to a source, goes with one, or stays for a reason."""
    known, classified = spoken_of(), classifications()
    messages: list[CheckMessage] = []
    for relation in (*User._meta.related_objects, *Subject._meta.related_objects):
        model = relation.related_model
        name = f"{model._meta.label_lower}.{relation.field.name}"
        classification = classified.get(model._meta.label_lower)
        if name not in known and not (classification and classification.source):
            messages.append(
                Error(
                    f"{name} leads to a person, and nobody says what an erasure does with it.",
                    hint="In personal_data.py of its room call attach() or stays() for it, or classify the model with its source.",
                    obj=model,
                    id="privacycenter.E018",
                )
            )
    return messages
