"""The caller's side: a child process that makes PDFs, kept alive, limited, and replaced when it fails.

`multiprocessing` can't start children inside a prefork worker, so this is a plain subprocess. One renderer
serves one caller at a time; for volumes in parallel, use one per thread or process.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import TracebackType

from .documents import Document, MainDocument, Record, RecordProblem, VolumeDocument, encode
from .errors import RenderFailed, RenderTimeout
from .labels import labels_for
from .wire import ANSWER, DONE, REQUEST

RENDER_SECONDS = 120.0
"""Time a document gets when the caller doesn't say."""
DOCUMENTS_PER_CHILD = 200
CHILD_BYTES = 320 * 1024 * 1024
"""A child that holds more memory than this after a document is replaced before the next one."""
_CHUNK = 1 << 16
_CLOSE_SECONDS = 2.0
_ROOT = Path(__file__).resolve().parents[2]
_ENVIRONMENT_KEPT = ("PATH", "HOME", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH", "VIRTUAL_ENV", "TMPDIR")
Place = tuple[list[Record | None], int]
"""Where a record stands: the list that holds it, and its index in it."""
CHILD_COMMAND = (sys.executable, "-P", "-m", "requests_app.pdf.child")


def _environment() -> dict[str, str]:
    """What the child gets to know: no secret, a fixed time zone and locale, our fonts."""
    kept = {name: os.environ[name] for name in _ENVIRONMENT_KEPT if name in os.environ}
    return kept | {
        "PYTHONPATH": str(_ROOT),
        "PYTHONHASHSEED": "0",
        "PYTHONDONTWRITEBYTECODE": "1",
        "TZ": "UTC",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "FONTCONFIG_FILE": str(Path(__file__).parent / "assets" / "fonts.conf"),
        "MALLOC_ARENA_MAX": "1",
        "MALLOC_TRIM_THRESHOLD_": "131072",
    }


class Renderer:
    """Makes PDFs in a child process that is started when it is first needed.

    Safe after a fork: the process that inherits a renderer leaves the child to its parent and starts its own.
    Calls from several threads wait for each other.
    """

    def __init__(self, *, command: Sequence[str] = CHILD_COMMAND) -> None:
        self._command = tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._made = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Renderer:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    @property
    def child_pid(self) -> int | None:
        """The process id of the child, if one is running for this process."""
        return self._process.pid if self._process and self._owner == os.getpid() else None

    def render(self, document: Document, *, timeout_seconds: float = RENDER_SECONDS) -> bytes:
        """The PDF of a document. The same document gives the same bytes, in any process.

        Raises `RenderTimeout` when it takes longer, `RenderFailed` when the child fails or dies; either way
        the next call works, with a new child if need be.
        """
        if not document.labels:
            document = replace(document, labels=labels_for(document.language))
        payload = encode(document)
        self._forget_after_fork()
        with self._lock:
            return self._exchange(payload, timeout_seconds)

    def close(self) -> None:
        """End the child. The renderer can be used again afterwards; it then starts another."""
        self._forget_after_fork()
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with suppress(OSError):
                    pipe.close()
        try:
            process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _forget_after_fork(self) -> None:
        """Drop what belongs to the parent: close our copies of its pipes, don't touch its child."""
        if self._owner == os.getpid():
            return
        process, self._process = self._process, None
        self._owner, self._lock = os.getpid(), threading.Lock()
        if process:
            for pipe in (process.stdin, process.stdout):
                if pipe:
                    pipe.close()
            process.returncode = 0

    def _child(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._made = 0
            self._process = subprocess.Popen(  # noqa: S603 - our own module, no shell
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                cwd="/",
                bufsize=0,
            )
        return self._process

    def _kill(self) -> None:
        if self._process:
            self._process.kill()
            self.close()

    def _exchange(self, payload: bytes, seconds: float) -> bytes:
        deadline = time.monotonic() + seconds
        process = self._child()
        if process.stdin is None or process.stdout is None:
            raise RenderFailed("NoPipe")
        try:
            self._write(process.stdin.fileno(), REQUEST.pack(len(payload), int(seconds) + 5) + payload, deadline, seconds)
            status, resident, length = ANSWER.unpack(self._read(process.stdout.fileno(), ANSWER.size, deadline, seconds))
            result = self._read(process.stdout.fileno(), length, deadline, seconds)
        except RenderTimeout:
            self._kill()
            raise
        except (OSError, EOFError) as error:
            raise RenderFailed(self._how_it_died(process)) from error
        self._made += 1
        if self._made >= DOCUMENTS_PER_CHILD or resident > CHILD_BYTES:
            self.close()
        if status != DONE:
            raise RenderFailed(result.decode("ascii", "replace"))
        return result

    def _how_it_died(self, process: subprocess.Popen[bytes]) -> str:
        """The signal or exit code of a child that went away; whatever is left of it is ended."""
        try:
            code = process.wait(_CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        self._kill()
        if code is None:
            return "ClosedPipe"
        if code < 0:
            return signal.Signals(-code).name
        return f"exit {code}"

    @staticmethod
    def _wait(descriptor: int, event: int, deadline: float, seconds: float) -> None:
        poll = select.poll()
        poll.register(descriptor, event)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise RenderTimeout(seconds)

    def _write(self, descriptor: int, data: bytes, deadline: float, seconds: float) -> None:
        os.set_blocking(descriptor, False)
        view = memoryview(data)
        while view:
            self._wait(descriptor, select.POLLOUT, deadline, seconds)
            with suppress(BlockingIOError):
                view = view[os.write(descriptor, view[:_CHUNK]) :]

    def _read(self, descriptor: int, length: int, deadline: float, seconds: float) -> bytes:
        data = bytearray()
        while len(data) < length:
            self._wait(descriptor, select.POLLIN, deadline, seconds)
            chunk = os.read(descriptor, min(_CHUNK, length - len(data)))
            if not chunk:
                raise EOFError
            data += chunk
        return bytes(data)

    # ------------------------------------------------------------ one bad record never costs the rest

    def render_volume_safely(
        self, document: VolumeDocument, *, timeout_seconds: float = RENDER_SECONDS
    ) -> tuple[bytes, list[RecordProblem]]:
        """The PDF of a volume, and a problem for each record that can't be printed (a line stands in its place).

        The record of a problem is its ordinal in the source. Raises only when the volume can't be made
        even without its records.
        """
        places: list[Place] = [(document.records, index) for index in range(len(document.records))]
        return self._safely(document, places, timeout_seconds, lambda _records, index: str(document.first + index))

    def render_main_safely(self, document: MainDocument, *, timeout_seconds: float = RENDER_SECONDS) -> tuple[bytes, list[RecordProblem]]:
        """The same for the main PDF. The record of a problem is "<source key>:<ordinal>"."""
        places: list[Place] = [(source.records, index) for source in document.sources for index in range(len(source.records))]
        keys = {id(source.records): source.key for source in document.sources}
        return self._safely(document, places, timeout_seconds, lambda records, index: f"{keys[id(records)]}:{index + 1}")

    def _safely(
        self,
        document: Document,
        places: list[Place],
        seconds: float,
        name: Callable[[list[Record | None], int], str],
    ) -> tuple[bytes, list[RecordProblem]]:
        """Render; on failure find the records that cause it by halving, with all others taken out.

        The lists are changed while searching and hold what was printed in the end: None for a poisoned record.
        """
        try:
            return self.render(document, timeout_seconds=seconds), []
        except (RenderFailed, RenderTimeout):
            kept = [records[index] for records, index in places]
        try:
            for records, index in places:
                records[index] = None
            self.render(document, timeout_seconds=seconds)
            poisoned = self._poisoned(document, places, kept, range(len(places)), seconds)
            for position, (records, index) in enumerate(places):
                records[index] = None if position in poisoned else kept[position]
            data = self.render(document, timeout_seconds=seconds)
            return data, [RecordProblem(name(*places[position]), poisoned[position]) for position in sorted(poisoned)]
        finally:
            for (records, index), record in zip(places, kept, strict=True):
                records[index] = record

    def _poisoned(
        self,
        document: Document,
        places: list[Place],
        kept: list[Record | None],
        suspects: range,
        seconds: float,
    ) -> dict[int, str]:
        """Positions among `suspects` that fail when only they are printed, with the reason."""
        for position in suspects:
            records, index = places[position]
            records[index] = kept[position]
        try:
            self.render(document, timeout_seconds=seconds)
            return {}
        except (RenderFailed, RenderTimeout) as error:
            reason = str(error)
        finally:
            for position in suspects:
                records, index = places[position]
                records[index] = None
        if len(suspects) <= 1:
            return dict.fromkeys(suspects, reason)
        half = len(suspects) // 2
        return self._poisoned(document, places, kept, suspects[:half], seconds) | self._poisoned(
            document, places, kept, suspects[half:], seconds
        )


_shared: Renderer | None = None


def shared_renderer() -> Renderer:
    """The renderer of this process; a forked child gets its own on first use."""
    global _shared
    if _shared is None:
        _shared = Renderer()
    return _shared
