"""One source, run for one person: everything that is held comes out as it was, and nothing lies about unsealed."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from privacycenter.jobs.errors import LostLease
from privacycenter.kernel.cards import contains_card_number, mask_card_numbers
from privacycenter.kernel.errors import DecryptionFailed
from privacycenter.kernel.sources import FileItem, Problem, Record, Sensitivity, SourceField
from requests_app.bundle.outputs import (
    INLINE_BYTES,
    NAMED_PROBLEMS,
    discard_output,
    export_source,
    open_file,
    open_records,
    read_records,
    sealed,
    shown_name,
)
from requests_app.bundle.serialise import serialise
from requests_app.bundle.step_output import StepOutput, VolumePlan
from requests_app.bundle.volume_plan import VolumePlanner
from requests_app.pdf.volumes import MAIN_RECORDS_PER_SOURCE, RECORD_CHARACTERS, VOLUME_CHARACTERS, VOLUME_RECORDS, Fill, add_record
from tests.requests_app.bundle.facts import result
from tests.requests_app.bundle.sources import ListSource

pytestmark = pytest.mark.usefixtures("bundles")

VISA = "4111 1111 1111 1111"


def run(*items, key=bytes(range(32)), on_progress=None, name="tests.list", **options):
    return export_source(ListSource(*items, key=name, **options), {}, key=key, name_prefix="request/step", on_progress=on_progress)


def one(value):
    """A single value, exported and read again with a strict reader."""
    output = run(Record("1", {"text": value}))
    raw = b"".join(open_records(output, key=bytes(range(32))))
    assert output.problems == ()
    return json.loads(raw.decode("utf-8", "strict"))["text"]


PLUS_EIGHT = timezone(timedelta(hours=8))


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, None),
        (True, True),
        (7, 7),
        (-(2**63), -(2**63)),
        (2**64 - 1, 2**64 - 1),
        (2**64, "18446744073709551616"),
        (10**40, str(10**40)),
        (1.5, 1.5),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        (Decimal("12.50"), "12.50"),
        (Decimal("NaN"), "NaN"),
        (datetime(2024, 5, 1, 10, 11, 12, 5, tzinfo=PLUS_EIGHT), "2024-05-01T10:11:12.000005+08:00"),
        (datetime(2024, 5, 1, 10, 11, 12, tzinfo=UTC), "2024-05-01T10:11:12+00:00"),
        (datetime(2024, 5, 1, 10, 11, 12), "2024-05-01T10:11:12+00:00"),  # noqa: DTZ001 - what a broken source gives
        (date(2024, 2, 29), "2024-02-29"),
        (time(23, 59), "23:59:00"),
        (time(23, 59, tzinfo=PLUS_EIGHT), "23:59:00+08:00"),
        (timedelta(days=1, seconds=5), "P1DT00H00M05S"),
        (UUID(int=5), "00000000-0000-0000-0000-000000000005"),
        (b"\x00\xff", {"base64": "AP8="}),
        (memoryview(b"ab"), {"base64": "YWI="}),
        ({"b", "a"}, ["a", "b"]),
        ((1, [2, {"x": None}]), [1, [2, {"x": None}]]),
        ({1: "a", "1": "b"}, {"1": "a", "1'": "b"}),
        ({"a": [float("inf"), {"b": float("nan")}]}, {"a": ["inf", {"b": "nan"}]}),
        ("<script>alert(1)</script>{{ x }}{% y %}", "<script>alert(1)</script>{{ x }}{% y %}"),
        ("file:///etc/passwd http://example.com/", "file:///etc/passwd http://example.com/"),
        ("tab\tnewline\nescape\x1bdelete\x7fc1\x85", "tab\tnewline\nescape\x1bdelete\x7fc1\x85"),
        ("nul\x00", "nul⟨U+0000⟩"),
        ("lone\ud800surrogate", "lone⟨U+D800⟩surrogate"),
        ({"key\udfff": "x"}, {"key⟨U+DFFF⟩": "x"}),
        ("over\u202eride", "over\u202eride"),
        ("\u2028\u2029 مرحبا שלום नमस्ते สวัสดี 你好 こんにちは 안녕 👩‍👩‍👧", "\u2028\u2029 مرحبا שלום नमस्ते สวัสดี 你好 こんにちは 안녕 👩‍👩‍👧"),
        ("literal \\u0000 stays", "literal \\u0000 stays"),
        ("", ""),
    ],
)
def test_a_value_keeps_its_meaning(value, written):
    found = one(value)

    assert (found, type(found)) == (written, type(written))


def test_a_null_beside_a_lost_number_stays_null():
    output = run(Record("1", {"a": None, "b": float("nan"), "c": "null"}), Record("2", {"a": None}))

    assert read_records(output, key=bytes(range(32))) == [{"key": "1", "a": None, "b": "nan", "c": "null"}, {"key": "2", "a": None}]


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (VISA, "[card number ending 1111]"),
        ("4111111111111111", "[card number ending 1111]"),
        (f"paid with {VISA}, thanks", "paid with [card number ending 1111], thanks"),
        ("4111\u00a01111\u00a01111\u20131111", "[card number ending 1111]"),
        ("٤١١١١١١١١١١١١١١١", "[card number ending ١١١١]"),
        ("4１１１１１１１１１１１１１１１", "[card number ending １１１１]"),
        (4111111111111111, "[card number ending 1111]"),
        (4111111111111111.0, "[card number ending 1111]"),
        (-4111111111111111, "[card number ending 1111]"),
        (Decimal("4111111111111111.00"), "[card number ending 1111].00"),
        ("4111\t1111\t1111\t1111", "[card number ending 1111]"),
        ("4111/1111/1111/1111", "[card number ending 1111]"),
        ("4111_1111_1111_1111", "[card number ending 1111]"),
        ({"deep": [{VISA: VISA}]}, {"deep": [{"[card number ending 1111]": "[card number ending 1111]"}]}),
        ("4111 1111 1111 1112", "4111 1111 1111 1112"),
        ("2024-01-01 2024-01-02 0000", "2024-01-01 2024-01-02 0000"),
        (1700000000000, 1700000000000),
    ],
)
def test_a_full_card_number_leaves_its_last_four_digits_only(value, written):
    assert one(value) == written


@given(st.text(alphabet="0123456789 .-–\u00a0x५４٤é你", max_size=60))
@example("4111\u30001111\u202f1111\u20111111")
@example("4111\ufeff1111\u00ad1111\u16801111")
def test_the_fast_look_misses_no_card_number(text):
    lines = serialise([{"key": "1", "text": text}])

    written = json.loads(lines.data)["text"]
    assert (written, lines.problems) == (mask_card_numbers(text), ())
    assert not contains_card_number(written)


def nested(depth):
    value = "end"
    for _ in range(depth):
        value = {"in": value}
    return value


@pytest.mark.parametrize("depth", [5, 60, 100, 250, 300, 460])
def test_deep_nesting_is_written_or_given_as_text(depth):
    output = run(Record("1", {"text": nested(depth)}), Record("2", {"text": "fine"}))

    first, second = read_records(output, key=bytes(range(32)))
    levels, value = 0, first["text"]
    while isinstance(value, dict):
        levels, value = levels + 1, value["in"]
    assert second == {"key": "2", "text": "fine"}
    assert output.problems == ()
    assert value == "end" if levels == depth else value.count('"in"') + levels == depth


@pytest.mark.parametrize("depth", [465, 100_000])
def test_nesting_that_nothing_can_write_is_cut_and_named(depth):
    output = run(Record("bad", {"text": nested(depth)}), Record("2", {"text": "fine"}))

    assert [record["key"] for record in read_records(output, key=bytes(range(32)))] == ["bad", "2"]
    assert output.problems == (Problem("bad", "A part of it is nested too deeply and was left out."),)


def test_a_record_that_can_not_be_written_is_named_and_costs_only_itself():
    items = [Record(str(number), {"text": object() if number == 7 else "fine"}) for number in range(20)]

    output = run(*items)

    assert [record["key"] for record in read_records(output, key=bytes(range(32)))] == [str(n) for n in range(20) if n != 7]
    assert (output.count, output.problems) == (19, (Problem("7", "It holds a value of a kind that can't be written."),))


def test_problems_of_the_source_are_kept_and_made_safe():
    output = run(Problem(f"row {VISA}", "can't be decrypted\x00"), Record("1", {"text": "x"}))

    assert output.problems == (Problem("row [card number ending 1111]", "can't be decrypted⟨U+0000⟩"),)
    assert (output.status, output.count) == ("found", 1)


def test_very_many_problems_are_counted_instead_of_named():
    output = run(*(Problem(str(number), "unreadable") for number in range(NAMED_PROBLEMS + 5)))

    assert len(output.problems) == NAMED_PROBLEMS + 1
    assert output.problems[-1] == Problem("…", "5 further records could not be read.")


def test_nothing_held_is_said_and_writes_nothing(bundles):
    output = run()

    assert output == StepOutput(status="nothing_held", count=0, source_key="tests.list")
    assert list(open_records(output, key=bytes(range(32)))) == []
    assert not bundles.exists()


def test_withheld_and_secret_fields_stay_out():
    fields = (
        SourceField("text", "Text"),
        SourceField("note", "Note", withheld="It would tell about somebody else."),
        SourceField("hash", "Hash", Sensitivity.SECRET),
    )

    output = run(Record("1", {"text": "x", "note": "about another", "hash": "secret"}), fields=fields)

    assert read_records(output, key=bytes(range(32))) == [{"key": "1", "text": "x"}]


def test_a_nested_record_with_a_key_of_its_own_stays_where_it_is():
    values = [[{"a": 1}, {"key": 2}], '},{"key":', {"x": [{}, {"key": [{}, {"key": 1}]}]}]

    output = run(*(Record(str(number), {"text": value}) for number, value in enumerate(values)))

    assert read_records(output, key=bytes(range(32))) == [{"key": str(number), "text": value} for number, value in enumerate(values)]


def test_a_field_called_key_is_what_the_person_gets():
    output = run(Record("1", {"key": "the field"}))

    assert read_records(output, key=bytes(range(32))) == [{"key": "the field"}]


def test_a_small_output_stays_inline_and_a_large_one_goes_to_storage(bundles, key):
    small = run(Record("1", {"text": "x" * (INLINE_BYTES - 100)}))
    large = run(*(Record(str(number), {"text": "x" * 100}) for number in range(2_000)))

    assert (small.object_name, small.inline, len(small.plain)) == ("", None, small.size)
    assert (large.plain, large.inline) == (None, None)
    assert re.fullmatch(r"request/step/[0-9a-f]{16}/records", large.object_name)
    assert [record["key"] for record in read_records(large, key=key)] == [str(number) for number in range(2_000)]
    assert (bundles / large.object_name).stat().st_size == large.sealed_size
    assert b"xxxx" in small.plain
    assert b"xxxx" not in (bundles / large.object_name).read_bytes() + sealed(small, key=key).inline
    assert sealed(large, key=key) is large


def test_a_late_worker_leaves_the_output_of_its_successor_alone(bundles, key):
    rows = [Record(str(number), {"text": "x" * 100}) for number in range(2_000)]
    committed = []

    def lose_the_lease(_count):
        if not committed:
            committed.append(None)
            committed[0] = run(*rows)
            raise LostLease

    with pytest.raises(LostLease):
        run(*rows, on_progress=lose_the_lease)

    assert len(read_records(committed[0], key=key)) == 2_000
    assert len([path for path in bundles.rglob("*") if path.is_file()]) == 1
    overwritten = run(*rows)
    assert overwritten.object_name != committed[0].object_name


def test_records_of_one_source_do_not_pass_for_those_of_another(key):
    one, other = (sealed(run(Record("1", {"text": "x"}), key=key, name=name), key=key) for name in ("tests.one", "tests.other"))

    with pytest.raises(DecryptionFailed):
        read_records(replace(one, inline=other.inline), key=key)
    with pytest.raises(ValueError, match="another source"):
        result(ListSource(key="tests.one").describe(), status="found", output=other)


def test_a_word_of_five_megabytes_comes_through(key):
    word = "ä" * 2_500_000

    output = run(Record("1", {"text": "before"}), Record("2", {"text": word}), Record("3", {"text": "after"}))

    assert [record["text"] for record in read_records(output, key=key)] == ["before", word, "after"]


def test_an_output_survives_its_row(key):
    output = run(Record("1", {"text": "x"}), Problem("2", "unreadable"), FileItem("3", "a.png", "image/png", lambda: io.BytesIO(b"png")))

    kept = sealed(output, key=key)
    again = StepOutput.from_json(kept.to_json(), inline=kept.inline)

    assert again == kept
    assert not {"inline", "plain"} & json.loads(kept.to_json()).keys()
    assert read_records(again, key=key) == read_records(output, key=key) == [{"key": "1", "text": "x"}]
    with pytest.raises(ValueError, match="sealed"):
        output.to_json()


def test_another_key_opens_nothing():
    output = sealed(run(Record("1", {"text": "x"})), key=bytes(range(32)))

    with pytest.raises(DecryptionFailed):
        list(open_records(output, key=bytes(32)))


def test_a_source_that_breaks_leaves_nothing_behind(bundles):
    records = [Record(str(number), {"text": "x" * 1000}) for number in range(3_000)]
    file = FileItem("f", "a.txt", "text/plain", lambda: io.BytesIO(b"data"))

    with pytest.raises(ConnectionError):
        run(file, *records, ConnectionError("the source went away"))

    assert list(bundles.rglob("*")) == []


def test_an_item_of_no_known_kind_is_an_error():
    with pytest.raises(TypeError, match="no item"):
        run({"key": "1"})


def test_progress_is_told_at_the_end():
    told = []

    run(*(Record(str(number), {"text": "x"}) for number in range(50)), on_progress=told.append)

    assert told[-1] == 50


def test_discarding_removes_every_object(bundles):
    output = run(
        FileItem("f", "a.txt", "text/plain", lambda: io.BytesIO(b"data")),
        *(Record(str(number), {"text": "x" * 1000}) for number in range(100)),
    )
    assert len(output.object_names) == 2

    discard_output(output)

    assert list(bundles.rglob("*")) == []


# ---------------------------------------------------------------- files


def test_files_are_sealed_under_names_of_ours(bundles, key):
    content = bytes(range(256)) * 2000
    names = ["../../x", "CON", "a" * 300, f"card {VISA}.pdf", "in\u202egnp.exe", "line\nbreak.txt"]
    items = [FileItem(str(number), name, "image/png", lambda: io.BytesIO(content)) for number, name in enumerate(names)]

    output = run(*items)

    assert [file.path for file in output.files] == [f"files/tests.list/{number}.png" for number in range(1, 7)]
    assert [file.original_name for file in output.files] == [
        "../../x",
        "CON",
        "a" * 60 + "…" + "a" * 59,
        "card [card number ending 1111].pdf",
        "in⟨U+202E⟩gnp.exe",
        "line break.txt",
    ]
    assert {(file.size, b"".join(open_file(file, key=key))) for file in output.files} == {(len(content), content)}
    assert (output.status, output.count) == ("found", 0)
    assert content[:64] not in (bundles / output.files[0].object_name).read_bytes()


@pytest.mark.parametrize(
    ("media_type", "extension"),
    [("image/jpeg", "jpg"), ("Text/Plain", "txt"), ("text/html", "bin"), ("image/svg+xml", "bin"), ("../../x", "bin"), ("", "bin")],
)
def test_the_extension_follows_the_media_type_and_never_invites_to_run(media_type, extension):
    output = run(FileItem("1", "x.html", media_type, lambda: io.BytesIO(b"x")))

    assert output.files[0].path == f"files/tests.list/1.{extension}"


class BrokenStream(io.BytesIO):
    def read(self, size=-1):
        if self.tell():
            raise OSError("bad sector")
        return super().read(10)


def cannot_open():
    raise PermissionError


@pytest.mark.parametrize("opener", [cannot_open, lambda: BrokenStream(b"x" * 100)])
def test_a_file_that_can_not_be_read_is_named_and_costs_only_itself(bundles, opener):
    output = run(FileItem("f1", "a.txt", "text/plain", opener), FileItem("f2", "b.txt", "text/plain", lambda: io.BytesIO(b"b")))

    assert output.problems == (Problem("f1", "The file that belongs to it could not be read."),)
    assert [(file.record, file.path) for file in output.files] == [("f2", "files/tests.list/1.txt")]
    assert [path.name for path in bundles.rglob("*") if path.is_file()] == ["1"]


def test_a_name_that_is_nothing_is_shown_as_nothing():
    assert shown_name("  \n ") == ""


# ---------------------------------------------------------------- volumes


def by_the_rule(sizes):
    """Volumes as the one-record rule cuts them."""
    starts, fill = [0] if sizes else [], Fill()
    for index, size in enumerate(sizes):
        fill, begins = add_record(fill, size)
        if begins:
            starts.append(index)
    ends = [*starts[1:], len(sizes)]
    return tuple(
        VolumePlan(number, start + 1, end, sum(sizes[:start]), sum(sizes[start:end]))
        for number, (start, end) in enumerate(zip(starts, ends if sizes else [], strict=True), start=1)
    )


SIZE = st.one_of(st.integers(1, 400), st.integers(1, 3 * RECORD_CHARACTERS), st.just(VOLUME_CHARACTERS // 4))


@given(st.lists(SIZE, max_size=40), st.integers(0, 3 * VOLUME_RECORDS), st.lists(st.integers(1, 700), min_size=1, max_size=5))
@settings(max_examples=60, deadline=None)
def test_volumes_are_cut_where_the_rule_of_the_pdf_cuts(odd, many, batches):
    sizes = [250] * many + odd
    planner, start = VolumePlanner(), 0
    while start < len(sizes):
        step = batches[start % len(batches)]
        step = min(step, planner.room)
        part = sizes[start : start + step]
        planner.add_lines(b"".join(b"x" * (size - 1) + b"\n" for size in part), len(part))
        start += step

    assert planner.finish() == by_the_rule(sizes)


def test_a_source_that_the_main_pdf_has_room_for_needs_no_volume():
    assert run(*(Record(str(number), {"text": "x"}) for number in range(MAIN_RECORDS_PER_SOURCE))).volumes == ()


def test_a_volume_can_be_read_alone(key):
    total = 3 * VOLUME_RECORDS + 7
    output = run(*(Record(str(number), {"text": "x" * (number % 90)}) for number in range(1, total + 1)))

    pieces = [[record["key"] for record in read_records(output, key=key, volume=volume)] for volume in output.volumes]

    assert [(volume.number, volume.first, volume.last) for volume in output.volumes] == [
        (1, 1, VOLUME_RECORDS),
        (2, VOLUME_RECORDS + 1, 2 * VOLUME_RECORDS),
        (3, 2 * VOLUME_RECORDS + 1, 3 * VOLUME_RECORDS),
        (4, 3 * VOLUME_RECORDS + 1, total),
    ]
    assert pieces == [[str(number) for number in range(volume.first, volume.last + 1)] for volume in output.volumes]
