from __future__ import annotations

from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.db import models

from privacycenter.kernel.cards import mask_in
from privacycenter.kernel.encryption import EncryptedTextField
from privacycenter.kernel.errors import CardNumberFound


class CardFree(models.Model):
    """A row whose texts and lists hold no full card number: staff paste anything anywhere."""

    class Meta:
        abstract = True

    def clean_fields(self, exclude: Collection[str] | None = None) -> None:
        errors: dict[str, list[ValidationError]] = {}
        try:
            super().clean_fields(exclude)
        except ValidationError as error:
            errors = error.update_error_dict({})
        for field in self._meta.concrete_fields:
            is_written = isinstance(field, models.CharField | models.TextField | models.JSONField)
            # An address is a secret, stored encrypted: its password may be any digits.
            if is_written and not isinstance(field, EncryptedTextField) and field.name not in (exclude or ()):
                value = getattr(self, field.attname)
                if mask_in(value) != value:
                    errors.setdefault(field.name, []).append(ValidationError(CardNumberFound.message, code=CardNumberFound.code))
        if errors:
            raise ValidationError(errors)
