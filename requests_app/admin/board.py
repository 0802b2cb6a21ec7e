"""The board of a month: what came in, what was answered, how long it took. Counts only; drawn on the server."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from requests_app.admin.pages import VIEW, page, require
from requests_app.admin.presentation import KINDS
from requests_app.admin.routes import route
from requests_app.charts import Chart, bars
from requests_app.clock import add_months
from requests_app.figures import STEPS, MonthFigures, first_of_month, month_figures

_MONTH = re.compile(r"(20\d{2})-(0[1-9]|1[0-2])")


@route("board/", name="board")
@never_cache
@require_safe
def show(http: HttpRequest) -> HttpResponse:
    """One month, by default the current one; `month` is like 2026-11."""
    require(http, VIEW)
    first_day = _first_day(http.GET.get("month", ""))
    figures = month_figures(first_day)
    later = add_months(first_day, 1)
    context = {
        "title": _("Board"),
        "month": formats.date_format(first_day, "F Y"),
        "figures": figures,
        "rows": [_row(each) for each in figures.kinds],
        "by_kind": _by_kind(figures),
        "by_days": _by_days(figures),
        "earlier": f"{add_months(first_day, -1):%Y-%m}",
        "later": f"{later:%Y-%m}" if later <= first_of_month() else "",
    }
    return page(http, "board.html", context)


def _first_day(text: str) -> date:
    if not text:
        return first_of_month()
    found = _MONTH.fullmatch(text)
    if found is None:
        raise Http404
    return date(int(found[1]), int(found[2]), 1)


def _row(each: Any) -> dict[str, Any]:
    return {
        "kind": KINDS[each.kind],
        "received": each.received,
        "answered": each.answered,
        "on_time": each.on_time,
        "late": each.late,
        "refused": each.refused,
        "withdrawn": each.withdrawn,
        "days": "–" if each.days is None else f"{each.days:g}",
    }


def _by_kind(figures: MonthFigures) -> Chart:
    """Two bars for each right: what came in, and what was answered, of it on time and late."""
    rows: list[tuple[Any, list[tuple[int, str]], str]] = []
    for each in figures.kinds:
        rows.append((KINDS[each.kind], [(each.received, "chart__bar chart__bar--in")], _("%(count)d in") % {"count": each.received}))
        parts = [(each.on_time, "chart__bar chart__bar--on-time"), (each.late, "chart__bar chart__bar--late")]
        words = _("%(count)d answered") % {"count": each.answered}
        if each.late:
            words = _("%(count)d answered, %(late)d late") % {"count": each.answered, "late": each.late}
        rows.append(("", parts, words))
    return bars(rows)


def _by_days(figures: MonthFigures) -> Chart:
    """How many answers took how long."""
    labels, least = [], 0
    for most in STEPS:
        labels.append(
            ngettext("up to %(count)d day", "up to %(count)d days", most) % {"count": most}
            if not least
            else _("%(least)d to %(most)d days") % {"least": least, "most": most}
        )
        least = most + 1
    labels.append(_("longer"))
    return bars(
        [(label, [(value, "chart__bar chart__bar--on-time")], str(value)) for label, value in zip(labels, figures.steps, strict=True)]
    )
