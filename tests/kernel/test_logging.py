"""What reaches the log, through the logging that processes really have."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from privacycenter.logging import redact, without_data

ROOT = Path(__file__).resolve().parents[2]
PERSONAL = ["4111", "1111", "ada@", "example.com", "345 6789", "Lovelace"]
SCRIPT = """
import logging, sys
import django
django.setup()
import structlog
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils.log import log_response
from privacycenter.celery import app

TEXT = "Lovelace 4111 1111 1111 1111 ada@example.com +60 12-345 6789"

class Odd(Exception):
    pass

def fail(request=None):
    person = TEXT
    try:
        raise KeyError(person)
    except KeyError as error:
        raise Odd(person) from error

def group():
    try:
        fail()
    except Odd as error:
        raise ExceptionGroup(TEXT, [error, ValueError(TEXT)])

@app.task(name="failing")
def failing(person):
    fail()

app.log.setup(loglevel="INFO")
try:
    fail()
except Odd as error:
    response = HttpResponse(status=500)
    log_response("%s: %s", "Failed", "/", response=response, request=RequestFactory().get("/"), exception=error)
failing.apply(args=[TEXT])
for logger in ("django.request", "django.server", "celery.app.trace", "gunicorn.error", "privacycenter.jobs"):
    try:
        group()
    except ExceptionGroup as error:
        logging.getLogger(logger).exception("Failed: %s", error)
        logging.getLogger(logger).error("Failed", exc_info=True, stack_info=True)
        structlog.get_logger(logger).exception("failed", error=error, again=repr(error)[:0])
known = TEXT.removeprefix("Lovelace ")
structlog.get_logger("privacycenter.jobs").error("nested", data={"a": [{known: known, "n": 5555555555554444.0}]}, deep=(known,))
logging.getLogger("privacycenter").error("%s %d", known, "no number")
logging.getLogger("privacycenter").error("%s", {"a": known})
logging.getLogger("privacycenter").error(known)
"""


def written(tmp_path: Path, *, debug: bool) -> str:
    environment = {**os.environ, "DEBUG": str(int(debug)), "VAR_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "privacycenter.settings"}
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stderr + ended.stdout


@pytest.mark.parametrize("debug", [False, True])
def test_no_log_line_tells_what_an_exception_or_a_value_holds(tmp_path: Path, debug: bool):
    text = written(tmp_path, debug=debug)

    assert [word for word in PERSONAL if word in text] == []
    assert "person =" not in text
    assert "Odd" in text
    assert re.search(r"<string>:\d+:fail", text)


def test_production_writes_one_object_a_line_with_class_and_place(tmp_path: Path):
    lines = [json.loads(line) for line in written(tmp_path, debug=False).splitlines()]

    assert {"django.request", "celery.app.trace", "gunicorn.error", "privacycenter.jobs"} <= {line["logger"] for line in lines}
    failed = [line for line in lines if "exception" in line]
    assert len(failed) >= 16
    assert all("__main__.Odd" in line["exception"] and "builtins.KeyError" in line["exception"] for line in failed)
    [nested] = [line for line in lines if line["event"] == "nested"]
    assert nested["data"]["a"] == [{"[digits] [address] [phone]": "[digits] [address] [phone]", "n": "[card number ending 4444]"}]


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("call +60 12-345 6789 now", "call [phone] now"),
        ("call +60123456789", "call [phone]"),
        ("0123456789", "[phone]"),
        ("(555) 010-1234", "[phone]"),
        ("4111/1111/1111/1111", "[card number ending 1111]"),
        ("2026-11-22 09:42:26 took 0.12345678 s, 12345 rows", "2026-11-22 09:42:26 took 0.12345678 s, 12345 rows"),
        ("job 1234567 of 019a1b2c-3d4e-7f00-8000-001122334455", "job 1234567 of 019a1b2c-3d4e-7f00-8000-001122334455"),
    ],
)
def test_what_looks_like_personal_data_is_masked_and_other_numbers_stay(text: str, left: str):
    assert redact(text) == left


def test_error_tracker_gets_classes_and_places_only():
    event = {
        "exception": {"values": [{"type": "ValueError", "value": "ada@example.com", "stacktrace": {"frames": []}}]},
        "request": {"data": "4111111111111111"},
        "breadcrumbs": {"values": [{"message": "ada@example.com"}]},
        "logentry": {"message": "ada@example.com"},
    }

    assert without_data(event, {}) == {"exception": {"values": [{"type": "ValueError", "value": "", "stacktrace": {"frames": []}}]}}
