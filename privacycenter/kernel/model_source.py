"""A source that reads one Django model: the base that most rooms use."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max, QuerySet

from privacycenter.kernel.cards import mask_in
from privacycenter.kernel.page_size import PageSize
from privacycenter.kernel.row_pages import Page, row_pages
from privacycenter.kernel.sources import (
    CannotChange,
    CannotErase,
    Erased,
    FieldChange,
    Item,
    Locator,
    Problem,
    Record,
    SourceDescription,
    Treatment,
)
from privacycenter.kernel.text import storable_in

PAGE = 2_000  # at most; fewer where the rows are large


class ModelSource:
    """Exports rows page by page along the primary key: short queries, flat memory, no long transaction.

    Subclasses set `description`, `columns` (field name -> ORM lookup path), and say how a locator finds rows: in `querysets`, one
    queryset per identifier, or by `model` and `found_by` where rows bear what is in the locator. Each is answered from an index
    that ends in the primary key.
    """

    description: SourceDescription
    columns: dict[str, str]
    model: Any = None
    found_by: Mapping[str, str] = {}  # attribute of the model -> what it equals, by its name in the locator
    dated_by: str = ""  # the column that tells how new a row is
    correctable: Mapping[str, str] = {}  # field name -> attribute of the model that a correction sets
    anonymous: Mapping[str, Any] = {}  # attribute -> what it holds once the row leads to nobody; a callable makes one per row
    treatments: frozenset[Treatment] = frozenset({Treatment.DELETE, Treatment.RETAIN})  # what `erase` can do with the rows

    def describe(self) -> SourceDescription:
        return self.description

    def locate(self, subject: Any) -> Locator:
        raise TypeError(f"{type(self).__name__} does not say how to find a person")

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        """Disjoint querysets that together hold what belongs to the locator."""
        if not self.found_by:
            raise TypeError(f"{type(self).__name__} does not say how to find rows")
        return [self.model._default_manager.filter(**{name: locator[key] for name, key in self.found_by.items()})]

    def count(self, locator: Locator) -> int:
        return sum(queryset.count() for queryset in self.querysets(locator))

    def newest(self, locator: Locator) -> Any:
        if not self.dated_by:
            return None
        found = (queryset.aggregate(newest=Max(self.dated_by))["newest"] for queryset in self.querysets(locator))
        return max((moment for moment in found if moment), default=None)

    def export(self, locator: Locator) -> Iterator[Item]:
        names = tuple(self.columns)
        for queryset in self.querysets(locator):
            page = queryset.order_by("pk").values_list("pk", *self.columns.values())
            last, size = None, PageSize(largest=PAGE)
            while True:
                limit = size.rows
                rows = list(page[:limit] if last is None else page.filter(pk__gt=last)[:limit])
                for row in rows:
                    yield self.record(row[0], dict(zip(names, row[1:], strict=True)))
                if len(rows) < limit:
                    break
                size.learn(rows)
                last = rows[-1][0]

    def export_pages(self, locator: Locator, *, without: Container[str] = ()) -> Iterator[Page] | None:
        """What `export` gives, as pages of rows and without some columns; None where a subclass shapes its records itself."""
        if type(self).record is not ModelSource.record or type(self).export is not ModelSource.export:
            return None
        columns = {name: path for name, path in self.columns.items() if name not in without}
        return (page for queryset in self.querysets(locator) for page in row_pages(queryset, columns, size=PAGE))

    def rectify(self, locator: Locator, changes: Sequence[FieldChange]) -> int:
        """Row by row, with the model's own validation; all or none."""
        by_row: dict[str, list[FieldChange]] = {}
        for change in changes:
            by_row.setdefault(change.record, []).append(change)
        with transaction.atomic():
            return sum(self._rectify_row(locator, key, wanted) for key, wanted in by_row.items())

    def _rectify_row(self, locator: Locator, key: str, changes: Sequence[FieldChange]) -> int:
        row = next((row for queryset in self.querysets(locator) for row in _by_key(queryset.select_for_update(of=("self",)), key)), None)
        if row is None:
            raise CannotChange("unknown_record", key)
        for change in changes:
            if change.field not in self.correctable:
                raise CannotChange("unknown_field" if change.field not in self.columns else "read_only", change.field)
        names = {self.correctable[change.field]: self._stored(row, change) for change in changes}
        before = {name: getattr(row, name) for name in names}
        try:
            for name, value in names.items():
                setattr(row, name, value)
            row.clean_fields(exclude=[field.name for field in row._meta.fields if field.name not in names])
        except ValidationError as error:
            raise CannotChange("invalid_value", ", ".join(sorted(error.message_dict))) from error
        except (TypeError, ValueError) as error:  # of a column that looks at what it is given
            raise CannotChange("invalid_value", ", ".join(sorted(names))) from error
        if {name: getattr(row, name) for name in names} == before:
            return 0
        row.save(update_fields=sorted(names))
        return 1

    def _stored(self, row: Any, change: FieldChange) -> Any:
        try:
            value = self.correction(change.field, change.value)
        except ValueError as error:
            raise CannotChange("invalid_value", change.field) from error
        is_missing = value is None and not row._meta.get_field(self.correctable[change.field]).null
        return "" if is_missing else value  # no text is an empty one

    def correction(self, field: str, value: Any) -> Any:
        """The value as it is stored. Raises ValueError for one that must not be: what no model can know goes here."""
        value = storable_in(value)
        if mask_in(value) != value:
            raise ValueError("a card number")
        return value.strip() if isinstance(value, str) else value

    def obstacle(self, locator: Locator) -> str:
        return ""

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        """By the finder's own querysets, in the caller's transaction. Raises CannotErase."""
        if treatment not in self.treatments:
            raise CannotErase("unfit_treatment")
        if treatment is not Treatment.RETAIN and (obstacle := self.obstacle(locator)):
            raise CannotErase(obstacle)
        do = {Treatment.DELETE: self._delete, Treatment.ANONYMISE: self._anonymise, Treatment.RETAIN: self._retain}[treatment]
        # No savepoint: many sources are erased in one transaction, and a failure there is for the caller to undo.
        with transaction.atomic(savepoint=False):
            return sum((do(queryset) for queryset in self.querysets(locator)), Erased())

    def deletes_plainly(self) -> bool:
        """Whether deleting is to delete the rows of `querysets`, and asking again to count them; a subclass may do more in either."""
        return self._deletes_like(ModelSource)

    def _deletes_like(self, base: Any) -> bool:
        mine: Any = type(self)
        return _has_verbs_of(mine, base) and Treatment.DELETE in self.treatments and not self.anonymous

    def _delete(self, queryset: QuerySet[Any]) -> Erased:
        """What hangs on the rows goes along and is not counted."""
        _all, by_model = queryset.delete()
        return Erased(removed=by_model.get(queryset.model._meta.label, 0))

    def _retain(self, queryset: QuerySet[Any]) -> Erased:
        return Erased(retained=queryset.count())

    def _anonymise(self, queryset: QuerySet[Any]) -> Erased:
        if not self.anonymous:
            raise TypeError(f"{type(self).__name__} does not say how its rows are made anonymous")
        leading = self._leading(queryset)
        if not any(callable(value) for value in self.anonymous.values()):
            return Erased(anonymised=leading.update(**self.anonymous))
        count = 0
        for key in list(leading.values_list("pk", flat=True)):  # each has placeholders of its own
            values = {name: value() if callable(value) else value for name, value in self.anonymous.items()}
            count += queryset.model._base_manager.filter(pk=key).update(**values)
        return Erased(anonymised=count)

    def _leading(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The rows that still lead to the person: those that differ from an anonymous one in a column that looks the same in all."""
        same = {name: value for name, value in self.anonymous.items() if not callable(value)}
        return queryset.exclude(**same) if same else queryset

    def verify_erased(self, locator: Locator) -> int:
        """As many as `erase` answered as retained, where it did its work."""
        return sum(self._leading(queryset).count() for queryset in self.querysets(locator))

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record | Problem:
        """Turn a row into what is exported. Override to decrypt or reshape; answer a Problem for one that can't be read."""
        return Record(str(primary_key), values)


@cache
def _has_verbs_of(source: Any, base: Any) -> bool:
    verbs = ("erase", "obstacle", "verify_erased", "_delete", "_leading")
    return all(getattr(source, verb) is getattr(base, verb) for verb in verbs)


class IdentifierRows:
    """For sources whose rows bear an identifier in two columns: offers what stands there (privacycenter.kernel.sources.CarriesIdentifiers).

    An index that begins with the two columns keeps each page short.
    """

    model: Any
    kind_column, value_column = "identifier_kind", "identifier_value"

    def identifiers(self) -> Iterator[tuple[str, str]]:
        rows = self.model._base_manager.order_by(self.kind_column, self.value_column).values_list(self.kind_column, self.value_column)
        kind = rows.values_list(self.kind_column, flat=True).first()
        while kind is not None:
            of_kind = rows.filter(**{self.kind_column: kind}).distinct()
            page = list(of_kind[:PAGE])
            while page:
                yield from page
                page = list(of_kind.filter(**{f"{self.value_column}__gt": page[-1][1]})[:PAGE]) if len(page) == PAGE else []
            kind = rows.filter(**{f"{self.kind_column}__gt": kind}).values_list(self.kind_column, flat=True).first()


def _by_key(queryset: QuerySet[Any], key: str) -> Iterable[Any]:
    """The row with this key, or none: also where the key can't be one of this model."""
    try:
        return list(queryset.filter(pk=key))
    except (ValueError, ValidationError):
        return []
