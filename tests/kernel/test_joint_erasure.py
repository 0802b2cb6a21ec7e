"""Erasing from many sources at once comes to the same as one after the other, in fewer round trips."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, connection
from django.db.models import QuerySet
from django.db.models.signals import pre_delete
from django.test.utils import CaptureQueriesContext

from privacycenter.kernel import clock
from privacycenter.kernel.joint_erasure import Part, ask_together, erase_together
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import CannotErase, Erased, Locator, SourceDescription, SourceField, Treatment
from privacycenter.subjects.models import PushDevice, Subject
from tests.factories.accounts import make_account

pytestmark = pytest.mark.django_db


class Devices(ModelSource):
    """Push devices with one label, as if each were a table of its own."""

    columns = {"label": "label"}

    def __init__(self, label: str) -> None:
        self.label = label
        self.description = SourceDescription(
            key=f"tests.{label}",
            title=label,
            category="other",
            fields=(SourceField("label", "Label"),),
            purposes=("support",),
            origin="given by a test",
            retention="interactions",
        )

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [PushDevice.objects.filter(subject_id=locator["subject"], label=self.label)]


class Failing(Devices):
    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        raise CannotErase("read_only")


class Watching(Devices):
    """Does more than delete: it notes what is left of others when its turn comes."""

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        self.saw = sorted(PushDevice.objects.filter(subject_id=locator["subject"]).values_list("label", flat=True))
        return super().erase(locator, treatment)


class Looking(Devices):
    """Its finder looks into the database itself."""

    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        keys = list(PushDevice.objects.filter(label=self.label).values_list("pk", flat=True))
        return [PushDevice.objects.filter(pk__in=keys)]


class Bearing(ModelSource):
    """Its rows are told by what they bear."""

    columns = {"label": "label"}
    model = PushDevice
    found_by = {"subject_id": "subject", "label": "label"}


class Joining(Devices):
    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [PushDevice.objects.filter(subject__pk=locator["subject"], subject__time_zone="", label=self.label)]


class Everything(Devices):
    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [PushDevice.objects.all()]


class Broken(Devices):
    def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
        return [PushDevice.objects.extra(where=["no_such_column = 1"])]


@pytest.fixture
def person() -> Subject:
    return make_account(password=None).subject


def give(person: Subject, *labels: str) -> None:
    for label in labels:
        PushDevice.objects.create(subject=person, label=label, endpoint_digest=secrets.token_hex(32), created_at=clock.now())


def parts(person: Subject, *sources: ModelSource, treatment: Treatment = Treatment.DELETE) -> list[Part]:
    return [Part(source, {"subject": person.pk}, treatment) for source in sources]


def erase(wanted: list[Part]) -> list[Erased]:
    return erase_together(wanted, ready=lambda: None)


def ask(wanted: list[Part]) -> list[int | Exception]:
    return ask_together(wanted, beat=lambda: None)


def writes(work: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        work()
    return [query["sql"] for query in captured.captured_queries if "DELETE" in query["sql"] or "COUNT" in query["sql"]]


def test_each_source_says_how_many_it_deleted_and_others_keep_theirs(person: Subject) -> None:
    stranger = make_account(password=None).subject
    give(person, "a", "a", "c")
    give(stranger, "a", "c")
    work = parts(person, Devices("a"), Devices("b"), Devices("c"))
    assert ask(work) == [2, 0, 1]
    assert erase(work) == [Erased(removed=2), Erased(), Erased(removed=1)]
    assert ask(work) == [0, 0, 0]
    assert PushDevice.objects.filter(subject=stranger).count() == 2


def test_what_comes_back_is_found(person: Subject) -> None:
    give(person, "a")
    work = parts(person, Devices("a"), Looking("b"))
    erase(work)
    give(person, "a", "b")
    assert ask(work) == [1, 1]


@pytest.mark.postgresql_only
def test_plain_sources_take_one_round_trip_to_erase_and_one_to_ask(person: Subject) -> None:
    give(person, "a", "b")
    work = parts(person, *(Devices(label) for label in "abcdefgh"))
    assert len(writes(lambda: erase(work))) == 1
    assert len(writes(lambda: ask(work))) == 1


def test_a_source_that_does_more_is_asked_to_in_its_turn(person: Subject) -> None:
    give(person, "a", "b", "c")
    watching = Watching("b")
    assert erase(parts(person, Devices("a"), watching, Devices("c"))) == [Erased(removed=1)] * 3
    assert watching.saw == ["b", "c"]


@pytest.mark.parametrize("kind", [Devices, Watching])
def test_nothing_is_changed_before_all_is_ready(person: Subject, kind: type[Devices]) -> None:
    def not_ready() -> None:
        raise KeyboardInterrupt

    give(person, "a")
    with pytest.raises(KeyboardInterrupt):
        erase_together(parts(person, kind("a")), ready=not_ready)
    assert PushDevice.objects.filter(subject=person).count() == 1


def test_what_is_kept_stays(person: Subject) -> None:
    give(person, "a", "a")
    assert erase(parts(person, Devices("a"), treatment=Treatment.RETAIN)) == [Erased(retained=2)]
    assert PushDevice.objects.filter(subject=person).count() == 2


@pytest.mark.parametrize("kind", [Looking, Joining, Everything])
def test_finders_of_every_kind_come_to_the_same(person: Subject, kind: type[Devices]) -> None:
    give(person, "a", "a")
    work = parts(person, kind("a"))
    assert erase(work) == [Erased(removed=2)]
    assert ask(work) == [0]


@pytest.mark.parametrize("as_text", [False, True])
def test_rows_that_are_told_by_what_they_bear(person: Subject, as_text: bool) -> None:
    stranger = make_account(password=None).subject
    give(person, "a", "a", "%s'; b")
    give(stranger, "a", "%s'; b")
    key = str(person.pk) if as_text else person.pk
    work = [Part(Bearing(), {"subject": key, "label": label}, Treatment.DELETE) for label in ("a", "%s'; b", "c")]
    assert [part.source.count(part.locator) for part in work] == [2, 1, 0]
    assert ask(work) == [2, 1, 0]
    assert erase(work) == [Erased(removed=2), Erased(removed=1), Erased()]
    assert ask(work) == [0, 0, 0]
    assert PushDevice.objects.filter(subject=stranger).count() == 2


def test_rows_that_would_have_to_bear_nothing_are_found_as_a_queryset_finds_them(person: Subject) -> None:
    give(person, "a")
    work = [Part(Bearing(), {"subject": person.pk, "label": None}, Treatment.DELETE)]
    assert (ask(work), erase(work)) == ([0], [Erased()])


def test_whoever_listens_for_deletions_hears_of_each(person: Subject) -> None:
    heard = []

    def listen(sender: Any, instance: Any, **kwargs: Any) -> None:
        heard.append(instance.label)

    give(person, "a", "a")
    pre_delete.connect(listen, sender=PushDevice)
    try:
        assert erase(parts(person, Devices("a"))) == [Erased(removed=2)]
    finally:
        pre_delete.disconnect(listen, sender=PushDevice)
    assert heard == ["a", "a"]


def test_what_hangs_on_the_rows_goes_along(person: Subject) -> None:
    class People(Devices):
        def querysets(self, locator: Locator) -> list[QuerySet[Any]]:
            return [Subject.objects.filter(pk=locator["subject"])]

    alone = Subject.objects.create(created_at=clock.now())
    give(alone, "a")
    assert erase(parts(alone, People("a"))) == [Erased(removed=1)]
    assert not PushDevice.objects.filter(label="a").exists()


def test_the_failure_of_one_is_raised(person: Subject) -> None:
    with pytest.raises(CannotErase):
        erase(parts(person, Devices("a"), Failing("b")))


@pytest.mark.django_db(transaction=True)
def test_one_that_can_not_be_asked_names_itself_only(person: Subject) -> None:
    give(person, "a")
    first, broken, last = ask(parts(person, Devices("a"), Broken("b"), Devices("c")))
    assert (first, last) == (1, 0)
    assert isinstance(broken, DatabaseError)
