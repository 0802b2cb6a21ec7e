"""People at the desk: by their random id; addresses and numbers open after a reason was given, and each look is on record."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from privacycenter.audit.admin import ReadOnlyAdmin
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.subjects import domain
from privacycenter.subjects.forms import MergeForm, ProofForm, ShowForm, SplitForm
from privacycenter.subjects.models import Identifier, Subject

MANAGE = "subjects.manage_identity"


@admin.register(Subject)
class SubjectAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "created_at")
    search_fields = ("=public_id",)
    search_help_text = _("By the full id of the person. By address or number: Requests, Find by identifier.")
    ordering = ("-id",)
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"subjects_subject_{name}")
            for name, view in (("show", self.show), ("prove", self.prove), ("merge", self.merge), ("split", self.split))
        ]
        return [*own, *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, self._subject(object_id))

    @method_decorator(require_POST)
    def show(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show addresses and numbers once, after a reason; nothing stays open."""
        subject = self._managed(request, pk)
        form = ShowForm(request.POST)
        if not form.is_valid():
            return self._page(request, subject, show_form=form)
        shown = domain.show_identifiers(subject, reason=form.cleaned_data["reason"], actor=Actor.for_user(request.user))
        return self._page(request, subject, identifiers=shown)

    @method_decorator([require_POST, sensitive_post_parameters("value")])
    def prove(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Note an address or number that the person has proven to staff."""
        subject, form = self._managed(request, pk), ProofForm(request.POST)
        if form.is_valid():
            words = form.cleaned_data
            try:
                domain.note_proof(
                    subject, kind=words["kind"], value=words["value"], proof=words["proof"], actor=Actor.for_user(request.user)
                )
            except PrivacyCenterError as error:
                form.add_error("value", str(error))
            else:
                return self._done(request, subject, _("It is noted as proven."))
        return self._page(request, subject, prove_form=form)

    @method_decorator(require_POST)
    def merge(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make this person and another one person."""
        subject, form = self._managed(request, pk), MergeForm(request.POST)
        if form.is_valid():
            words = form.cleaned_data
            try:
                domain.merge_subjects(subject, words["other"], reason=words["reason"], actor=Actor.for_user(request.user))
            except PrivacyCenterError as error:
                form.add_error(None, str(error))
            else:
                return self._done(request, subject, _("The two are one person now."))
        return self._page(request, subject, merge_form=form)

    @method_decorator(require_POST)
    def split(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Move some addresses and numbers to a new person."""
        subject = self._managed(request, pk)
        form = SplitForm(request.POST, subject=subject)
        error = _("Choose what belongs to the other person.")
        if form.is_valid():
            chosen: list[Identifier] = list(form.cleaned_data["identifiers"])
            try:
                new = domain.split_subject(subject, identifiers=chosen, reason="two_people", actor=Actor.for_user(request.user))
            except PrivacyCenterError as refused:
                error = str(refused)
            else:
                return self._done(request, new, _("This is the new person. What moved is theirs alone now."))
        self.message_user(request, error, messages.ERROR)
        return HttpResponseRedirect(reverse("admin:subjects_subject_change", args=[pk]))

    def _subject(self, pk: Any) -> Subject:
        found = Subject.objects.filter(pk=pk).first() if str(pk).isdecimal() else None
        if found is None:
            raise Http404
        return found

    def _managed(self, request: HttpRequest, pk: int) -> Subject:
        if not request.user.has_perm(MANAGE):
            raise PermissionDenied
        return self._subject(pk)

    def _done(self, request: HttpRequest, subject: Subject, words: str) -> HttpResponse:
        self.message_user(request, words, messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:subjects_subject_change", args=[subject.pk]))

    def _page(
        self,
        request: HttpRequest,
        subject: Subject,
        *,
        identifiers: list[Identifier] | None = None,
        show_form: forms.Form | None = None,
        prove_form: forms.Form | None = None,
        merge_form: forms.Form | None = None,
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("Person %(id)s") % {"id": str(subject.public_id)[:8]},
            "opts": self.opts,
            "person": subject,
            "identifiers": identifiers,
            "may_manage": request.user.has_perm(MANAGE),
            "show_form": show_form or ShowForm(),
            "prove_form": prove_form or ProofForm(),
            "merge_form": merge_form or MergeForm(),
            "split_form": SplitForm(subject=subject) if identifiers is not None else None,
        }
        return TemplateResponse(request, "admin/subjects/subject/person.html", context)
