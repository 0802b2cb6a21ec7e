"""Reading what was sent: JSON of bounded size."""

from __future__ import annotations

from typing import Any

import orjson
from django.conf import settings
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from privacycenter.kernel.problems import TooLarge


class BoundedJSONParser(BaseParser):
    """JSON up to DATA_UPLOAD_MAX_MEMORY_SIZE. Nesting, lone surrogates and NaN are refused by orjson; no value is ever repeated.

    The framework's own parser reads whatever length the client announces.
    """

    media_type = "application/json"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        try:
            announced = int(stream.META.get("CONTENT_LENGTH") or 0)
        except ValueError:
            announced = 0
        if announced > most:
            raise TooLarge
        body = stream.read(most + 1)
        if len(body) > most:
            raise TooLarge
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ParseError from None
