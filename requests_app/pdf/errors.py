"""What can go wrong while a PDF is made. No message ever holds data of the person."""

from __future__ import annotations


class PdfError(Exception):
    """Base of the errors of this package."""


class RenderFailed(PdfError):
    """The child reported an error, or died. `reason` is the name of the error's class or signal."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the PDF could not be made ({reason})")
        self.reason = reason


class RenderTimeout(PdfError):
    """The child needed longer than it was allowed, and was ended."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the PDF was not ready after {seconds:g} s")
        self.seconds = seconds
