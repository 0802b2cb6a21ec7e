"""Records in this database that two processes know as two sources: here at once, in the worker slowly."""

from __future__ import annotations

from typing import Any

from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import ErasureRule, SourceDescription, SourceField, Treatment
from privacycenter.records.models import Interaction
from privacycenter.subjects.queries import proven_identifiers


class SlowSource(ModelSource):
    """The conversations that came in over one origin, named like the source."""

    columns = {"summary": "summary"}

    def __init__(self, key: str) -> None:
        self.key = key
        self.description = SourceDescription(
            key=key,
            title=key,
            category="other",
            fields=(SourceField("summary", "Summary"),),
            purposes=("support",),
            origin="given by a test",
            retention="interactions",
            erasure=ErasureRule(Treatment.DELETE, order=50),
        )

    def locate(self, subject: Any) -> Any:
        return {"values": [value for kind, value in proven_identifiers(subject) if kind == "email"]}

    def querysets(self, locator: Any) -> list[Any]:
        return [Interaction.objects.filter(identifier_value__in=locator.get("values", ()), origin=self.key)]
