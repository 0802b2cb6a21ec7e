"""Logs are events with keys, never sentences with data: one JSON object a line, personal data kept out.

The rule is that nobody writes personal data in the first place; two nets lie below it. Of an exception only its class and its
place are written: its message, its source lines and its local variables may hold anything. And in all that is left, what looks
like an e-mail address, a phone number or a card number is masked, however deep it stands.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

import structlog

from privacycenter.kernel.cards import mask_card_numbers, mask_in

_EMAIL = re.compile(r"[^\s@<>\"'=]+@[^\s@<>\"',;]+")
_DIGITS = re.compile(r"(?<![\w-])\d(?:[ -]?\d){12,18}")  # begins no word: ids have long runs of digits, too
_PHONE = re.compile(
    r"(?<![\w.-])(?:(?:\+|00?)[1-9](?:[ ()./-]{0,2}\d){6,14}"  # international, or national with its zero
    r"|\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4})(?![\w-])"  # as written in North America
)
_OURS = frozenset({"timestamp", "level", "logger"})  # written by the processors here
_FRAMES, _LEVELS = 30, 8
_CELERY_DATA = frozenset({"exc", "traceback", "args", "kwargs", "return_value"})


def redact(text: str) -> str:
    """Return `text` with e-mail addresses, phone numbers, card numbers and other long runs of digits masked."""
    return _PHONE.sub("[phone]", mask_card_numbers(_DIGITS.sub("[digits]", _EMAIL.sub("[address]", text))))


def class_and_place(error: BaseException) -> str:
    """What may be said of an exception: its class and those of its causes, each with the places it came through."""
    return "\n".join(_lines_of(error, set()))


def _lines_of(error: BaseException, seen: set[int]) -> Iterator[str]:
    if id(error) in seen:
        return
    seen.add(id(error))
    kind = type(error)
    yield f"{kind.__module__}.{kind.__qualname__}"
    yield from _places(error.__traceback__)
    inner = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for further in (*(error.exceptions if isinstance(error, BaseExceptionGroup) else ()), *([inner] if inner else ())):
        yield from _lines_of(further, seen)


def _places(trace: TracebackType | None) -> Iterator[str]:
    frames = [(frame.f_code, line) for frame, line in traceback.walk_tb(trace)]
    for code, line in frames[-_FRAMES:]:  # the innermost tell most
        yield f"  {code.co_filename}:{line}:{code.co_name}"


def _error_in(value: Any) -> BaseException | None:
    """The exception that `exc_info` stands for, which may be one, a tuple of three, or just true."""
    if isinstance(value, BaseException):
        return value
    if isinstance(value, tuple):
        return next((item for item in value if isinstance(item, BaseException)), None)
    return sys.exc_info()[1] if value else None


def without_exception_text(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Processor: put class and place where the exception was, and take its words out of the message."""
    error = _error_in(event.pop("exc_info", None))
    for key in ("exception", "stack", "stack_info"):
        event.pop(key, None)
    if error is not None:
        for words in (str(error), repr(error)):
            if len(words) > 2 and isinstance(event.get("event"), str):
                event["event"] = event["event"].replace(words, type(error).__name__)
        event["exception"] = class_and_place(error)
    return event


def redacted(logger: Any, name: str, event: dict[str, Any]) -> dict[str, Any]:
    """Processor: mask what looks like personal data in every key and value, to any depth."""
    return {
        _plain(key, 0): value if key in _OURS or (key == "exception" and isinstance(value, str)) else _plain(value, 0)
        for key, value in event.items()
    }


def _plain(value: Any, level: int) -> Any:
    """A value that a renderer writes as it stands: one it does not know it would show by `repr`, which may tell anything."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return mask_in(value)
    if isinstance(value, BaseException):
        return type(value).__name__
    if level >= _LEVELS:
        return "[…]"
    if isinstance(value, Mapping):
        return {_plain(key, level + 1): _plain(item, level + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item, level + 1) for item in value]
    return redact(str(value))


class EventFormatter(structlog.stdlib.ProcessorFormatter):
    """Reads a record so that a message that can't be put together, or one of Celery's with a task's data, tells nothing."""

    def format(self, record: logging.LogRecord) -> str:
        record = logging.makeLogRecord(record.__dict__)  # other handlers keep theirs
        if isinstance(record.args, Mapping) and record.name.startswith("celery"):
            record.args = {key: "…" if key in _CELERY_DATA else value for key, value in record.args.items()}
        try:
            record.getMessage()
        except (TypeError, ValueError, KeyError):
            record.args = ()
        return super().format(record)


def logging_config(*, debug: bool) -> dict[str, Any]:
    """Return the LOGGING setting: JSON lines to standard error, readable lines in development."""
    renderer: Any = structlog.dev.ConsoleRenderer(colors=False) if debug else structlog.processors.JSONRenderer()
    # What a handler can't write it would else print to standard error as it stands, arguments and all.
    logging.raiseExceptions = False
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handlers = ["stderr"]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "events": {
                "()": EventFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    without_exception_text,
                    redacted,
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "events"}},
        "root": {"handlers": handlers, "level": "INFO" if debug else "WARNING"},
        "loggers": {
            # These come with handlers of their own, which would write (or mail) whole tracebacks.
            "django": {"handlers": [], "level": "INFO"},
            "django.server": {"handlers": handlers, "level": "INFO", "propagate": False},
            "gunicorn.error": {"handlers": handlers, "level": "INFO", "propagate": False},
            "uvicorn.error": {"handlers": handlers, "level": "INFO", "propagate": False},
            "django.request": {"level": "ERROR"},
            "privacycenter": {"level": "INFO"},
            "fontTools": {"level": "ERROR"},
            "weasyprint": {"level": "ERROR"},
        },
    }


def without_data(event: dict[str, Any], hint: dict[str, Any]) -> dict[str, Any]:
    """What goes to the error tracker (SENTRY_DSN): classes and places. Messages, request bodies and trails of events may hold data."""
    for error in (event.get("exception") or {}).get("values") or []:
        error["value"] = ""
    for part in ("request", "breadcrumbs", "logentry", "message", "extra", "user"):
        event.pop(part, None)
    return event
