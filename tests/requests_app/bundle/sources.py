"""Sources made for these tests: what they yield is given by the test."""

from __future__ import annotations

from privacycenter.kernel.sources import ReadOnlySource, SourceDescription, SourceField


class ListSource(ReadOnlySource):
    """A source that yields what it was given; an exception among it is raised when its turn comes."""

    def __init__(self, *items, key="tests.list", fields=(), portable=False, title="A list"):
        self.items = items
        self.description = SourceDescription(
            key=key,
            title=title,
            category="other",
            fields=tuple(fields) or (SourceField("text", "Text"),),
            purposes=("support",),
            origin="from a test",
            retention="interactions",
            portable=portable,
        )

    def describe(self):
        return self.description

    def locate(self, subject):
        return {"email": ["person@example.com"]}

    def count(self, locator):
        return len(self.items)

    def newest(self, locator):
        return None

    def export(self, locator):
        for item in self.items:
            if isinstance(item, Exception):
                raise item
            yield item
