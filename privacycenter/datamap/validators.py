"""What names and lists of names in the data map may look like."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.utils.translation import gettext_lazy as _

# Keys stand in bundles and in names of bundle entries: plain ASCII, no dot, not too long.
validate_key = RegexValidator(
    r"\A[a-z][a-z0-9_]{1,39}\Z",
    _("Use 2 to 40 small letters, digits and underscores, beginning with a letter."),
    code="invalid_key",
)


def validate_key_list(value: Any) -> None:
    """A JSON column that holds a list of keys or column names, none empty, none twice."""
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise ValidationError(_("This must be a list of names."), code="invalid_list")
    if len(set(value)) != len(value):
        raise ValidationError(_("A name stands twice in this list."), code="repeated")


def validate_rows(value: Any) -> None:
    """A JSON column that holds a list of objects with text and truth values."""
    rows_are_flat = isinstance(value, list) and all(
        isinstance(row, dict) and all(isinstance(item, str | bool) for item in row.values()) for row in value
    )
    if not rows_are_flat:
        raise ValidationError(_("This must be a list of rows."), code="invalid_rows")


def validate_time_zone(value: str) -> None:
    """A name of the IANA time zone database."""
    if value not in available_timezones():
        raise ValidationError(_("Use a time zone name such as Europe/Berlin."), code="invalid_time_zone")
