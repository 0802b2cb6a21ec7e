"""The person's side of the messages on a request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from privacycenter.kernel.errors import PrivacyCenterError
from requests_app.behalf.standing import shut_to_requester, words_for_requester
from requests_app.domain.messages import mark_read, open_attachment, write_to_desk
from requests_app.enums import MessageSide
from requests_app.forms import MessageForm
from requests_app.models import Attachment, Message, Request
from requests_app.references import tidy_reference
from requests_app.views.access import find_request, keep_draft, may_see, person, take_draft
from requests_app.views.own import entry


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def write(http: HttpRequest, ref: str) -> HttpResponse:
    """Write to the desk, with files. Words typed after the session ended are kept for the way back."""
    if tidy_reference(ref) != ref:
        raise Http404
    draft = f"message:{ref}"
    if http.method == "POST" and not may_see(http, ref) and not http.user.is_authenticated:
        too_long = keep_draft(http, draft, http.POST.get("words", ""))
        problem = _("You were signed out. Your words are kept: sign in again, then send them. Choose files anew.")
        return too_long or entry(http, ref, problem=problem)
    request = find_request(http, ref)
    mark_read(request, side=MessageSide.DESK)
    form = MessageForm(http.POST or None, http.FILES or None, initial={"words": take_draft(http, draft)})
    if http.method == "POST" and form.is_valid():
        try:
            write_to_desk(request, words=form.cleaned_data["words"], files=form.cleaned_data["attached"], actor=person(http, request))
        except PrivacyCenterError as error:
            form.add_error(None, str(error))
        else:
            messages.success(http, _("Your message is sent. A colleague reads it and answers you here."))
            return redirect("requests:messages", ref)
    context = {"item": request, "form": form, "thread": thread_of(request)}
    return render(http, "requests_app/messages.html", context, status=422 if form.is_bound else 200)


@never_cache
@require_safe
def attachment(http: HttpRequest, ref: str, public_id: str) -> HttpResponseBase:
    """A file of a message on this request, to save: it is never shown."""
    request = find_request(http, ref)
    found = Attachment.objects.exclude(message__side=MessageSide.NOTE).filter(message__request=request, public_id=public_id).first()
    if found is None:
        raise Http404
    why = shut_to_requester(request) if found.message.side == MessageSide.DESK else ""
    if why:
        messages.error(http, words_for_requester(why))
        return redirect("requests:detail", ref)
    return file_response(found)


def file_response(found: Attachment) -> StreamingHttpResponse:
    """The file of a message."""
    return download(open_attachment(found), name=found.original_name, media_type=found.media_type, size=found.size)


def download(content: Iterator[bytes], *, name: str, media_type: str, size: int) -> StreamingHttpResponse:
    """A file to save, whatever it is."""
    response = StreamingHttpResponse(content, content_type=media_type)
    response["Content-Length"] = str(size)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name, safe='')}"
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def thread_of(request: Request) -> list[dict[str, Any]]:
    """What was written between the person and the desk, oldest first. Two queries."""
    found = Message.objects.filter(request=request).exclude(side=MessageSide.NOTE).prefetch_related("attachments").order_by("id")
    return [
        {"message": message, "is_mine": message.side == MessageSide.PERSON, "files": list(message.attachments.all())} for message in found
    ]
