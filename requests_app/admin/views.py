"""Ways to cut the queue that a member of staff keeps under a name."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from requests_app.admin.pages import VIEW, require
from requests_app.admin.routes import route
from requests_app.forms import ViewForm
from requests_app.models import SavedView

# What a view may hold: the filters and the order of the list. A search is none: it names one request.
KEPT = ("burns", "state", "with", "kind", "o")
MOST = 20


def context(http: HttpRequest) -> dict[str, Any]:
    """What the list shows of views: mine, and the form that keeps the present one."""
    query = tidy(http.GET)
    own = SavedView.objects.filter(user_id=http.user.pk or 0)
    saved = [{"pk": view.pk, "name": view.name, "href": f"?{view.query}", "is_current": view.query == query} for view in own]
    return {"saved_views": saved, "view_form": ViewForm(initial={"query": query}) if query else None, "export_query": http.GET.urlencode()}


def tidy(query: QueryDict) -> str:
    """The filters of an address in a fixed order, as a query of an address; whatever else it holds is left out."""
    kept = QueryDict(mutable=True)
    for name in KEPT:
        if query.get(name):
            kept[name] = str(query[name])[:40]
    return kept.urlencode()


@route("views/keep/", name="keep_view")
@require_POST
def keep(http: HttpRequest) -> HttpResponse:
    """Keep the filters of the list under a name; the same name again replaces what it stood for."""
    require(http, VIEW)
    form = ViewForm(http.POST)
    query = tidy(QueryDict(http.POST.get("query", "")[:300]))
    if not form.is_valid() or not query:
        messages.error(http, _("Choose a filter and give the view a name of at most 60 letters."))
    elif SavedView.objects.filter(user_id=http.user.pk or 0).exclude(name=form.cleaned_data["name"]).count() >= MOST:
        messages.error(http, _("You have 20 views. Remove one first."))
    else:
        _write(http.user.pk or 0, form.cleaned_data["name"], query)
        messages.success(http, _("The view is kept."))
    return redirect(f"{reverse('admin:requests_app_request_changelist')}?{query}")


@route("views/<int:pk>/remove/", name="remove_view")
@require_POST
def remove(http: HttpRequest, pk: int) -> HttpResponse:
    """Remove one of my views."""
    require(http, VIEW)
    SavedView.objects.filter(pk=pk, user_id=http.user.pk or 0).delete()
    return redirect("admin:requests_app_request_changelist")


def _write(user_id: int, name: str, query: str) -> None:
    try:
        with transaction.atomic():
            SavedView.objects.update_or_create(user_id=user_id, name=name, defaults={"query": query})
    except IntegrityError:  # the same name twice at once: the later one counts
        SavedView.objects.filter(user_id=user_id, name=name).update(query=query)
