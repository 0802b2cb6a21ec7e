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
from privacycenter.kernel.labels import label_in
from privacycenter.subjects import domain, lifting
from privacycenter.subjects.enums import RestrictionReason
from privacycenter.subjects.forms import LimitForm, MergeForm, ProofForm, ShowForm, SplitForm
from privacycenter.subjects.models import Identifier, Subject
from privacycenter.subjects.queries import is_restricted, restricted_title, restrictions_of

MANAGE = "subjects.manage_identity"


@admin.register(Subject)
class SubjectAdmin(ReadOnlyAdmin):
    list_display = ("public_id", "created_at", "erased_at")
    search_fields = ("=public_id",)
    search_help_text = _("By the full id of the person. By address or number: “Find by identifier”.")
    ordering = ("-id",)
    show_full_result_count = False

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<int:pk>/{name}/", self.admin_site.admin_view(view), name=f"subjects_subject_{name}")
            for name, view in (
                ("show", self.show),
                ("prove", self.prove),
                ("merge", self.merge),
                ("split", self.split),
                ("limit", self.limit),
            )
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
        form = ShowForm(request.POST, restricted=is_restricted(subject))
        if not form.is_valid():
            return self._page(request, subject, show_form=form)
        shown = domain.show_identifiers(subject, **form.cleaned_data, actor=Actor.for_user(request.user))
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

    @method_decorator(require_POST)
    def limit(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Restrict the use of a person's data or lift that, note that they are a child or are none."""
        subject, form = self._managed(request, pk), LimitForm(request.POST, auto_id="id_limit_%s")
        if not form.is_valid():
            return self._page(request, subject, limit_form=form)
        how: dict[str, Any] = {"reason": form.cleaned_data["reason"], "actor": Actor.for_user(request.user)}
        match form.cleaned_data["limit"]:
            case "restrict":
                domain.restrict_subject(subject, **how)
            case "lift":
                return self._lift(request, subject, form, how)
            case wanted:
                domain.mark_child(subject, is_child=wanted == "child", **how)
        return self._done(request, subject, _("It is noted, and holds from now on."))

    def _lift(self, request: HttpRequest, subject: Subject, form: forms.Form, how: dict[str, Any]) -> HttpResponse:
        """End a restriction, through the room that tells the person first."""
        try:
            lifting.announce(subject, how["reason"], how["actor"])
        except PrivacyCenterError as error:
            form.add_error("limit", str(error))
            return self._page(request, subject, limit_form=form)
        return self._done(request, subject, _("The person is told now. The restriction ends some days later, on the day they read."))

    def _subject(self, pk: Any) -> Subject:
        found = Subject.objects.filter(pk=pk).first() if str(pk).isdecimal() else None
        if found is None:
            raise Http404
        return found

    def _managed(self, request: HttpRequest, pk: int) -> Subject:
        if not request.user.has_perm(MANAGE):
            raise PermissionDenied
        subject = self._subject(pk)
        if subject.erased_at is not None:  # there is nothing to manage, and the page offers nothing
            raise PermissionDenied
        return subject

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
        limit_form: forms.Form | None = None,
    ) -> HttpResponse:
        restrictions = restrictions_of(subject)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Person %(id)s") % {"id": str(subject.public_id)[:8]},
            "opts": self.opts,
            "person": subject,
            "identifiers": identifiers,
            "may_manage": request.user.has_perm(MANAGE) and subject.erased_at is None,
            "show_form": show_form or ShowForm(restricted=bool(restrictions) or subject.restricted_at is not None),
            "restrictions": [(restricted_title(row.source), label_in(RestrictionReason, row.reason), row) for row in restrictions],
            "prove_form": prove_form or ProofForm(),
            "merge_form": merge_form or MergeForm(),
            "limit_form": limit_form or LimitForm(auto_id="id_limit_%s"),
            "split_form": SplitForm(subject=subject) if identifiers is not None else None,
        }
        return TemplateResponse(request, "admin/subjects/subject/person.html", context)
