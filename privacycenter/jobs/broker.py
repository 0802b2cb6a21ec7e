"""The broker in a folder, made safe against kills: kombu's filesystem transport with messages that appear and go in one step.

kombu writes a message under its final name and lets readers move it away half-written, and a process that dies while it
writes the table of bindings leaves a file that stops every later start. Here a message is written aside and renamed, who
deletes it owns it, and bindings live in each process, since every process declares its queue before it uses it. The price is
that messages to all workers (`celery inspect`) don't travel; with Redis they do.
"""

from __future__ import annotations

import json
import os
import time
import uuid
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import filesystem, virtual


class Channel(filesystem.Channel):
    supports_fanout = False
    get_table = virtual.Channel.get_table

    def _put(self, queue: str, payload: Any, **kwargs: Any) -> None:  # type: ignore[override]  # kombu's own classes disagree
        folder = Path(self.data_folder_out)
        aside = folder / f".{uuid.uuid4()}"
        aside.write_text(json.dumps(payload), encoding="utf-8")
        aside.rename(folder / f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg")

    def _get(self, queue: str, timeout: Any = None) -> Any:
        ending = f".{queue}.msg"
        for name in sorted(name for name in os.listdir(self.data_folder_in) if name.endswith(ending)):
            path = Path(self.data_folder_in, name)
            try:
                text = path.read_text(encoding="utf-8")
                path.unlink()
            except FileNotFoundError:
                continue  # another worker was faster
            return json.loads(text)
        raise Empty


class Transport(filesystem.Transport):
    Channel = Channel
    default_connection_params: dict[str, Any] = {}
    implements = filesystem.Transport.implements.extend(exchange_type=frozenset({"direct", "topic"}))
