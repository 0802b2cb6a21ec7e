"""A source that reads one Django model: the base that most rooms use."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any

from django.db.models import Max, QuerySet

from privacycenter.kernel.page_size import PageSize
from privacycenter.kernel.row_pages import Page, row_pages
from privacycenter.kernel.sources import Item, Locator, Problem, Record, SourceDescription

PAGE = 2_000  # at most; fewer where the rows are large


class ModelSource:
    """Exports rows page by page along the primary key: short queries, flat memory, no long transaction.

    Subclasses set `description`, `columns` (field name -> ORM lookup path), and say in `querysets` how a locator finds
    rows: one queryset per identifier, each answered from an index that ends in the primary key.
    """

    description: SourceDescription
    columns: dict[str, str]
    dated_by: str = ""  # the column that tells how new a row is

    def describe(self) -> SourceDescription:
        return self.description

    def locate(self, subject: Any) -> Locator:
        raise TypeError(f"{type(self).__name__} does not say how to find a person")

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        """Disjoint querysets that together hold what belongs to the locator."""
        raise TypeError(f"{type(self).__name__} does not say how to find rows")

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

    def record(self, primary_key: Any, values: dict[str, Any]) -> Record | Problem:
        """Turn a row into what is exported. Override to decrypt or reshape; answer a Problem for one that can't be read."""
        return Record(str(primary_key), values)
