"""What staff set up for an erasure in a connected database: what is refused, what is proposed, and what a dry run says."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from privacycenter.datamap.domain import save_connector
from privacycenter.datamap.enums import Strategy
from privacycenter.datamap.erasing import rehearse_erasure, save_handling
from privacycenter.datamap.errors import BadAddress, SourceMisconfigured, StaffOnly
from privacycenter.datamap.handling import propose_strategies
from privacycenter.datamap.models import Connector
from privacycenter.datamap.sql.strategies import random_text
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.sources import Erased, Treatment
from tests.datamap.builders import (
    ADA,
    GONE,
    KEPT,
    STAFF,
    becomes,
    handled,
    make_chinook_sources,
    make_source,
    named,
    rows_of,
)

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("R-02", "R-03")]

MakeShop = Callable[[str], Connector]


def test_every_strategy_does_what_it_says(shop: MakeShop):
    connector = shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT UNIQUE NOT NULL, A TEXT, B TEXT, C TEXT, D TEXT, E DATE, F NUMERIC(6,2),"
        "G TEXT); INSERT INTO T VALUES (1,'ada@example.com','a','b','c','d','1815-12-10',9.5,'g'),"
        "(2,'bob@example.com','a','b','c','d','1970-05-05',3,'g');"
    )
    rules = becomes(
        Email="unique:gone-*@example.invalid", A="null", B="empty", C="fixed:erased", D="pseudonym", E="year", F="zero", G="keep"
    )
    source = handled(make_source(connector, "rows", table="T", person_column="T.Email"), **GONE, strategies=rules)

    assert source.erase(ADA, Treatment.ANONYMISE) == Erased(anonymised=1)

    (_id, email, *values), bob = rows_of(connector, "SELECT * FROM T ORDER BY Id")
    assert email.startswith("gone-")
    assert email.endswith("@example.invalid")
    assert values[:3] + values[4:] == [None, "", "erased", "1815-01-01", 0, "g"]
    assert (len(values[3]), values[3] != "d") == (64, True)
    assert bob == (2, "bob@example.com", "a", "b", "c", "d", "1970-05-05", 3, "g")


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"Email": "keep", "Nick": "null"}, "names the person"),
        ({"Nick": "null"}, "names the person"),
        ({"Email": "pseudonym"}, "would still lead to them"),
        ({"Email": "fixed:erased"}, "another value"),
        ({"Email": "null"}, "may not be NULL"),
        ({"Email": "unique:" + "x" * 30}, "no room"),
        ({"Email": "unique", "Age": "empty"}, "holds no text"),
        ({"Email": "unique", "Age": "year"}, "holds no date"),
        ({"Email": "unique", "Nick": "zero"}, "holds no number"),
        ({"Email": "unique", "Nick": "fixed"}, "give a text"),
        ({"Email": "unique", "Id": "zero"}, "is a key"),
        ({"Email": "unique", "Shoe": "null"}, "no such column"),
    ],
)
def test_a_set_up_that_would_not_work_is_refused_in_words(shop: MakeShop, rules: dict[str, str], message: str):
    connector = shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email VARCHAR(40) UNIQUE NOT NULL, Nick TEXT, Age INTEGER);")
    source = make_source(connector, "rows", table="T", person_column="T.Email")

    with pytest.raises(SourceMisconfigured, match=message):
        handled(source, **GONE, strategies=becomes(**rules))


@pytest.mark.parametrize(
    "values",
    [{"erasure": "anonymise"}, {"erasure": "retain", "erasure_reason": "Tax"}, {"correctable": ["email"]}, {"correctable": ["id"]}],
)
def test_what_is_kept_has_a_reason_and_an_end_and_what_finds_a_row_stays(shop: MakeShop, values: dict[str, Any]):
    source = make_source(shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT);"), "rows", table="T", person_column="T.Email")

    with pytest.raises(SourceMisconfigured):
        handled(source, **values)


def test_rows_that_belong_to_several_people_can_only_be_kept(shop: MakeShop):
    connector = shop("CREATE TABLE Talk (Id INTEGER PRIMARY KEY, Text TEXT); CREATE TABLE Guest (TalkId INTEGER, Email TEXT);")
    source = make_source(connector, "talks", table="Talk", person_column="Guest.Email", joins=["Talk.Id = Guest.TalkId"])

    with pytest.raises(SourceMisconfigured, match="may belong to several people"):
        handled(source, erasure="delete")
    assert handled(source, **KEPT).erase(ADA, Treatment.RETAIN) == Erased()


def test_the_proposal_leaves_keys_and_never_the_person(shop: MakeShop):
    connector = shop(
        "CREATE TABLE P (Id INTEGER PRIMARY KEY); CREATE TABLE T (Id INTEGER PRIMARY KEY, Email VARCHAR(50) NOT NULL UNIQUE,"
        "Nick TEXT UNIQUE, Phone TEXT, Name TEXT NOT NULL, Total NUMERIC(6,2) NOT NULL, Born DATE NOT NULL, PId INTEGER REFERENCES P);"
    )
    source = make_source(connector, "rows", table="T", person_column="T.Email")

    propose_strategies(source)

    assert [(row["column"], row["strategy"]) for row in source.strategies] == [
        ("T.Id", "keep"),
        ("T.Email", "unique"),
        ("T.Nick", "unique"),
        ("T.Phone", "null"),
        ("T.Name", "fixed"),
        ("T.Total", "zero"),
        ("T.Born", "keep"),
        ("T.PId", "keep"),
    ]


def test_two_hundred_placeholders_are_all_different(shop: MakeShop):
    people = ",".join(f"({number},'person{number}@example.com')" for number in range(200))
    connector = shop(f"CREATE TABLE T (Id INTEGER PRIMARY KEY, Email VARCHAR(24) NOT NULL UNIQUE); INSERT INTO T VALUES {people};")
    source = handled(make_source(connector, "rows", table="T", person_column="T.Email"), **GONE, strategies=becomes(Email="unique:erased-"))

    done = [source.erase({"kind": "email", "values": [f"person{number}@example.com"]}, Treatment.ANONYMISE) for number in range(200)]

    assert done == [Erased(anonymised=1)] * 200
    emails = {email for (email,) in rows_of(connector, "SELECT Email FROM T")}
    assert (len(emails), {len(email) for email in emails}) == (200, {24})


def test_a_placeholder_that_exists_is_drawn_again(shop: MakeShop, monkeypatch: pytest.MonkeyPatch):
    connector = shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT NOT NULL UNIQUE); INSERT INTO T VALUES (1,'taken'),(2,'ada@example.com');"
    )
    source = handled(make_source(connector, "rows", table="T", person_column="T.Email"), **GONE, strategies=becomes(Email="unique"))
    drawn = iter(["taken", "taken", "free"])
    monkeypatch.setattr("privacycenter.datamap.sql.strategies.random_text", lambda pattern, room: next(drawn))

    assert source.erase(ADA, Treatment.ANONYMISE) == Erased(anonymised=1)
    assert rows_of(connector, "SELECT Email FROM T ORDER BY Id") == [("taken",), ("free",)]


def test_a_random_text_is_as_long_as_there_is_room():
    assert [len(random_text(pattern, 20)) for pattern in ("", "erased-", "a*b")] == [20, 20, 20]
    assert len(random_text("erased-", 1000)) == 39


def test_the_address_for_changes_leads_to_the_same_database_and_goes_with_the_permission(chinook: Connector, outside_folder: Path):
    other = outside_folder / "other.sqlite3"
    other.touch()
    with pytest.raises(BadAddress, match="another database"):
        save_connector(chinook, write_url=f"sqlite:///{other}", actor=STAFF)
    chinook.refresh_from_db()
    save_connector(chinook, write_url=chinook.url, actor=STAFF)
    stored = Connector.objects.get().write_url

    chinook.may_write = False
    save_connector(chinook, changed=("may_write",), actor=STAFF)

    assert (stored, Connector.objects.get().write_url) == (chinook.url, "")


def test_a_rehearsal_counts_and_leaves_everything_as_it_was(chinook: Connector):
    profile = handled(make_chinook_sources(chinook)["profile"], **GONE).source
    everybody = f"SELECT * FROM {named(chinook, 'Customer')} ORDER BY 1"
    before = rows_of(chinook, everybody)

    rehearsal = rehearse_erasure(profile, value="LuisG@embraer.com.br", reason="setting_up", actor=STAFF)

    assert ([count.rows for count in rehearsal.tables], rehearsal.problem) == ([1], "")
    assert (named(chinook, "Customer.Email"), str(Strategy.UNIQUE.label)) in rehearsal.columns
    assert rows_of(chinook, everybody) == before


def test_a_rehearsal_says_what_protects_a_row(chinook: Connector):
    profile = handled(make_chinook_sources(chinook)["profile"], erasure="delete").source

    rehearsal = rehearse_erasure(profile, value="luisg@embraer.com.br", reason="request", actor=STAFF)

    assert rehearsal.problem.startswith("These records can't be treated like this: others need them")
    assert any("refuses to delete" in note for note in rehearsal.notes)


@pytest.mark.parametrize("kind", [ActorKind.PERSON, ActorKind.ANONYMOUS, ActorKind.API_CLIENT])
def test_setting_up_and_trying_out_is_for_staff(sqlite_shop: MakeShop, kind: ActorKind):
    source = make_source(sqlite_shop("CREATE TABLE T (Id INTEGER PRIMARY KEY, Email TEXT)"), "rows", table="T", person_column="T.Email")
    actor = Actor(kind, "5")

    with pytest.raises(StaffOnly):
        save_handling(source, changed=(), actor=actor)
    with pytest.raises(StaffOnly):
        rehearse_erasure(source, value="ada@example.com", reason="request", actor=actor)


def test_nobody_elses_row_is_changed_where_the_database_compares_loosely(shop: MakeShop):
    connector = shop(
        "CREATE TABLE T (Id INTEGER PRIMARY KEY, Phone TEXT);"
        "INSERT INTO T VALUES (1,'+49 30 1234567'),(2,'0049-30-1234567'),(3,'+49 30 12345670'),(4,'+49 (30) 1234567');"
    )
    row = make_source(connector, "rows", table="T", person_column="T.Phone", identifier_kind="phone")
    source = handled(row, **GONE, strategies=becomes(Phone="null"))

    assert source.erase({"kind": "phone", "values": ["+49301234567"]}, Treatment.ANONYMISE) == Erased(anonymised=3)
    assert rows_of(connector, "SELECT Id FROM T WHERE Phone IS NOT NULL") == [(3,)]
