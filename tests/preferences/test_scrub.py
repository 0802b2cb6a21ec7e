"""Lists of addresses against the gate: the same answers, whatever the file looks like, and nothing a spreadsheet would run."""

from __future__ import annotations

import csv
import io
import re
import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from privacycenter.datamap.models import Purpose
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sheets import safe_cell
from privacycenter.preferences import gate, links
from privacycenter.preferences.domain import choose, set_delivery, suppress
from privacycenter.preferences.enums import DeliveryKind, Method, SuppressionReason
from privacycenter.preferences.errors import EmptyList, NoColumn
from privacycenter.preferences.gate import Question
from privacycenter.preferences.gate.lists import ListGate
from privacycenter.preferences.models import LinkToken, Topic
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scrub import Scrub, Task
from privacycenter.preferences.scrub.reading import Rows, encoding_of
from privacycenter.subjects.models import Subject
from tests.factories.subscribers import SCOPE, TOPIC, address_of, as_person, make_people, make_subscribers, opt_out_by_link, presented

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("H-01", "K-02")]
SYSTEM = Actor.system("tests")


def scrubbed(data: bytes | list[bytes], **task: Any) -> tuple[list[dict[str, str]], Scrub]:
    """The answer as rows by column, and the scrub with its summary."""
    scrub = Scrub([data] if isinstance(data, bytes) else data, Task(Topic.objects.get(key=TOPIC), **task))
    text = b"".join(scrub).decode("utf-8-sig")
    separator = scrub._rows.separator
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)), scrub


# --- the answers -------------------------------------------------------------------------------------------------------


def test_a_list_gets_a_yes_or_no_and_the_reason_beside_each_address() -> None:
    [wants] = make_subscribers(1)
    [gone] = make_subscribers(1)
    opt_out_by_link(address_of(gone))
    data = f"Name,E-Mail\nAda,{address_of(wants).upper()}\nBen,{address_of(gone)}\nCem,nobody@example.com\nDana,\n".encode()

    rows, scrub = scrubbed(data)

    assert [(row["Name"], row["allowed"], row["reason"]) for row in rows] == [
        ("Ada", "yes", "The person agreed to this."),
        ("Ben", "no", "The person does not want these messages."),
        ("Cem", "no", "The person has not agreed to this."),
        ("Dana", "no", "no usable address"),
    ]
    assert (scrub.summary.rows, scrub.summary.allowed) == (4, 1)
    assert dict(scrub.summary.counts) == {"suppression": 1, "consent": 1, "invalid": 1}
    assert scrub.summary.remarks == [(5, "invalid")]


def test_who_works_with_lists_is_not_told_what_concerns_the_person_alone() -> None:
    states = ("out", "complained", "staff", "child", "restricted", "nothing")
    addresses = [_make(state, 900 + number) for number, state in enumerate(states)]
    Subject.objects.filter(is_child=True).update(restricted_at=None)

    rows, scrub = scrubbed("\n".join(["email", *addresses]).encode(), tells_why=False)

    assert [row["reason"] for row in rows] == ["may not be written to"] * 5 + ["The person has not agreed to this."]
    assert dict(scrub.summary.counts) == {"refused": 5, "consent": 1}


_numbers = count(1)
STATES = (
    "nothing",
    "yes",
    "yes_by_address",
    "out",
    "out_of_all",
    "bounced",
    "complained",
    "staff",
    "child",
    "restricted",
    "other_topic",
    "paused",
)


def _make(state: str, number: int) -> str:
    """An address of which this is known."""
    address = f"{state}{number}@example.com"
    bare = party_of(("email", address))
    if state == "yes_by_address":
        choose(bare, on=[SCOPE], presented=presented(Method.MAILED_CONFIRMATION), actor=SYSTEM)
    elif state in {"bounced", "complained", "staff"}:
        reason = {"bounced": "hard_bounce", "complained": "complaint", "staff": "staff"}[state]
        suppress(bare, channel="email", reason=SuppressionReason(reason), actor=SYSTEM)
    elif state == "other_topic":
        suppress(bare, topic="events", reason=SuppressionReason.CHOICE, actor=SYSTEM)
    elif state != "nothing":
        [person] = make_subscribers(1)
        address = address_of(person)
        if state == "out":
            opt_out_by_link(address)
        elif state == "out_of_all":
            opt_out_by_link(address, everything=True)
        elif state == "paused":
            until = (clock.now() + timedelta(days=5)).isoformat()
            set_delivery(party_of(person), DeliveryKind.PAUSE, {"until": until}, method=Method.PREFERENCE_PAGE, actor=as_person(person))
        elif state == "child":
            Subject.objects.filter(pk=person.pk).update(is_child=True)
        elif state == "restricted":
            Subject.objects.filter(pk=person.pk).update(restricted_at=clock.now())
    return address


@given(states=st.lists(st.sampled_from(STATES), min_size=1, max_size=12), basis=st.sampled_from(["consent", "legitimate_interests"]))
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_lean_path_answers_as_the_gate_does(states: list[str], basis: str) -> None:
    Purpose.objects.filter(key="news_and_offers").update(legal_basis=basis, balancing_note="A note.")
    addresses = [_make(state, next(_numbers)) for state in states]

    lean = ListGate("email", "news_and_offers", topic=TOPIC, channel="email").decide(addresses)
    full = gate.may_all([Question(("email", address), "news_and_offers", TOPIC, "email") for address in addresses])

    assert [(lean[address].allowed, lean[address].rule, str(lean[address].reason)) for address in addresses] == [
        (decision.allowed, decision.rule, str(decision.reason)) for decision in full
    ]


@pytest.mark.parametrize("number", [2, 40])
def test_a_batch_takes_the_same_queries_whatever_its_size_is(number: int, django_assert_num_queries: Any) -> None:
    for each in range(number):
        suppress(party_of(("email", f"out{each}@example.com")), reason=SuppressionReason.CHOICE, actor=SYSTEM)
    addresses = [f"out{each}@example.com" for each in range(number)] + [f"new{each}@example.com" for each in range(number)]
    list_gate = ListGate("email", "news_and_offers", topic=TOPIC, channel="email")
    list_gate.decide(["first@example.com", "out0@example.com"])

    with django_assert_num_queries(4):
        answers = list_gate.decide(addresses)

    assert len(answers) == 2 * number


def test_links_stand_beside_those_who_may_be_written_to_and_work() -> None:
    [wants] = make_subscribers(1)
    data = f"email\n{address_of(wants)}\nnobody@example.com\n".encode()

    rows, _ = scrubbed(data, with_links=True, campaign="spring")

    assert rows[0]["List-Unsubscribe"] == f"<{rows[0]['unsubscribe']}>"
    assert rows[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = links.link_with(rows[0]["unsubscribe"].rpartition("/")[2])
    assert found is not None
    assert (found.topic, found.campaign, found.kind) == (TOPIC, "spring", "unsubscribe")
    assert found.subject_key == str(wants.public_id)  # opting out is confirmed to them
    assert {name: rows[1][name] for name in ("unsubscribe", "preferences", "List-Unsubscribe")} == dict.fromkeys(
        ("unsubscribe", "preferences", "List-Unsubscribe"), ""
    )
    assert LinkToken.objects.count() == 2


def test_a_list_of_numbers_is_asked_by_phone() -> None:
    Topic.objects.filter(key=TOPIC).update(channels=["sms"])
    suppress(party_of(("phone", "+60321234567")), channel="sms", reason=SuppressionReason.CHOICE, actor=SYSTEM)

    rows, _ = scrubbed(b"mobile;note\n+60 3-2123 4567;=1+1\n12;-\n", channel="sms")

    assert [(row["mobile"], row["note"], row["reason"]) for row in rows] == [
        ("'+60 3-2123 4567", "'=1+1", "The person does not want these messages."),
        ("12", "'-", "no usable address"),
    ]


# --- what files look like ----------------------------------------------------------------------------------------------

LINES = "naïve,email\r\nÄnne,a@example.com\r\n\r\nZoë,b@example.com\r\n"


@pytest.mark.parametrize(
    "data",
    [
        LINES.encode(),
        LINES.encode("utf-8-sig"),
        LINES.encode("utf-16"),
        b"\xfe\xff" + LINES.encode("utf-16-be"),
        LINES.encode("utf-16-le"),
        LINES.encode("latin-1"),
        LINES.replace("\r\n", "\n").encode(),
        LINES.replace("\r\n", "\r").encode(),
        LINES.replace(",", ";").encode(),
        LINES.replace(",", "\t").encode(),
        LINES.rstrip().encode(),
        b"\r\n\r\n" + LINES.encode(),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 1_000])
def test_any_usual_encoding_separator_and_line_ending_is_read(data: bytes, size: int) -> None:
    rows, scrub = scrubbed([data[start : start + size] for start in range(0, len(data), size)])

    assert [(row["naïve"], row["email"]) for row in rows] == [("Änne", "a@example.com"), ("Zoë", "b@example.com")]
    assert scrub.summary.remarks == []


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", EmptyList),
        (b"\n\n \r\n", EmptyList),
        (b"a,b\n1,2\n", NoColumn),
        (b"ada@example.com\nben@example.com\n", NoColumn),
        (bytes(300), NoColumn),
    ],
)
def test_a_list_that_can_not_be_read_is_said_so_before_anything_else(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        scrubbed(data)


def test_a_list_with_its_column_names_only_is_a_list_of_nobody() -> None:
    rows, scrub = scrubbed(b"email,name\n")

    assert (rows, scrub.summary.rows) == ([], 0)


def test_the_column_can_be_named() -> None:
    rows, _ = scrubbed(b"email,contact\n,a@example.com\n", column="Contact")

    assert rows[0]["reason"] == "The person has not agreed to this."
    with pytest.raises(NoColumn):
        scrubbed(b"email,contact\n,a@example.com\n", column="Mail of the boss")


def test_line_breaks_in_quotes_stay_and_a_short_row_is_made_even_and_named() -> None:
    rows, scrub = scrubbed(b'email,note,third\na@example.com,"two\nlines, ""quoted""",x\nb@example.com\nc@example.com,1,2,,\n')

    assert [(row["email"], row["note"], row["third"]) for row in rows] == [
        ("a@example.com", 'two\nlines, "quoted"', "x"),
        ("b@example.com", "", ""),
        ("c@example.com", "1", "2"),  # empty cells at the end are only commas
    ]
    assert scrub.summary.remarks == [(4, "fewer_cells_than_columns")]


def test_a_row_with_more_cells_than_columns_is_kept_whole_answered_no_and_named() -> None:
    [wants] = make_subscribers(1)
    data = f"name,email,town\nLovelace, Ada,{address_of(wants)},London\nAda,{address_of(wants)},London\n".encode()
    task = Task(Topic.objects.get(key=TOPIC))

    scrub = Scrub([data], task)
    answer = b"".join(scrub)

    assert answer.decode().splitlines()[1:] == [
        f"Lovelace, Ada,{address_of(wants)},no,more cells than columns in line 2,London",
        f"Ada,{address_of(wants)},London,yes,The person agreed to this.",
    ]
    assert scrub.summary.remarks == [(2, "more_cells_than_columns")]
    assert (scrub.summary.rows, scrub.summary.allowed, scrub.summary.counts["more_cells_than_columns"]) == (2, 1, 1)
    assert b"".join(Scrub([answer], task)) == answer  # checked again it is no more allowed than before


def test_a_quote_that_is_never_closed_costs_its_own_line_only() -> None:
    lines = [f"{number}@example.com,x" for number in range(300)]
    lines[99] = '99@example.com,"never closed'

    rows, scrub = scrubbed(("email,note\n" + "\n".join(lines)).encode())

    assert len(rows) == 299
    assert scrub.summary.remarks == [(101, "quote_not_closed")]


def test_a_line_of_200_megabytes_is_named_and_the_rest_is_done() -> None:
    def chunks() -> Iterator[bytes]:
        yield b"email,note\na@example.com,1\nb@example.com,"
        for _ in range(200):
            yield b"x" * 1024 * 1024
        yield b"\nc@example.com,3\nd@example.com,4"

    tracemalloc.start()
    rows, scrub = scrubbed(chunks())  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert [row["email"] for row in rows] == ["a@example.com", "c@example.com", "d@example.com"]
    assert scrub.summary.remarks == [(3, "line_too_long")]
    assert peak < 20 * 1024 * 1024


def test_an_answer_can_be_checked_again() -> None:
    [wants] = make_subscribers(1)
    first = b"".join(Scrub([f"email\n{address_of(wants)}\n".encode()], Task(Topic.objects.get(key=TOPIC))))

    again = b"".join(Scrub([first], Task(Topic.objects.get(key=TOPIC))))

    assert again == first


@given(
    data=st.one_of(st.binary(max_size=400), st.text(alphabet='ab,;\t"\n\r@.\x00é=', max_size=200).map(str.encode)), size=st.integers(1, 50)
)
@hypothesis_settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_file_is_an_error_of_ours_and_every_line_is_answered_or_named(data: bytes, size: int) -> None:
    pieces = [b"email,x\n", *(data[start : start + size] for start in range(0, len(data), size))]

    rows, scrub = scrubbed(pieces)

    assert len(rows) == scrub.summary.rows
    cells = [cell for each in rows for cells in each.values() for cell in ([cells] if isinstance(cells, str) else cells)]
    assert not any(cell.startswith(("=", "@", "\t", "\r")) for cell in cells)


@given(text=st.text(alphabet="=+-@\t\ra1 ", max_size=8))
def test_no_cell_begins_with_what_a_spreadsheet_runs(text: str) -> None:
    made = safe_cell(text)

    assert made.replace("'", "") == text.replace("'", "")
    number = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
    if not number.fullmatch(made):
        assert made[:1] not in ("\t", "\r")
        for part in re.split(r"[,;|\t\r\n]", made):
            assert part[:1] not in tuple("=+-@") or number.fullmatch(part)


def test_the_number_of_a_line_counts_every_line_before_it() -> None:
    told: list[tuple[int, str]] = []
    rows = list(Rows([b'\n\nemail\n"a\nb"\n\nc\n', b"x" * 2_000_000, b"\nd"], lambda line, code: told.append((line, code))))

    assert rows == [(3, ["email"]), (4, ["a\nb"]), (7, ["c"]), (9, ["d"])]
    assert told == [(8, "line_too_long")]


@pytest.mark.parametrize(("sample", "name"), [(b"", "utf-8"), ("ä".encode() * 40 + b"\xc3", "utf-8"), (b"\xe4x", "latin-1")])
def test_the_encoding_is_guessed_from_the_beginning(sample: bytes, name: str) -> None:
    assert encoding_of(sample) == name


def test_people_who_are_known_but_never_asked_are_a_no() -> None:
    [person] = make_people(1)

    rows, _ = scrubbed(f"email\n{address_of(person)}\n".encode())

    assert (rows[0]["allowed"], rows[0]["reason"]) == ("no", "The person has not agreed to this.")


@pytest.mark.parametrize(
    ("cell", "answer"),
    [
        ("Ada,=HYPERLINK(1)", "Ada,'=HYPERLINK(1)"),
        ("Ada;+cmd|' /C calc'!A0", "Ada;'+cmd|' /C calc'!A0"),
        ('Ada\t"=1+1"', 'Ada\t"\'=1+1"'),
        ("Ada\n@SUM(1)", "Ada\n'@SUM(1)"),
        ("\tAda", "'\tAda"),
        ("12,-5", "12,-5"),
        ("Ada, Lovelace", "Ada, Lovelace"),
    ],
)
def test_a_cell_is_no_formula_wherever_a_spreadsheet_cuts_it(cell: str, answer: str) -> None:
    out = io.StringIO()
    csv.writer(out).writerow(["nobody@example.com", cell])

    rows, _scrub = scrubbed(b"email,note\n" + out.getvalue().encode())

    assert safe_cell(cell) == answer
    assert rows[0]["note"] == answer
