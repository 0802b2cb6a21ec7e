from __future__ import annotations

from dataclasses import replace

import pytest
from django.core.exceptions import ImproperlyConfigured

from privacycenter.kernel.checks import check_erasure
from privacycenter.kernel.sources import (
    OBSTACLES,
    CannotErase,
    Erased,
    ErasureRule,
    ReadOnlySource,
    Record,
    SourceDescription,
    SourceField,
    SourceRegistry,
    Treatment,
    UnknownSource,
    registry,
)

DESCRIPTION = SourceDescription(
    key="test.notes",
    title="Notes",
    category="other",
    fields=(SourceField("text", "Text"),),
    purposes=("support",),
    origin="given by you",
    retention="account_life",
)


class NoteSource(ReadOnlySource):
    def __init__(self, description: SourceDescription = DESCRIPTION) -> None:
        self.description = description

    def describe(self):
        return self.description

    def locate(self, subject):
        return {"id": 1}

    def count(self, locator):
        return 1

    def newest(self, locator):
        return None

    def export(self, locator):
        yield Record("1", {"text": "hello"})


def test_registered_source_is_found_by_its_key():
    registry = SourceRegistry()
    source = registry.register(NoteSource())

    assert registry.get("test.notes") is source
    assert registry.all() == [source]


def test_unknown_key_raises():
    with pytest.raises(UnknownSource):
        SourceRegistry().get("nobody.knows")


def test_duplicate_key_is_refused():
    registry = SourceRegistry()
    registry.register(NoteSource())

    with pytest.raises(ImproperlyConfigured, match="twice"):
        registry.register(NoteSource())


@pytest.mark.parametrize("attribute", ["key", "title", "fields", "purposes", "origin", "retention"])
def test_source_that_says_nothing_about_a_fact_is_refused(attribute):
    description = replace(DESCRIPTION, **{attribute: () if attribute in {"fields", "purposes"} else ""})

    with pytest.raises(ImproperlyConfigured, match="says nothing"):
        SourceRegistry().register(NoteSource(description))


def test_source_without_a_verb_is_refused():
    class Half:
        def describe(self):
            return DESCRIPTION

    with pytest.raises(ImproperlyConfigured, match="lacks a verb"):
        SourceRegistry().register(Half())


def test_unknown_category_and_repeated_field_are_refused():
    with pytest.raises(ImproperlyConfigured, match="category"):
        SourceRegistry().register(NoteSource(replace(DESCRIPTION, category="misc")))
    with pytest.raises(ImproperlyConfigured, match="twice"):
        SourceRegistry().register(NoteSource(replace(DESCRIPTION, fields=DESCRIPTION.fields * 2)))


def test_configured_source_can_not_displace_a_registered_one():
    registry = SourceRegistry()
    own = registry.register(NoteSource())
    other = NoteSource(replace(DESCRIPTION, key="shop.orders", category="purchases"))
    registry.register_provider(lambda: [NoteSource(), other])

    assert registry.all() == [other, own]
    assert registry.get("shop.orders") is other


def test_temporary_sources_leave_no_trace():
    registry = SourceRegistry()
    own = registry.register(NoteSource())

    with registry.temporarily(NoteSource(replace(DESCRIPTION, key="test.other")), only=True):
        assert [source.describe().key for source in registry.all()] == ["test.other"]

    assert registry.all() == [own]


def test_a_source_in_code_that_says_nothing_about_its_erasure_is_an_error():
    with registry.temporarily(
        NoteSource(), NoteSource(replace(DESCRIPTION, key="test.told", erasure=ErasureRule(Treatment.DELETE))), only=True
    ):
        assert [(message.id, "test.notes" in message.msg) for message in check_erasure(None)] == [("privacycenter.E017", True)]


def test_a_source_that_can_only_be_read_keeps_what_it_holds():
    source = NoteSource()

    with pytest.raises(CannotErase) as refused:
        source.erase({"id": 1}, Treatment.DELETE)

    assert (refused.value.code, source.obstacle({"id": 1})) == ("read_only", "")
    assert source.erase({"id": 1}, Treatment.RETAIN) == Erased(retained=1)
    assert {"read_only", "unfit_treatment", "last_data_protection_officer"} <= set(OBSTACLES)
