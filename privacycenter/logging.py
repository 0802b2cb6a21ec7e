"""Logs are events with keys, never sentences with data: one JSON object a line, personal data kept out.

Every record passes a filter that masks anything that looks like an e-mail address or a card number, as a last net;
the rule is that nobody writes one in the first place.
"""

from __future__ import annotations

import logging
import re
from typing import Any

import structlog

_EMAIL = re.compile(r"[^\s@<>\"'=]+@[^\s@<>\"',;]+")
_DIGITS = re.compile(r"\d(?:[ -]?\d){12,18}")


def redact(text: str) -> str:
    """Return `text` with e-mail addresses and long digit runs (card numbers) masked."""
    return _DIGITS.sub("[digits]", _EMAIL.sub("[address]", text))


class RedactingFilter(logging.Filter):
    """Masks personal data in the message, its arguments and the text of an exception."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, dict):  # an event on its way to structlog's formatter
            record.msg = {key: redact(value) if isinstance(value, str) else value for key, value in record.msg.items()}
        else:
            record.msg = redact(record.getMessage())
            record.args = ()
        if record.exc_info and not record.exc_text:
            record.exc_text = redact(logging.Formatter().formatException(record.exc_info))
        elif record.exc_text:
            record.exc_text = redact(record.exc_text)
        return True


def logging_config(*, debug: bool) -> dict[str, Any]:
    """Return the LOGGING setting: JSON lines to standard error, readable lines in development."""
    renderer: Any = structlog.dev.ConsoleRenderer(colors=False) if debug else structlog.processors.JSONRenderer()
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
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"redact": {"()": RedactingFilter}},
        "formatters": {
            "events": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "events", "filters": ["redact"]}},
        "root": {"handlers": ["stderr"], "level": "INFO" if debug else "WARNING"},
        "loggers": {
            # A traceback of a request may hold its data: errors are logged by their type and place only.
            "django.request": {"level": "ERROR"},
            "privacycenter": {"level": "INFO"},
            "fontTools": {"level": "ERROR"},
            "weasyprint": {"level": "ERROR"},
        },
    }
