"""Doing the same thing several times at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection


def in_threads(count: int, work: Callable[[], Any]) -> list[Any]:
    """Run `work` in so many threads that start together; their answers, or what they raised."""
    barrier, answers = threading.Barrier(count), []

    def run() -> None:
        barrier.wait()
        try:
            answers.append(work())
        except Exception as error:
            answers.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers
