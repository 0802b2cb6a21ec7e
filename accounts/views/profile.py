"""The profile: what was given, what may be given, and the way out."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.db import IntegrityError
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.client import Client
from accounts.domain import change_profile, close_account, remove_photo, set_answers, set_photo
from accounts.errors import PhotoNotUsable
from accounts.forms.profile import CloseForm, PhotoForm, ProfileForm, SecurityQuestionsForm
from accounts.models import ProfilePhoto
from accounts.queries import set_questions
from accounts.sessions import account_of
from accounts.stepup import require_fresh_login
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.encryption import decrypt


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    """Show and change what the account holds about the person."""
    form = ProfileForm(request.POST or None, user=account_of(request))
    if request.method == "POST" and form.is_valid():
        try:
            user, client = account_of(request), Client.of(request)
            changed = change_profile(user, profile=form.profile(), client=client, actor=Actor.for_user(user))
        except IntegrityError:  # somebody took the username between the check and the change
            form.add_error("username", _("This username is taken. Choose another one."))
        else:
            messages.success(request, _("Your profile was saved.") if changed else _("Nothing was changed."))
            return redirect("account_profile")
    return _profile_page(request, form, PhotoForm())


@login_required
@require_POST
def change_photo(request: HttpRequest) -> HttpResponse:
    """Add, replace or remove the photo."""
    client, actor = Client.of(request), Actor.for_user(request.user)
    if "remove" in request.POST:
        remove_photo(account_of(request), client=client, actor=actor)
        messages.success(request, _("Your photo was removed."))
        return redirect("account_profile")
    form = PhotoForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            set_photo(account_of(request), content=form.cleaned_data["photo"], client=client, actor=actor)
        except PhotoNotUsable as error:
            form.add_error("photo", str(error))
        else:
            messages.success(request, _("Your photo was saved."))
            return redirect("account_profile")
    return _profile_page(request, ProfileForm(user=account_of(request)), form)


@login_required
@require_GET
def photo_image(request: HttpRequest) -> HttpResponse:
    """The person's own photo; nobody else's can be asked for."""
    photo = ProfilePhoto.objects.filter(user=account_of(request)).first()
    if photo is None:
        raise Http404
    return HttpResponse(
        decrypt(bytes(photo.sealed), context=photo.context),
        content_type="image/jpeg",
        headers={"Cache-Control": "no-store", "Content-Disposition": 'inline; filename="photo.jpg"'},
    )


def _profile_page(request: HttpRequest, form: ProfileForm, photo_form: PhotoForm) -> HttpResponse:
    context = {
        "form": form,
        "photo_form": photo_form,
        "photo": ProfilePhoto.objects.filter(user=account_of(request)).defer("sealed").first(),
        "addresses": EmailAddress.objects.filter(user=account_of(request)).order_by("-primary", "email"),
    }
    return render(request, "accounts/profile.html", context)


@sensitive_post_parameters()
@require_fresh_login
@require_http_methods(["GET", "HEAD", "POST"])
def security_questions(request: HttpRequest) -> HttpResponse:
    """Set, replace or remove the questions that stand behind a reset link."""
    form = SecurityQuestionsForm(request.POST if request.method == "POST" and "remove" not in request.POST else None)
    if request.method == "POST" and ("remove" in request.POST or form.is_valid()):
        answers = {} if "remove" in request.POST else form.answers()
        set_answers(account_of(request), answers=answers, client=Client.of(request), actor=Actor.for_user(request.user))
        messages.success(request, _("Your security questions were saved.") if answers else _("Your security questions were removed."))
        return redirect("account_security_questions")
    return render(request, "accounts/security_questions.html", {"form": form, "questions": set_questions(account_of(request))})


@require_fresh_login
@require_http_methods(["GET", "HEAD", "POST"])
def close(request: HttpRequest) -> HttpResponse:
    """Close the account, after a tick; what is held stays until it is erased on request or its time is over."""
    form: Form = CloseForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        close_account(account_of(request), client=Client.of(request), actor=Actor.for_user(request.user))
        logout(request)
        messages.success(request, _("Your account is closed. We have sent you a confirmation."))
        return HttpResponseRedirect(reverse("portal:home"))
    return render(request, "accounts/close.html", {"form": form})
