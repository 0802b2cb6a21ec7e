"""manage.py in a process that kills itself before its n-th statement that changes something: a power cut at a chosen moment.

python -m tests.requests_app.erasure.killed 3 records_formsubmission replay_erasures

Only statements about that table count, or all of them where it is called `any`.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections.abc import Callable
from itertools import count
from typing import Any

import django
from django.core.management import call_command
from django.db import connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacycenter.settings")


def main() -> None:
    django.setup()
    fatal, writes = int(sys.argv[1]), count(1)
    table = r"\w+" if sys.argv[2] == "any" else re.escape(sys.argv[2])
    changes = re.compile(rf'(INSERT( OR IGNORE)? INTO|UPDATE|DELETE FROM) "{table}"')

    def die_at_last(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if changes.match(sql) and next(writes) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(die_at_last):
        call_command(*sys.argv[3:])


if __name__ == "__main__":
    main()
