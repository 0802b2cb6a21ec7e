"""What may be typed into an account's fields, in forms and in the model alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.cards import refuse_card_number
from privacycenter.kernel.text import visible

PASSWORD_MIN, PASSWORD_MAX = 12, 128

validate_username = RegexValidator(
    r"\A[\w.+\-]{3,64}\Z",
    _("Use 3 to 64 letters, digits or . + - _ and no @ or spaces."),
    code="invalid_username",
)
username_validators: list[Callable[[Any], None]] = [validate_username, refuse_card_number]


def validate_plain_line(value: str) -> None:
    """One line of ordinary text: nothing in it may act on what stands around it (control characters, text direction)."""
    if "\n" in value or "\t" in value or visible(value) != value:
        raise ValidationError(_("Use ordinary letters and signs only; there is a hidden character in this text."), code="hidden_character")


class MaximumLengthValidator:
    """Refuses a password longer than 128 characters, so that hashing stays cheap and nothing is cut in silence."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > PASSWORD_MAX:
            raise ValidationError(
                _("This password is too long. Use at most %(max)d characters."), code="password_too_long", params={"max": PASSWORD_MAX}
            )

    def get_help_text(self) -> str:
        return str(_("Your password may have up to %(max)d characters.") % {"max": PASSWORD_MAX})
