"""Replay: whoever the ledger knows as erased is erased again, nobody else is touched, and it can be killed and run again."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from accounts.models import User
from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.model_source import ModelSource
from privacycenter.kernel.sources import Erased, ErasureRule, Locator, SourceDescription, SourceField, Treatment, registry
from privacycenter.records.models import Interaction
from privacycenter.records.personal_data import InteractionSource
from privacycenter.subjects.models import Identifier, Subject
from privacycenter.subjects.personal_data import IdentifierSource
from requests_app.enums import Status
from requests_app.erasure import replay as replaying
from requests_app.erasure.replay import replay
from requests_app.erasure.serving import Standing, standing
from requests_app.models import LedgerEntry, Request, TimelineEvent
from tests.factories.accounts import make_account
from tests.factories.erasure import ACTOR, go_back, note_erasure, noted, running
from tests.factories.requests import released
from tests.factories.whole import make_whole_person
from tests.records.builders import bring_in, interaction, ndjson, results
from tests.requests_app.together import in_threads

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("K-03")]


class Watched(ModelSource):
    """Languages of people, which an erasure blanks: counts how often it was asked, and fails as told."""

    def __init__(self, *, in_database: bool = True, fails: bool = False, forgets: bool = True, order: int = 50) -> None:
        self.description = SourceDescription(
            key="tests.watched" if in_database else "tests.outside",
            title="Watched",
            category="other",
            fields=(SourceField("language", "Language"),),
            purposes=("support",),
            origin="given by a test",
            retention="interactions",
            in_database=in_database,
            erasure=ErasureRule(order=order),
        )
        self.fails, self.forgets = fails, forgets
        self.asked: list[tuple[Any, Treatment]] = []

    def locate(self, subject: Any) -> Locator:
        return {"subject": subject.pk}

    def querysets(self, locator: Locator) -> list[Any]:
        return [Subject.objects.filter(pk=locator["subject"]).exclude(language="")]

    def erase(self, locator: Locator, treatment: Treatment) -> Erased:
        if self.fails:
            raise OSError("disk full")
        self.asked.append((locator["subject"], treatment))
        return Erased(removed=self.querysets(locator)[0].update(language="") if self.forgets else 0)


@pytest.fixture
def watched():
    source = Watched()
    with registry.temporarily(source, IdentifierSource(), InteractionSource(), only=True):
        yield source


def person(name: str) -> Subject:
    subject = make_account(username=name, password=None).subject
    Subject.objects.filter(pk=subject.pk).update(language="en")
    return subject


def talk(address: str) -> None:
    """A conversation with whoever has this address."""
    [(_line, result)] = results(bring_in(ndjson([interaction(identifier={"kind": "email", "value": address})])))
    assert result == "created"


def never_was(*subjects: Subject) -> None:
    """The backup is from before these people were known."""
    User.objects.filter(subject__in=subjects).delete()
    Subject.objects.filter(pk__in=[subject.pk for subject in subjects]).delete()


def restored(*erased: Subject, **options: Any) -> list[int]:
    """Note these as erased, and put the database back to before."""
    numbers = [noted(subject, **options) for subject in erased]
    go_back()
    return numbers


def again(**options: Any) -> replaying.Replayed:
    return replay(actor=ACTOR, **options)


def test_erased_people_are_erased_again_and_others_are_left_alone(ledger: Path, watched):
    ada, bob = person("ada"), person("bob")
    talk("ada@example.com")
    talk("bob@example.com")
    restored(ada)

    result = again()

    assert (result.entries, result.people, result.addresses, result.failed, result.left) == (2, 1, 0, {}, [])
    assert list(Interaction.objects.values_list("identifier_value", flat=True)) == ["bob@example.com"]
    assert not Identifier.objects.filter(subject=ada).exists()
    assert Identifier.objects.filter(subject=bob).exists()
    assert dict(Subject.objects.values_list("pk", "language")) == {ada.pk: "", bob.pk: "en"}
    assert standing() is Standing.FIT
    assert AuditEntry.objects.get(verb="requests.erased_again").parameters == {"entry": 1}
    assert AuditEntry.objects.get(verb="requests.replayed").parameters == {"entries": 2, "people": 1, "failed": 0}


def test_a_second_replay_does_nothing(ledger: Path, watched):
    restored(person("ada"))
    again()
    watched.asked.clear()
    trail = AuditEntry.objects.count()

    assert again() == replaying.Replayed()
    assert (watched.asked, AuditEntry.objects.count()) == ([], trail)


def test_only_what_the_database_does_not_know_is_erased_again(ledger: Path, watched):
    ada, bob = person("ada"), person("bob")
    noted(ada)
    noted(bob)
    go_back(to=2)

    assert again().entries == 2
    assert [subject for subject, _treatment in watched.asked] == [bob.pk]


def test_treatments_are_those_of_the_ledger_and_newer_sources_follow_their_own_rule(ledger: Path, watched):
    ada = person("ada")
    talk("ada@example.com")
    restored(ada, treatments={"records.interactions": "retain", "tests.watched": "anonymise"})

    result = again()

    assert watched.asked == [(ada.pk, Treatment.ANONYMISE)]
    assert Interaction.objects.count() == 1
    assert not ada.identifiers.exists()
    assert result.people == 1


def test_somebody_who_was_merged_later_is_found_under_the_former_id(ledger: Path, watched):
    ada, other = person("ada"), person("other")
    ada.former_ids = [str(other.public_id)]
    ada.save()
    noted(ada)
    go_back()
    Subject.objects.filter(pk=ada.pk).update(former_ids=[])  # before they were merged

    assert again().people == 2


def test_records_without_a_person_are_found_by_the_hash_of_their_address(ledger: Path, watched):
    ada = person("ada")
    restored(ada)
    never_was(ada)
    talk("ada@example.com")
    talk("somebody.else@example.com")

    result = again()

    assert (result.people, result.addresses, result.erased.removed) == (0, 1, 1)
    assert list(Interaction.objects.values_list("identifier_value", flat=True)) == ["somebody.else@example.com"]


def test_an_address_that_another_person_holds_now_is_left_for_people_to_decide(ledger: Path, watched):
    ada, bob = person("ada"), person("bob")
    numbers = restored(ada)
    Identifier.objects.filter(subject=ada).update(subject=bob)
    talk("ada@example.com")

    result = again()

    assert (result.left, result.people, Interaction.objects.count()) == (numbers, 1, 1)
    assert Identifier.objects.filter(subject=bob, value="ada@example.com").exists()


def test_hashes_under_an_older_key_still_find_and_a_key_that_is_gone_stops_everything(ledger: Path, watched, settings):
    restored(person("ada"))
    old = settings.HASH_KEYS
    settings.HASH_KEYS = {"new": b"\x07" * 32}
    with pytest.raises(replaying.CannotReplay, match="unknown_key"):
        again()
    settings.HASH_KEYS = {"new": b"\x07" * 32, **old}

    assert again().people == 1


def test_one_who_can_not_be_erased_keeps_the_service_closed_and_the_others_are_erased(ledger: Path, watched, monkeypatch):
    ada, bob = person("ada"), person("bob")
    numbers = restored(ada, bob)
    real = watched.erase

    def fails_for_ada(locator: Locator, treatment: Treatment) -> Erased:
        if locator["subject"] == ada.pk:
            raise OSError("disk full")
        return real(locator, treatment)

    monkeypatch.setattr(watched, "erase", fails_for_ada)
    first = again()
    after_first = standing()
    monkeypatch.undo()
    second = again()

    assert (first.failed, first.people, after_first) == ({numbers[0]: "OSError"}, 1, Standing.REPLAY)
    assert ada.identifiers.exists() is False
    assert (second.failed, second.people, second.entries, standing()) == ({}, 1, 1, Standing.FIT)


def test_a_source_that_still_finds_something_is_a_failure_and_nothing_of_it_stays_done(ledger: Path, watched):
    ada = person("ada")
    restored(ada)
    watched.forgets = False

    result = again()

    assert result.failed == {1: "still_held_by_tests.watched"}
    assert ada.identifiers.exists()
    assert standing() is Standing.REPLAY


def test_of_a_person_about_whom_every_room_holds_something_nothing_is_left(ledger: Path):
    ada, bob = make_whole_person("ada").subject, make_whole_person("bob").subject
    sources = [source for source in registry.all() if source.describe().erasure.treatment is not Treatment.RETAIN]
    before = [(source, source.locate(ada), source.count(source.locate(bob))) for source in sources]
    restored(ada)

    result = again()

    assert (result.people, result.failed) == (1, {})
    assert {source.describe().key: source.verify_erased(locator) for source, locator, _count in before if locator} == {
        source.describe().key: 0 for source, locator, _count in before if locator
    }
    assert [source.count(source.locate(bob)) for source, _locator, _count in before] == [count for *_rest, count in before]


class Killed(BaseException):
    """As if the process had ended here: nothing of the open transaction stays."""


def test_killed_before_any_of_its_writes_it_goes_on_where_it_was(ledger: Path, watched):
    ada, bob, cleo = person("ada"), person("bob"), person("cleo")
    for each in ("ada", "bob", "cleo"):
        talk(f"{each}@example.com")
    restored(ada, bob)

    def die_at(fatal: int) -> Any:
        writes = count(1)

        def execute(run_it: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
            if sql.startswith(("INSERT", "UPDATE", "DELETE")) and next(writes) == fatal:
                raise Killed
            return run_it(sql, params, many, context)

        return execute

    kills = 0
    for fatal in count(1):
        try:
            with connection.execute_wrapper(die_at(fatal)):
                again()
        except Killed:
            kills += 1
            is_known = LedgerEntry.objects.count() == 4
            assert standing() is (Standing.FIT if is_known else Standing.REPLAY)
        else:
            break

    assert kills > 5
    assert list(Interaction.objects.values_list("identifier_value", flat=True)) == ["cleo@example.com"]
    assert list(Identifier.objects.values_list("subject", flat=True)) == [cleo.pk]
    assert sorted(AuditEntry.objects.filter(verb="requests.erased_again").values_list("parameters__entry", flat=True)) == [1, 3]
    assert (standing(), LedgerEntry.objects.count()) == (Standing.FIT, 4)


def test_a_dry_run_counts_and_changes_nothing(ledger: Path, watched):
    ada = person("ada")
    talk("ada@example.com")
    restored(ada)

    result = again(dry_run=True)

    assert (result.people, result.erased.removed) == (1, 3)
    assert (watched.asked, Interaction.objects.count(), standing()) == ([], 1, Standing.REPLAY)


@pytest.mark.parametrize("connectors", [False, True])
def test_sources_outside_are_asked_only_when_told_and_before_the_rest(ledger: Path, watched, connectors: bool):
    outside = Watched(in_database=False)
    with registry.temporarily(outside):
        ada = person("ada")
        restored(ada)
        again(connectors=connectors)

    assert [subject for subject, _treatment in outside.asked] == ([ada.pk] if connectors else [])


def test_a_request_that_the_backup_held_gets_a_remark_for_the_desk(ledger: Path, watched):
    plan = running(person("ada"))
    note_erasure(plan)
    LedgerEntry.objects.all().delete()
    Request.objects.filter(pk=plan.request.pk).update(status=Status.APPROVAL)

    again()

    event = TimelineEvent.objects.get(request=plan.request)
    assert (event.event, event.status, event.is_internal, event.details) == ("erased_again", Status.APPROVAL, True, {"entry": 1})
    assert LedgerEntry.objects.get().request_id == plan.request.pk


@pytest.mark.obligation("R-01")
def test_bundles_whose_days_are_over_are_shredded_before_anybody_is_served(ledger: Path, settings):
    request = released()
    request.bundles.update(expires_at=clock.now() - timedelta(days=1))

    result = again()

    assert result.bundles == 1
    assert request.bundles.get().key is None
    request.refresh_from_db()
    assert request.status == Status.CLOSED


def test_most_entries_find_nobody_and_cost_no_query_each(ledger: Path, watched, django_assert_max_num_queries):
    for name in ("ada", "bob"):
        person(name)
    strangers = [person(f"stranger{number}") for number in range(12)]
    restored(*strangers)
    never_was(*strangers)

    with django_assert_max_num_queries(30):
        result = again()

    assert (result.entries, result.people) == (24, 0)


def test_batches_that_are_smaller_than_the_ledger_come_to_the_same(ledger: Path, watched, monkeypatch):
    monkeypatch.setattr(replaying, "TOGETHER", 3)
    monkeypatch.setattr(replaying, "PAGE", 2)
    people = [person(f"person{number}x") for number in range(4)]
    restored(*people)

    result = again()

    assert (result.entries, result.people) == (8, 4)
    assert standing() is Standing.FIT


def run(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("replay_erasures", *arguments, stdout=out, stderr=out)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    except CommandError as error:
        return error.returncode, str(error)
    return 0, out.getvalue()


def test_the_command_says_what_it_did_in_words_and_as_json(ledger: Path, watched):
    restored(person("ada"))

    code, dry = run("--dry-run", "--json")
    told = json.loads(dry)
    assert (code, told["dry_run"], told["people"], told["entries"]) == (0, True, 1, 2)
    code, words = run()
    assert code == 0
    assert "people 1" in words
    assert "may be served" in words
    assert json.loads(run("--json")[1])["entries"] == 0


def test_the_command_fails_where_somebody_could_not_be_erased(ledger: Path, watched):
    restored(person("ada"))
    watched.fails = True

    code, words = run()

    assert code == 1
    assert "Not erased: entry 1 (OSError)" in words


def test_the_command_does_nothing_with_a_ledger_that_does_not_fit_unless_told_to_write_it_anew(ledger: Path, watched):
    noted(person("ada"))
    before = ledger.read_bytes()
    ledger.unlink()

    assert run()[0] == 2
    assert json.loads(run("--json")[1]) == {"replayed": False, "reason": "ledger_missing"}
    assert run("--rewrite-ledger")[0] == 0
    assert ledger.read_bytes() == before


def test_everybody_is_erased_as_an_actor_of_the_system(ledger: Path, watched):
    restored(person("ada"))
    replay(actor=Actor.system("operator"))

    assert set(AuditEntry.objects.filter(verb__startswith="requests.erased_again").values_list("actor_kind", flat=True)) == {"system"}


@pytest.mark.django_db(transaction=True)
def test_two_replays_at_once_erase_everybody_once(ledger: Path, watched):
    people = [person(f"person{number}y") for number in range(6)]
    numbers = restored(*people)

    answers = in_threads(2, again)

    assert [answer.failed for answer in answers] == [{}, {}]
    assert sum(answer.people for answer in answers) == 6
    assert sorted(AuditEntry.objects.filter(verb="requests.erased_again").values_list("parameters__entry", flat=True)) == numbers
    assert not Identifier.objects.filter(subject__in=people).exists()
    assert standing() is Standing.FIT
