"""The child process: limited, silent, replaced when it dies, and never taking the other records with it."""

from __future__ import annotations

import os
import signal
import sys
import threading

import pytest

from requests_app.pdf import client
from requests_app.pdf.client import Renderer, shared_renderer
from requests_app.pdf.documents import RecordProblem
from requests_app.pdf.errors import RenderFailed, RenderTimeout
from requests_app.pdf.labels import TEXTS
from tests.requests_app.pdf import samples

SECRET = "Zofie-4711"


def small(reference: str = "R-1", **changes: object):
    return samples.volume(2, reference=reference, **changes)


def test_child_that_hangs_is_ended_and_the_next_document_is_made(faulty: Renderer) -> None:
    with pytest.raises(RenderTimeout) as caught:
        faulty.render(small("HANG"), timeout_seconds=3)

    assert caught.value.seconds == 3
    assert faulty.child_pid is None
    assert faulty.render(small()).startswith(b"%PDF-1.7")


def test_child_that_is_killed_is_replaced(faulty: Renderer) -> None:
    faulty.render(small())
    first = faulty.child_pid
    assert first is not None

    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)

    assert faulty.render(small()).startswith(b"%PDF")
    assert faulty.child_pid not in (None, first)


def test_child_killed_in_the_middle_is_an_error_that_names_the_signal(faulty: Renderer) -> None:
    faulty.render(small())
    child = faulty.child_pid
    assert child is not None
    killer = threading.Timer(0.3, os.kill, (child, signal.SIGKILL))
    killer.start()

    with pytest.raises(RenderFailed) as caught:
        faulty.render(small("HANG"), timeout_seconds=60)
    killer.join()

    assert caught.value.reason == "SIGKILL"


def test_interrupt_of_the_worker_does_not_end_the_child(faulty: Renderer) -> None:
    faulty.render(small())
    child = faulty.child_pid
    assert child is not None

    os.kill(child, signal.SIGINT)
    os.kill(child, signal.SIGTERM)

    assert faulty.render(small()).startswith(b"%PDF")
    assert faulty.child_pid == child


@pytest.mark.parametrize(("reference", "reason"), [("SOCKET", "Forbidden"), ("PROGRAM", "Forbidden"), ("MEMORY", "MemoryError")])
def test_what_the_child_gave_up_is_refused(faulty: Renderer, reference: str, reason: str) -> None:
    with pytest.raises(RenderFailed) as caught:
        faulty.render(small(reference))

    assert caught.value.reason == reason


@pytest.mark.skipif(sys.platform != "linux", reason="limits are read from /proc")
def test_limits_are_set(faulty: Renderer) -> None:
    limits = {line[:26].strip(): line[26:].split()[0] for line in faulty.render(small("LIMITS")).decode().splitlines()[1:]}

    assert limits["Max core file size"] == "0"
    assert limits["Max address space"] == str(1536 * 1024 * 1024)
    assert int(limits["Max cpu time"]) < 200


def test_child_learns_no_secret_from_the_environment(faulty: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hidden")

    environment = faulty.render(small("ENVIRONMENT")).decode()

    assert "TZ=UTC" in environment
    assert "hidden" not in environment


def test_nothing_is_written_to_the_callers_output(faulty: Renderer, capfd: pytest.CaptureFixture[str]) -> None:
    assert faulty.render(small("NOISE", language="xx")).startswith(b"%PDF")

    assert capfd.readouterr() == ("", "")


def test_errors_hold_no_data(faulty: Renderer) -> None:
    with pytest.raises(RenderFailed) as caught:
        faulty.render(samples.volume(0, records=[{SECRET: SECRET, "x": "POISON"}]))

    assert caught.value.reason == "SIGABRT"
    assert SECRET not in str(caught.value) + repr(caught.value)


def test_poisoned_records_cost_only_themselves(faulty: Renderer, words_of) -> None:
    document = samples.volume(12, first=101)
    for index in (3, 10):
        document.records[index] = {"note": "POISON"}
    before = list(document.records)

    data, problems = faulty.render_volume_safely(document)

    assert problems == [
        RecordProblem("104", "the PDF could not be made (SIGABRT)"),
        RecordProblem("111", "the PDF could not be made (SIGABRT)"),
    ]
    assert document.records == before
    text = words_of(data)
    assert text.count(TEXTS["unprintable"]) == 2
    assert text.count("Order ") == 10


def test_poisoned_record_of_the_main_document_is_named_with_its_source(faulty: Renderer, words_of) -> None:
    document = samples.main_document()
    document.sources[1].records[4] = {"note": "POISON"}

    data, problems = faulty.render_main_safely(document)

    assert [problem.record for problem in problems] == ["records.interactions:5"]
    assert words_of(data).count(TEXTS["unprintable"]) == 1


def test_document_that_fails_without_its_records_is_an_error(faulty: Renderer) -> None:
    with pytest.raises(RenderFailed):
        faulty.render_volume_safely(small("SOCKET"))


def test_child_is_replaced_after_its_share_of_documents(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "DOCUMENTS_PER_CHILD", 2)
    with Renderer() as one:
        one.render(small())
        first = one.child_pid
        one.render(small())

        assert first is not None
        assert one.child_pid is None
        assert one.render(small()) == renderer.render(small())


def test_child_ends_when_the_renderer_is_closed() -> None:
    one = Renderer()
    one.render(small())
    child = one.child_pid
    assert child is not None

    one.close()

    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_shared_renderer_is_one_per_process() -> None:
    shared = shared_renderer()
    shared.render(small())
    child = shared.child_pid
    reader, writer = os.pipe()

    pid = os.fork()
    if pid == 0:
        inherited = shared_renderer()
        seen = f"{inherited.child_pid} {len(inherited.render(small()))} {inherited.child_pid != child}"
        inherited.close()
        os.write(writer, seen.encode())
        os._exit(0)
    os.waitpid(pid, 0)

    seen = os.read(reader, 100).decode()
    expected = len(shared.render(small()))
    assert seen == f"None {expected} True"
    assert shared.child_pid == child
    shared.close()
    os.close(reader)
    os.close(writer)
