"""Messages, notes and files on the ticket, and the templates that staff begin with."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from privacycenter.audit.domain import record
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.admin.pages import back, find_ticket, page, require
from requests_app.admin.routes import route
from requests_app.domain.messages import add_note, mark_read, write_to_person
from requests_app.domain.people import LOOK, WORK
from requests_app.enums import MessageSide
from requests_app.forms import MessageForm, TemplateForm, WordsForm
from requests_app.models import AnswerTemplate, Attachment, Message, Request
from requests_app.panels import Place, Visitor, add_to_desk
from requests_app.queries import current_look, is_masked
from requests_app.views.access import keep_draft, take_draft
from requests_app.views.messages import file_response
from requests_app.wording import filled


def _keep_words(http: HttpRequest, pk: int) -> HttpResponse | None:
    """Staff whose session ran out while they wrote find their words again after signing in."""
    return keep_draft(http, f"desk:{pk}", http.POST.get("words", "")) if http.method == "POST" else None


@route("<int:pk>/messages/", name="messages", before_sign_in=_keep_words)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(http: HttpRequest, pk: int) -> HttpResponse:
    """The whole conversation with the forms to write and to note. Personal: it takes a look."""
    require(http, LOOK)
    request = find_ticket(pk)
    if current_look(request, http.user, restricted=is_masked(request)) is None:
        if http.method == "POST":
            if (too_long := _keep_words(http, pk)) is not None:
                return too_long
            messages.info(http, _("Give a reason first. Your words are kept."))
        else:
            messages.info(http, _("Give a reason first."))
        return back(pk)
    actor, may_work = Actor.for_user(http.user), http.user.has_perm(WORK)
    template = AnswerTemplate.objects.filter(pk=_number(http.GET.get("template", ""))).first()
    words = filled(template.body, request) if template else take_draft(http, f"desk:{pk}")
    is_note = http.POST.get("form") == "note"
    form = MessageForm(http.POST if not is_note and http.POST else None, http.FILES or None, initial={"words": words})
    note = WordsForm(http.POST if is_note else None, label=_("Note for colleagues"), max_length=10_000, auto_id="id_note_%s")
    sent: Any = note if is_note else form
    if http.method == "POST":
        require(http, WORK)
        if sent.is_valid():
            try:
                if is_note:
                    add_note(request, words=note.cleaned_data["words"], actor=actor)
                else:
                    write_to_person(request, words=form.cleaned_data["words"], files=form.cleaned_data["attached"], actor=actor)
            except PrivacyCenterError as error:
                sent.add_error(None, str(error))
            else:
                messages.success(http, _("Noted.") if is_note else _("Sent. The person gets a mail that there is a message."))
                return redirect("admin:requests_app_request_messages", pk)
    mark_read(request, side=MessageSide.PERSON)
    context = {
        "title": _("Messages about %(ref)s") % {"ref": request.ref},
        "item": request,
        "thread": list(Message.objects.filter(request=request).select_related("author").prefetch_related("attachments").order_by("id")),
        "form": form if may_work else None,
        "note_form": note if may_work else None,
        "templates": list(AnswerTemplate.objects.filter(kind__in=["", request.kind]).order_by("language", "title")) if may_work else [],
    }
    return page(http, "messages.html", context, status=422 if http.method == "POST" else 200)


@route("<int:pk>/files/<slug:public_id>/", name="file")
@never_cache
@require_safe
def file(http: HttpRequest, pk: int, public_id: str) -> HttpResponseBase:
    """A file of this ticket, to save. An audit entry of its own, written first."""
    require(http, LOOK)
    request = find_ticket(pk)
    look = current_look(request, http.user, restricted=is_masked(request))
    if look is None:
        messages.info(http, _("Give a reason first."))
        return back(pk)
    found = Attachment.objects.filter(message__request=request, public_id=public_id).first()
    if found is None:
        raise Http404
    subject = str(request.subject.public_id) if request.subject else ""
    record("requests.attachment_opened", actor=Actor.for_user(http.user), subject=subject, ticket=request.ref, reason=look.reason)
    return file_response(found)


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _panel(request: Request, visitor: Visitor) -> dict[str, Any] | None:
    if request.verified_at is None or request.forgotten_at is not None:
        return None
    counts = Message.objects.filter(request=request).aggregate(
        number=Count("pk", filter=~Q(side=MessageSide.NOTE)),
        notes=Count("pk", filter=Q(side=MessageSide.NOTE)),
        new=Count("pk", filter=Q(side=MessageSide.PERSON, read_at=None)),
    )
    return {"request": request, "may_open": visitor.look is not None, **counts}


add_to_desk("messages", template="admin/requests_app/request/messages_panel.html", context=_panel, place=Place.WORK, order=900)


@admin.register(AnswerTemplate)
class AnswerTemplateAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Words to begin a message with."""

    form = TemplateForm
    list_display = ("title", "kind", "language")
    list_filter = ("kind", "language")
    search_fields = ("title",)
