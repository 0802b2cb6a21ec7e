"""The texts that were shown, and what to do about consents when a purpose is rewritten."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacycenter.datamap import consents
from privacycenter.datamap.consents import Offer
from privacycenter.datamap.models import Purpose
from privacycenter.kernel.actor import Actor
from privacycenter.preferences.domain.recall import ask_again, outdated_count
from privacycenter.preferences.models import ConsentText


@admin.register(ConsentText)
class ConsentTextAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("key", "version", "language", "created_at")
    list_filter = ("language",)
    search_fields = ("key",)
    ordering = ("key", "language", "-version")
    fields = ("key", "version", "language", "sha256", "text", "created_at")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.ask_again_view)
        return [path("ask-again/<slug:key>/", view, name="preferences_ask_again"), *super().get_urls()]

    def ask_again_view(self, request: HttpRequest, key: str) -> HttpResponse:
        """How many consents stand for an older text of a purpose; a POST declares them invalid."""
        if not request.user.has_perm("datamap.change_purpose"):
            raise PermissionDenied
        purpose = Purpose.objects.filter(key=key).first()
        if purpose is None:
            raise Http404
        if request.method == "POST":
            ask_again(key, actor=Actor.for_user(request.user))
            self.message_user(request, _("From now on these consents are declared invalid, one batch after the other."), messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:datamap_purpose_change", args=[purpose.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Ask again for “%(purpose)s”") % {"purpose": purpose.title},
            "opts": Purpose._meta,
            "purpose": purpose,
            "count": outdated_count(key),
        }
        return TemplateResponse(request, "admin/preferences/ask_again.html", context)


def offer(purpose: Purpose) -> Offer | None:
    """What staff see after they rewrote a purpose under which consents stand."""
    count = outdated_count(purpose.key)
    if not count:
        return None
    words = ngettext("%(count)d consent was given for the text before.", "%(count)d consents were given for the text before.", count)
    return Offer(words % {"count": count}, reverse("admin:preferences_ask_again", args=[purpose.key]), _("Ask again"))


consents.register(offer)
