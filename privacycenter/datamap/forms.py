"""Forms by which staff describe a database and what lies in it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms
from django.forms.models import construct_instance
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap import domain
from privacycenter.datamap.enums import ErasureChoice, LookReason, Strategy
from privacycenter.datamap.errors import SourceChanged, SourceMisconfigured, SourceUnavailable
from privacycenter.datamap.handling import propose_strategies
from privacycenter.datamap.models import CollectionNotice, Connector, ConnectorSource, Purpose, Recipient, RetentionRule
from privacycenter.datamap.sql.addresses import read_address
from privacycenter.datamap.sql.rows import fields_of, joins_of
from privacycenter.kernel.cards import refuse_card_number
from privacycenter.kernel.errors import InvalidIdentifier, PrivacyCenterError
from privacycenter.kernel.normalise import MAX_LENGTH, normalise
from privacycenter.kernel.sources import Sensitivity

_MAX_ROWS = 90  # with the other fields of the form this stays below DATA_UPLOAD_MAX_NUMBER_FIELDS
_SPARE_ROWS = 3

SENSITIVITY_LABELS = [
    (Sensitivity.ORDINARY.value, _("Ordinary")),
    (Sensitivity.CONTACT.value, _("Contact")),
    (Sensitivity.FINANCIAL.value, _("Financial")),
    (Sensitivity.SPECIAL.value, _("Special category (GDPR Art. 9)")),
    (Sensitivity.SECRET.value, _("Secret: never exported")),
]


class Cell:
    """One column of a table of inputs. With `choices` it is a list to choose from, else a text."""

    def __init__(self, name: str, label: Any, choices: Sequence[tuple[str, Any]] = ()) -> None:
        self.name, self.label, self.choices = name, label, choices


class RowsWidget(forms.Widget):
    """A table of inputs, one row per entry and a few spare rows: needs no script, and saving brings new spare rows."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        super().__init__()
        self.cells = cells

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        rows = [row for row in value or [] if isinstance(row, dict)]
        table = [
            [
                {"cell": cell, "name": f"{name}-{number}-{cell.name}", "value": str(row.get(cell.name, "")), "number": number + 1}
                for cell in self.cells
            ]
            for number, row in enumerate([*rows, *({} for _spare in range(_SPARE_ROWS))])
        ]
        return render_to_string("datamap/widgets/rows.html", {"cells": self.cells, "rows": table, "attrs": attrs or {}})

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[dict[str, str]]:
        rows = []
        for number in range(_MAX_ROWS + _SPARE_ROWS):
            row = {cell.name: str(data.get(f"{name}-{number}-{cell.name}", "")).strip() for cell in self.cells}
            # A row with nothing typed into it is none; a list always has something chosen.
            if any(row[cell.name] for cell in self.cells if not cell.choices):
                rows.append(row)
        return rows

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str | None) -> str:
        return ""


class RowsField(forms.Field):
    """Rows of a JSON column."""

    widget: RowsWidget

    def clean(self, value: Any) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = value or []
        if len(rows) > _MAX_ROWS:
            raise forms.ValidationError(_("At most %(count)s rows."), params={"count": _MAX_ROWS}, code="too_many_rows")
        for number, row in enumerate(rows, start=1):
            for cell in self.widget.cells:
                if len(row[cell.name]) > 300 or (cell.choices and row[cell.name] not in dict(cell.choices)):
                    params = {"number": number, "column": cell.label}
                    raise forms.ValidationError(_("Row %(number)s: check %(column)s."), params=params, code="bad_cell")
        return rows

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != list(data or [])


class NamesField(forms.CharField):
    """A list of names, typed with commas."""

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        return [name.strip() for name in (super().to_python(value) or "").split(",") if name.strip()]

    def validate(self, value: Any) -> None:
        if len(set(value)) != len(value):
            raise forms.ValidationError(_("A name stands twice."), code="repeated")

    def run_validators(self, value: Any) -> None:
        for name in value:
            super().run_validators(name)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(list(initial or []) != self.to_python(data))


class VersionedForm(forms.ModelForm):  # type: ignore[type-arg]
    """An entry whose versions are kept, and why it changes."""

    note = forms.CharField(
        label=_("Why it changes"),
        help_text=_("Kept with the version; colleagues and auditors read it."),
        max_length=300,
        required=False,
        validators=[refuse_card_number],
    )


class PurposeForm(VersionedForm):
    class Meta:
        model = Purpose
        fields = ("key", "title", "description", "legal_basis", "balancing_note", "is_direct_marketing", "honours_gpc", "position")


class NoticeForm(VersionedForm):
    class Meta:
        model = CollectionNotice
        fields = ("words",)


class ConnectorForm(forms.ModelForm):  # type: ignore[type-arg]
    """A connector. Its address goes in and never comes out again."""

    address = forms.CharField(
        label=_("Database address"),
        required=False,
        strip=True,
        max_length=2_000,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=_(
            "postgresql://user:password@host:port/database, mysql://…, or sqlite:////folder/file.sqlite3. The host must be in "
            "OUTBOUND_ALLOW. Use an account that may only read. The address is stored encrypted and not shown again; leave "
            "this empty to keep the stored one."
        ),
    )

    write_address = forms.CharField(
        label=_("Database address for changes"),
        required=False,
        strip=True,
        max_length=2_000,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off", "class": "vTextField"}),
        help_text=_(
            "The same database by another account, which may also write. Stored encrypted and not shown again. Leave this empty to keep "
            "the stored one, or to use the address above. It is forgotten when the connector may no longer change data."
        ),
    )

    class Meta:
        model = Connector
        fields = ("key", "name", "kind", "is_enabled", "schema", "time_zone", "statement_timeout_seconds", "may_write")

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if not address and self.instance.pk is None:
            raise forms.ValidationError(_("Give the address of the database."), code="required")
        self._place_of(address)
        return address

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        kept = self.instance.write_url or "" if cleaned.get("address") else ""  # where only the first address is typed
        address = cleaned.get("write_address") or kept
        if not cleaned.get("may_write") or not address or "address" in self.errors:
            return cleaned
        try:
            place = self._place_of(address)
            if place != (self._place_of(cleaned.get("address", "")) or self.instance.place):
                self.add_error("write_address", _("This leads to another database. Only the account may differ."))
        except forms.ValidationError as error:
            self.add_error("write_address", error)
        return cleaned

    @staticmethod
    def _place_of(address: str) -> str:
        try:
            return read_address(address).place if address else ""
        except PrivacyCenterError as error:
            raise forms.ValidationError(str(error), code=error.code) from error


class HandlingForm(forms.ModelForm):  # type: ignore[type-arg]
    """What may be corrected in a source and what an erasure does there: checked against the database before it is saved."""

    correctable = forms.MultipleChoiceField(
        label=_("Fields that may be corrected"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only fields of the source's own table. A correction is made after staff accepted it."),
    )
    owned_tables = forms.MultipleChoiceField(
        label=_("Joined tables whose rows go along"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Rows that hang on rows of this source, and on nobody else's. They go first."),
    )
    strategies = RowsField(
        required=False,
        label=_("What becomes of each column"),
        widget=RowsWidget([Cell("column", _("table.column")), Cell("strategy", _("Becomes"), Strategy.choices), Cell("text", _("Text"))]),
        help_text=_(
            "Needed where rows are kept without the person. A column that is not named stays as it is. The text is what stands there "
            "afterwards; for a unique random text its beginning, or a pattern with * where chance goes: erased-*@example.invalid."
        ),
    )

    class Meta:
        model = ConnectorSource
        fields = ("correctable", "erasure", "erasure_reason", "keep_days", "owned_tables", "strategies")
        widgets = {"erasure_reason": forms.TextInput(attrs={"class": "vTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._choose("correctable", [(row.name, row.label) for row in fields_of(self.instance) if not row.withheld])
        sides = [side.rpartition(".")[0] for row in joins_of(self.instance) for side in (row.left, row.right)]
        joined = [(name, name) for name in dict.fromkeys(sides) if name != self.instance.table]
        self._choose("owned_tables", joined)
        if not joined:
            del self.fields["owned_tables"]

    def _choose(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.MultipleChoiceField):
            field.choices = choices

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors:
            candidate = construct_instance(self, copy.copy(self.instance), list(cleaned))
            _check(self, lambda: self._look(candidate, cleaned))
        return cleaned

    def _look(self, candidate: ConnectorSource, cleaned: dict[str, Any]) -> None:
        if candidate.erasure == ErasureChoice.ANONYMISE:
            propose_strategies(candidate)
            cleaned["strategies"] = candidate.strategies
        domain.check_source(candidate)


def _check(form: forms.BaseForm, look: Callable[[], None]) -> None:
    """Look at the outside database; what is wrong stands beside the field it is about."""
    try:
        look()
    except SourceMisconfigured as error:
        for name, message in error.problems:
            form.add_error(name if name in form.fields else None, message)
    except (SourceUnavailable, SourceChanged) as error:
        form.add_error(None, str(error.message))
    except PrivacyCenterError as error:
        form.add_error(None, str(error))


class SourceForm(forms.ModelForm):  # type: ignore[type-arg]
    """A connected source: checked against the rules and the database's own schema before anything is saved."""

    key_columns = NamesField(
        required=False,
        label=_("Key columns"),
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("What tells rows apart, with commas. Empty: the table's primary key."),
    )
    joins = RowsField(
        required=False,
        label=_("Joins"),
        widget=RowsWidget([Cell("left", _("Column")), Cell("right", _("equals column"))]),
        help_text=_(
            "From table to table, each as table.column: Customer.CustomerId equals Invoice.CustomerId. Look-ups for further "
            "names go here, too. Empty a row to remove it; save to get more rows."
        ),
    )
    columns = RowsField(
        required=False,
        label=_("Fields"),
        widget=RowsWidget(
            [
                Cell("name", _("Name in the bundle")),
                Cell("label", _("Label for people")),
                Cell("column", _("table.column")),
                Cell("sensitivity", _("Sensitivity"), SENSITIVITY_LABELS),
                Cell("withheld", _("Withheld because")),
            ]
        ),
        help_text=_("Leave all rows empty to take every column of the table as a draft. A withheld field is named, but never read."),
    )
    purposes = forms.MultipleChoiceField(label=_("Purposes"), widget=forms.CheckboxSelectMultiple)
    recipients = forms.MultipleChoiceField(label=_("Recipients"), widget=forms.CheckboxSelectMultiple, required=False)

    class Meta:
        model = ConnectorSource
        fields = (
            "connector",
            "key",
            "title",
            "category",
            "is_enabled",
            "table",
            "key_columns",
            "joins",
            "person_column",
            "identifier_kind",
            "date_column",
            "columns",
            "purposes",
            "recipients",
            "retention",
            "origin",
            "is_portable",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model, words in (("purposes", Purpose, "title"), ("recipients", Recipient, "name")):
            field = self.fields.get(name)
            if isinstance(field, forms.MultipleChoiceField):
                field.choices = list(model._default_manager.values_list("key", words))
        retention = self.fields.get("retention")
        if isinstance(retention, forms.ModelChoiceField):
            retention.label_from_instance = _retention_label  # type: ignore[assignment,method-assign]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not self.errors and (self.instance.pk is None or domain.STRUCTURE.intersection(self.changed_data)):
            self._check_against_database(cleaned)
        return cleaned

    def _check_against_database(self, cleaned: dict[str, Any]) -> None:
        candidate = construct_instance(self, copy.copy(self.instance), list(cleaned))
        _check(self, lambda: self._look(candidate, cleaned))

    def _look(self, candidate: ConnectorSource, cleaned: dict[str, Any]) -> None:
        domain.complete_source(candidate)
        cleaned["columns"] = candidate.columns
        domain.check_source(candidate)


def _retention_label(rule: RetentionRule) -> str:
    return rule.title


class RehearsalForm(forms.Form):
    """Whose erasure to try out, and why. Sent by POST only."""

    identifier = forms.CharField(
        label=_("Identifier to look for"),
        max_length=MAX_LENGTH,
        validators=[refuse_card_number],
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    reason = forms.ChoiceField(
        label=_("Reason for trying it out"),
        choices=[("", _("Choose a reason")), *LookReason.choices],
        help_text=_("Everything is undone at once, and no value is shown. The look is recorded, and the person can see it."),
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind

    def clean_identifier(self) -> str:
        return _normal(self.kind, self.cleaned_data["identifier"])


def _normal(kind: str, value: str) -> str:
    try:
        return normalise(kind, value)
    except InvalidIdentifier as error:
        raise forms.ValidationError(str(error), code=error.code) from error


class PreviewForm(forms.Form):
    """Whom to look for, and why. Sent by POST only: an identifier never stands in an address."""

    identifier = forms.CharField(
        label=_("Identifier to look for"),
        max_length=MAX_LENGTH,
        validators=[refuse_card_number],
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "vTextField"}),
    )
    reason = forms.ChoiceField(
        label=_("Reason for seeing a sample"),
        required=False,
        choices=[("", _("No sample, count only")), *LookReason.choices],
        help_text=_("With a reason the first records are shown, masked. The look is recorded, and the person can see it."),
    )

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind

    def clean_identifier(self) -> str:
        return _normal(self.kind, self.cleaned_data["identifier"])
