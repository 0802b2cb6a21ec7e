"""A child process that misbehaves when the document says so; otherwise it prints like the real one."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from requests_app.pdf import child
from requests_app.pdf.documents import Document, VolumeDocument
from requests_app.pdf.render import Printer


def main() -> None:
    """Serve with a renderer whose faults are named by the document's reference or by a record's values."""
    printer = Printer()

    def render(document: Document) -> bytes:
        match document.reference:
            case "SOCKET":
                socket.socket()
            case "PROGRAM":
                subprocess.run(["true"], check=True)
            case "HANG":
                signal.pause()
            case "NOISE":
                print(document.language, file=sys.stderr)
                os.write(1, b"data")
                os.write(2, b"data")
            case "MEMORY":
                _ = bytearray(1 << 34)
            case "ENVIRONMENT":
                return "\n".join(f"{name}={value}" for name, value in sorted(os.environ.items())).encode()
            case "LIMITS":
                return Path("/proc/self/limits").read_bytes()
        records = document.records if isinstance(document, VolumeDocument) else [r for s in document.sources for r in s.records]
        if any(record and "POISON" in record.values() for record in records):
            os.abort()
        return printer.pdf(document)

    child.main(render)


if __name__ == "__main__":
    main()
