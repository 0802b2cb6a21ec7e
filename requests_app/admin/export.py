"""The queue as a table for a spreadsheet, cut as the list is. References, states and dates; nothing of anybody."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sheets import safe_cell
from requests_app.admin.pages import VIEW, require
from requests_app.admin.presentation import KINDS, state_word
from requests_app.admin.routes import route
from requests_app.enums import Channel, Kind
from requests_app.models import Request

MOST = 100_000


class _Echo:
    def write(self, line: str) -> str:
        return line


@route("export/", name="export")
@never_cache
@require_safe
def download(http: HttpRequest) -> HttpResponseBase:
    """The rows that the list shows with these filters, at most a hundred thousand. On record before the first line."""
    require(http, VIEW)
    model_admin: Any = admin.site.get_model_admin(Request)
    rows = model_admin.get_changelist_instance(http).get_queryset(http)[:MOST]
    record("requests.list_exported", actor=Actor.for_user(http.user), rows=rows.count())
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="requests-{timezone.localdate():%Y-%m-%d}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(rows: Any) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    names = (_("reference"), _("right"), _("state"), _("came in"), _("received"), _("due"), _("answered"), _("closed"), _("with"))
    yield "\ufeff" + writer.writerow([safe_cell(str(name)) for name in names])
    wanted = rows.only(
        "ref", "kind", "status", "outcome", "channel", "received_at", "due_at", "answered_at", "closed_at", "assignee__username"
    )
    for item in wanted.iterator(chunk_size=2_000):
        cells = (
            item.ref,
            str(KINDS[Kind(item.kind)]),
            state_word(item),
            str(Channel(item.channel).label),
            *(_day(moment) for moment in (item.received_at, item.due_at, item.answered_at, item.closed_at)),
            item.assignee.username if item.assignee else "",
        )
        yield writer.writerow([safe_cell(cell) for cell in cells])


def _day(moment: datetime | None) -> str:
    return timezone.localtime(moment).isoformat(timespec="minutes") if moment else ""
