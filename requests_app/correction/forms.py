"""What is typed for one correction: a field of the type that the value has, and the reasons in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.cards import refuse_card_number
from requests_app.correction.values import same
from requests_app.enums import CorrectionKind, NoticeState, NoticeWay
from requests_app.forms import refuse_hidden_characters
from requests_app.models import Correction

TEXT_LENGTH = 8000
WORDS_LENGTH = 2000
_ONE_LINE = 80


def words_field(label: Any, *, hint: Any = "", required: bool = True, rows: int = 4, missing: Any = "") -> forms.CharField:
    """A few sentences."""
    return forms.CharField(
        label=label,
        help_text=hint,
        required=required,
        validators=[refuse_hidden_characters, refuse_card_number, MaxLengthValidator(WORDS_LENGTH)],
        widget=forms.Textarea(attrs={"rows": rows, "maxlength": WORDS_LENGTH}),
        error_messages={"required": missing} if missing else None,
    )


class ProposalForm(forms.Form):
    """What a value should be, and why. Typed as the value that is held; several inputs where that is a table of answers."""

    def __init__(self, *args: Any, held: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._held, self._kind = held, kind
        if kind == CorrectionKind.SUPPLEMENT:
            self.fields["value"] = words_field(_("What should be added?"), missing=_("Write what should be added."))
        elif isinstance(held, Mapping):
            for number, (name, item) in enumerate(held.items()):
                self.fields[f"value_{number}"] = _field_for(item, label=str(name))
        else:
            self.fields["value"] = _field_for(held, label=_("What should it be?"))
        self.fields["reason"] = words_field(
            _("Why, and how can we see that?"),
            hint=_("For example a document that you have, or when it changed. Leave out card numbers and passwords."),
            required=False,
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors and self._kind == CorrectionKind.CORRECT and same(self.value(), self._held):
            names = [name for name in self.fields if name.startswith("value")]
            self.add_error(names[0], _("This is what we hold already. Write what it should be instead."))
        return cleaned

    def value(self) -> Any:
        """What was typed, with its type."""
        data = self.cleaned_data
        if self._kind == CorrectionKind.SUPPLEMENT or not isinstance(self._held, Mapping):
            return _typed(self._held if self._kind == CorrectionKind.CORRECT else "", data.get("value"))
        return {name: _typed(item, data.get(f"value_{number}")) for number, (name, item) in enumerate(self._held.items())}


def initial_of(correction: Correction, held: Any, proposed: Any) -> dict[str, Any]:
    """What the form shows first: what was proposed before, else what is held, to be changed."""
    shown = proposed if proposed is not None else ("" if correction.kind == CorrectionKind.SUPPLEMENT else held)
    if isinstance(shown, Mapping) and correction.kind == CorrectionKind.CORRECT:
        values = {f"value_{number}": _shown(item) for number, item in enumerate(shown.values())}
    else:
        values = {"value": _shown(shown)}
    return values | {"reason": correction.reason or ""}


def kept(typed: Mapping[str, str], *names: str) -> str:
    """What was typed into the fields that begin with these names, to be kept while somebody signs in again; `given_back` reads it."""
    return json.dumps({name: value for name, value in typed.items() if name.startswith(names)}, ensure_ascii=False)


def given_back(text: str) -> dict[str, str]:
    """What was kept, by field."""
    return {str(name): str(value) for name, value in json.loads(text).items()} if text else {}


class DecisionForm(forms.Form):
    """Accept or refuse one correction. A refusal needs a reason; the person reads it."""

    verdict = forms.ChoiceField(
        label=_("Decision"), choices=[("accept", _("Accept")), ("refuse", _("Do not accept"))], widget=forms.RadioSelect
    )
    reason = words_field(_("Reason"), hint=_("The person reads it. Needed where you do not accept."), required=False, rows=2)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("verdict") == "refuse" and not cleaned.get("reason", "").strip():
            self.add_error("reason", _("Say why it is not accepted. The person reads it."))
        return cleaned


class NoticeForm(forms.Form):
    """What became of telling one recipient."""

    state = forms.ChoiceField(
        label=_("State"),
        choices=[("", _("Choose …")), *(choice for choice in NoticeState.choices if choice[0] in NoticeState.BY_STAFF)],
        error_messages={"required": _("Say what became of it.")},
    )
    how = forms.ChoiceField(label=_("How"), choices=[("", "–"), *NoticeWay.choices], required=False)
    note = words_field(
        _("Its answer, or why it can't be told"), hint=_("The person reads a reason; an answer stays at the desk."), required=False, rows=2
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        state = cleaned.get("state")
        if state in {NoticeState.TOLD, NoticeState.ANSWERED} and not cleaned.get("how"):
            self.add_error("how", _("Say how it was told."))
        if state and state != NoticeState.TOLD and not cleaned.get("note", "").strip():
            self.add_error("note", _("Write the answer, or why it can't be told."))
        return cleaned


def _field_for(held: Any, *, label: Any) -> forms.Field:
    common: dict[str, Any] = {"label": label, "required": False}
    checks = [refuse_card_number]
    if isinstance(held, bool):
        return forms.ChoiceField(**common, choices=[("yes", _("Yes")), ("no", _("No"))], widget=forms.RadioSelect)
    if isinstance(held, int):
        return forms.IntegerField(**common, validators=checks)
    if isinstance(held, Decimal | float):
        return forms.DecimalField(**common, validators=checks)
    if isinstance(held, datetime):
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
        return forms.DateTimeField(**common, widget=widget)
    if isinstance(held, date):
        return forms.DateField(**common, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    if isinstance(held, time):
        return forms.TimeField(**common, widget=forms.TimeInput(attrs={"type": "time"}))
    is_list = isinstance(held, list | tuple)
    is_long = is_list or (isinstance(held, str) and (len(held) > _ONE_LINE or "\n" in held))
    return forms.CharField(
        **common,
        help_text=_("One in each line.") if is_list else _("Leave it empty if nothing should stand there."),
        validators=[refuse_hidden_characters, *checks, MaxLengthValidator(TEXT_LENGTH)],
        widget=forms.Textarea(attrs={"rows": 5}) if is_long else forms.TextInput(),
    )


def _typed(held: Any, value: Any) -> Any:
    if isinstance(held, bool):
        return {"yes": True, "no": False}.get(value)
    if isinstance(held, list | tuple):
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]
    if isinstance(held, float) and isinstance(value, Decimal):
        return float(value)
    return value


def _shown(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "\n".join(value) if isinstance(value, list | tuple) else value
