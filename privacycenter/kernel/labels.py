"""Words for stored codes: what a person reads in place of `logged_in` or `en`."""

from __future__ import annotations

from django.db.models import Choices
from django.utils.translation import get_language_info


def label_in(choices: type[Choices], value: str) -> str:
    """The label of a stored choice; the value itself where the list no longer has it."""
    return str(choices(value).label) if value in choices.values else value


def language_label(code: str) -> str:
    """A language by its name with its code (BCP 47): "English (en)". The code alone where the name is not known."""
    try:
        return f"{get_language_info(code)['name_translated']} ({code})"
    except KeyError:
        return code
