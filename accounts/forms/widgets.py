"""Controls that Django's own are too slow for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString


class LongSelect(forms.Select):
    """A list of hundreds of plain choices. Django renders a template per option, a tenth of a second for all time zones."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        chosen = "" if value is None else str(value)
        options = ((key, SafeString(" selected") if str(key) == chosen else "", label) for key, label in self.choices)
        control = flatatt(self.build_attrs(self.attrs, {**(attrs or {}), "name": name}))
        return format_html("<select{}>{}</select>", control, format_html_join("", '<option value="{}"{}>{}</option>', options))
