"""The archive: readable by every program, the same bytes for the same content, and past four gigabytes where it must."""

from __future__ import annotations

import secrets
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from requests_app.bundle import zipping
from requests_app.bundle.zipping import ZipStream

CREATED = datetime(2025, 11, 22, 10, 1, 7, tzinfo=UTC)


def archive(*entries, created=CREATED):
    """entries: (name, bytes) for a small one, (name, list of bytes, at_most) for a streamed one."""
    stream = ZipStream(created)
    pieces = []
    for name, data, *bound in entries:
        pieces += stream.stream(name, data, at_most=bound[0]) if bound else stream.add(name, data)
    pieces += stream.finish()
    data = b"".join(pieces)
    assert len(data) == stream.size
    return data, stream


def read(data):
    with zipfile.ZipFile(BytesIO(data)) as opened:
        assert opened.testzip() is None
        return {info.filename: opened.read(info) for info in opened.infolist()}


def test_what_goes_in_comes_out():
    noise = secrets.token_bytes(300_000)

    data, stream = archive(("a.txt", b"small"), ("noise", noise), ("empty", b""), ("ü/流.json", [b"x" * 1000, b"", b"y"] * 500, 10**6))

    assert read(data) == {"a.txt": b"small", "noise": noise, "empty": b"", "ü/流.json": (b"x" * 1000 + b"y") * 500}
    assert [(entry.name, entry.size) for entry in stream.entries] == [
        ("a.txt", 5), ("noise", 300_000), ("empty", 0), ("ü/流.json", 500_500),
    ]  # fmt: skip


def test_the_same_content_gives_the_same_bytes_in_any_pieces():
    first, _ = archive(("a", b"x" * 100), ("b", [b"y" * 70_000, b"z"], 100_000))
    again, _ = archive(("a", b"x" * 100), ("b", [b"y" * 70_000, b"z"], 100_000))
    elsewhere, _ = archive(
        ("a", b"x" * 100), ("b", [b"y" * 70_000, b"z"], 100_000), created=CREATED.astimezone(timezone(timedelta(hours=8)))
    )

    assert first == again == elsewhere


def test_every_entry_bears_the_moment_and_plain_rights():
    data, _ = archive(("a", b"x"), ("b", [b"y"], 1))

    with zipfile.ZipFile(BytesIO(data)) as opened:
        assert {(info.date_time, info.external_attr >> 16, info.create_system) for info in opened.infolist()} == {
            ((2025, 11, 22, 10, 1, 6), 0o100644, 3)
        }


def test_an_entry_can_not_stand_twice():
    stream = ZipStream(CREATED)
    list(stream.add("a", b"x"))

    with pytest.raises(ValueError, match="twice"):
        list(stream.add("a", b"y"))


def test_zip64_is_used_only_where_it_may_be_needed():
    plain, _ = archive(("a", [b"x"], 10**6))
    large, _ = archive(("a", [b"x"], 2**32))

    assert (int.from_bytes(plain[4:6], "little"), int.from_bytes(large[4:6], "little")) == (20, 45)
    assert read(plain) == read(large) == {"a": b"x"}


def test_growing_past_what_was_said_is_an_error(monkeypatch):
    monkeypatch.setattr(zipping, "FOUR_GIGABYTES", 50_000)

    with pytest.raises(OverflowError):
        archive(("a", [secrets.token_bytes(60_000)], 100))


def test_many_entries_take_the_larger_end_record():
    data, _ = archive(*((f"{number}", b"") for number in range(66_000)))

    with zipfile.ZipFile(BytesIO(data)) as opened:
        assert len(opened.infolist()) == 66_000


@given(st.lists(st.binary(max_size=3000), max_size=8))
@settings(max_examples=50, deadline=None)
def test_any_pieces_come_back(pieces):
    data, stream = archive(("a", pieces, 10**6))

    assert read(data) == {"a": b"".join(pieces)}
    assert stream.entries[0].size == sum(map(len, pieces))


@pytest.mark.skipif(shutil.which("unzip") is None, reason="unzip is not installed")
def test_another_program_reads_it(tmp_path):
    data, _ = archive(("a/b.txt", b"small"), ("c", [b"x" * 100_000] * 3, 10**6), ("large", [b"y" * 100_000], 2**33))
    (tmp_path / "bundle.zip").write_bytes(data)

    answer = subprocess.run(["unzip", "-tq", tmp_path / "bundle.zip"], capture_output=True, text=True, check=False)

    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.slow
def test_an_entry_beyond_four_gigabytes(tmp_path):
    block = bytes(8 * 1024 * 1024)
    count = 2**32 // len(block) + 1
    path = tmp_path / "large.zip"
    stream = ZipStream(CREATED)
    with path.open("wb") as target:
        target.writelines(stream.stream("zeros", (block for _ in range(count)), at_most=count * len(block)))
        target.writelines(stream.add("after", b"still here"))
        target.writelines(stream.finish())

    with zipfile.ZipFile(path) as opened:
        assert (opened.getinfo("zeros").file_size, opened.read("after")) == (count * len(block), b"still here")
        with opened.open("zeros") as zeros:
            assert zeros.read(1000) == bytes(1000)
    assert stream.entries[0].size == count * len(block)


def test_an_archive_beyond_four_gigabytes_points_to_its_later_entries(monkeypatch):
    # As if the limit were smaller: offsets and sizes beyond it must stand in the ZIP64 fields and nowhere else.
    stream = ZipStream(CREATED)
    stream._position = 2**32 + 5
    pieces = [*stream.add("late", b"x" * 50), *stream.finish()]

    data = b"".join(pieces)
    directory = data.index(b"PK\x01\x02")
    assert int.from_bytes(data[directory + 42 : directory + 46], "little") == 0xFFFF_FFFF
    assert int.from_bytes(data[directory + 46 + 4 + 4 : directory + 46 + 4 + 12], "little") == 2**32 + 5
    assert b"PK\x06\x06" in data
    assert b"PK\x06\x07" in data
