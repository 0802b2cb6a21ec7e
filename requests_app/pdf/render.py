"""From a document to PDF bytes, with WeasyPrint. Runs in the child process only."""

from __future__ import annotations

import gc
import logging
import os
from datetime import datetime

from weasyprint import HTML
from weasyprint.logger import LOGGER
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

from .documents import Document
from .markup import document_html

MOST_PASSES = 3


class DenyAll(URLFetcher):  # type: ignore[misc]
    """Fetches nothing. Our markup names no address, so being asked is an error, and it stops the rendering."""

    def fetch(self, url: str, headers: dict[str, str] | None = None) -> URLFetcherResponse:
        raise FatalURLFetchingError("nothing is fetched")


class _MissingGlyphs(logging.Handler):
    """Notes the characters that WeasyPrint found in no font, and lets no message out: messages quote the text."""

    def __init__(self) -> None:
        super().__init__()
        self.characters: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, str) and record.msg.startswith(".notdef") and isinstance(record.args, tuple):
            self.characters.add(str(record.args[0]))


class Printer:
    """Renders one document after the other. Keeps the fonts open and remembers which characters they lack."""

    def __init__(self) -> None:
        self._fonts = FontConfiguration()
        self._glyphs = _MissingGlyphs()
        LOGGER.handlers = [self._glyphs]
        LOGGER.propagate = False
        LOGGER.setLevel(logging.WARNING)
        self._missing: frozenset[str] = frozenset()

    def pdf(self, document: Document) -> bytes:
        """The PDF/UA-1 file (ISO 14289-1) of a document; the same document gives the same bytes.

        A character without a glyph shows up only while drawing: the document is then made again with its number
        in its place. Garbage collection waits until the document is written, which saves a fifth of the time.
        """
        os.environ["SOURCE_DATE_EPOCH"] = str(int(datetime.fromisoformat(document.created).timestamp()))
        gc.disable()
        try:
            for _ in range(MOST_PASSES):
                self._glyphs.characters.clear()
                html = HTML(string=document_html(document, self._missing), url_fetcher=DenyAll(), base_url=None)
                data: bytes = html.write_pdf(font_config=self._fonts, pdf_variant="pdf/ua-1")
                new = self._glyphs.characters - self._missing
                if not new:
                    break
                self._missing |= new
            return data
        finally:
            gc.enable()
            gc.collect()
