"""The child process: documents in on stdin, PDFs out on stdout, until stdin ends.

Frames are described in `wire`. Nothing else is ever written: what libraries print goes nowhere, because it could quote the data.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from typing import BinaryIO

from . import sandbox
from .documents import Document, decode
from .render import Printer
from .wire import ANSWER, DONE, FAILED, REQUEST


def serve(requests: BinaryIO, answers: BinaryIO, render: Callable[[Document], bytes]) -> None:
    """Answer one request after the other. An error costs its own document only."""
    while len(head := requests.read(REQUEST.size)) == REQUEST.size:
        length, cpu_seconds = REQUEST.unpack(head)
        payload = requests.read(length)
        if len(payload) < length:
            return
        sandbox.allow_cpu_seconds(cpu_seconds)
        status, result = DONE, b""
        try:
            result = render(decode(payload))
        except Exception as error:  # whatever a document does, the next one must still be made
            status, result = FAILED, type(error).__name__.encode("ascii", "replace")
        del payload
        answers.write(ANSWER.pack(status, sandbox.resident_bytes(), len(result)))
        answers.write(result)
        answers.flush()


def main(render: Callable[[Document], bytes] | None = None) -> None:
    """Take the pipes, silence everything else, give up what isn't needed, and serve.

    The parent decides when this ends (by closing the pipe), not the terminal: an interrupted worker may
    finish the bundle it is at.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    requests = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
    printer = Printer() if render is None else None
    sandbox.enter()
    serve(requests, answers, printer.pdf if printer else render)  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
    sys.exit(0)
