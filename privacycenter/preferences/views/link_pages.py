"""Pages behind mailed links: drawn without the request, so that nothing of whoever opens them gets in."""

from __future__ import annotations

from collections.abc import Hashable
from functools import cache, lru_cache
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, QueryDict, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.template.loader import render_to_string
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from privacycenter.preferences.unsubscribe import PAUSE_DAYS

PAUSES = {f"pause-{days}": days for days in PAUSE_DAYS}


_TOKEN = "0" * 22  # stands in the drawn page where the token goes


def link_page(template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A page in layouts/link.html."""
    known = {"operator": settings.OPERATOR_NAME, "contact": settings.OPERATOR_CONTACT}
    return HttpResponse(render_to_string(template, known | context), status=status)


def kept_page(template: str, token: str, **context: Hashable) -> HttpResponse:
    """A page that differs by nothing but its token, drawn once for each topic and language: mail programs wait for it."""
    names = (settings.OPERATOR_NAME, settings.OPERATOR_CONTACT, settings.SITE_URL, get_language())
    draw = _drawn.__wrapped__ if settings.DEBUG else _drawn
    return HttpResponse(draw(template, names, tuple(context.items())).replace(_TOKEN, token))


@lru_cache(maxsize=256)
def _drawn(template: str, names: tuple[str | None, ...], context: tuple[tuple[str, Hashable], ...]) -> str:
    return render_to_string(template, {"operator": names[0], "contact": names[1], "token": _TOKEN, **dict(context)})


def gone() -> HttpResponse:
    """The same answer for a link that never was, was cut off, is used up or has expired."""
    return link_page("preferences/link_gone.html", {}, status=404)


def posted(request: HttpRequest) -> QueryDict:
    """What was posted; nothing where the body is none that we can read: a mail program's POST counts whatever is in it."""
    try:
        return request.POST
    except (MultiPartParserError, SuspiciousOperation, BadRequest, UnreadablePostError):
        return QueryDict()


def pauses(*, is_rest: bool = False) -> tuple[tuple[str, str], ...]:
    """Value and words of the buttons that pause; `is_rest` where something has just been stopped for good."""
    return _pauses(get_language(), is_rest)


@cache
def _pauses(language: str | None, is_rest: bool) -> tuple[tuple[str, str], ...]:
    """Kept for each language: putting plurals together costs more than the rest of the page, which is kept as well."""
    return tuple((value, _pause_words(days, is_rest=is_rest)) for value, days in PAUSES.items())


def _pause_words(days: int, *, is_rest: bool) -> str:
    words = ngettext("Pause for %(days)d day", "Pause for %(days)d days", days)
    if is_rest:
        words = ngettext("Pause everything else for %(days)d day", "Pause everything else for %(days)d days", days)
    return words % {"days": days}


def paused_words(days: int) -> str:
    """That a pause has begun."""
    return ngettext("Paused for %(days)d day", "Paused for %(days)d days", days) % {"days": days}


def paused_detail() -> str:
    """What a pause means, and that a link shortens none."""
    return _("Until then we send you nothing that is not essential. If you had paused for longer, that stays.")
