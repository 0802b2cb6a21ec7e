"""Pages under /accounts/: ours first, then allauth's, with a fresh log-in and a transaction where they matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import wraps
from typing import Any

from allauth.socialaccount.models import SocialApp
from allauth.urls import urlpatterns as allauth_patterns
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, re_path

from accounts.stepup import View, require_fresh_login
from accounts.views import profile, security
from accounts.views.factors import note_factor_changes

# allauth's pages that change a credential or show a secret. (Its own check passes accounts without password and factor.)
NEEDS_FRESH_LOGIN = frozenset(
    {
        "account_email",
        "account_change_password",
        "account_set_password",
        "socialaccount_connections",
        "mfa_activate_totp",
        "mfa_deactivate_totp",
        "mfa_add_webauthn",
        "mfa_edit_webauthn",
        "mfa_remove_webauthn",
        "mfa_view_recovery_codes",
        "mfa_generate_recovery_codes",
        "mfa_download_recovery_codes",
    }
)
# A changed credential, its warning and its trace stand or fall together. None of these talks to another host.
IN_ONE_TRANSACTION = NEEDS_FRESH_LOGIN | {
    "account_signup",
    "account_email_verification_sent",
    "account_reset_password",
    "account_reset_password_from_key",
    "socialaccount_signup",
}
# Google's "One Tap" posts from its own page and needs an exemption from CSRF protection; it is not offered.
LEFT_OUT = frozenset({"google_login_by_token"})
# These have addresses although no client id is set; then there is no such page.
OF_PROVIDERS = frozenset({"google_login", "google_callback", "microsoft_login", "microsoft_callback"})


def guarded(patterns: Iterable[URLPattern | URLResolver]) -> Iterator[URLPattern | URLResolver]:
    """allauth's patterns, each view wrapped as the sets above say."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            children: Any = list(guarded(pattern.url_patterns))
            yield URLResolver(pattern.pattern, children, pattern.default_kwargs, pattern.app_name, pattern.namespace)
        elif pattern.name not in LEFT_OUT:
            view: Any = pattern.callback
            if str(pattern.name).startswith("mfa_") and pattern.name in IN_ONE_TRANSACTION:
                view = note_factor_changes(view)
            if pattern.name in IN_ONE_TRANSACTION:
                view = _in_one_transaction(view)
            if pattern.name in NEEDS_FRESH_LOGIN:
                view = require_fresh_login(view)
            if pattern.name in OF_PROVIDERS:
                view = _not_found_unless_configured(view)
            yield URLPattern(pattern.pattern, view, pattern.default_args, pattern.name)


def _in_one_transaction(view: View) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        with transaction.atomic():
            response = view(request, *args, **kwargs)
            # rendered inside, so that an error in a template undoes the deed as well
            if isinstance(response, TemplateResponse) and not response.is_rendered:
                response.render()
            return response

    return wrapped


def _not_found_unless_configured(view: View) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except SocialApp.DoesNotExist:
            raise Http404 from None

    return wrapped


urlpatterns: list[URLPattern | URLResolver] = [
    path("profile/", profile.profile, name="account_profile"),
    path("profile/photo/", profile.change_photo, name="account_change_photo"),
    path("profile/photo.jpg", profile.photo_image, name="account_photo"),
    path("security-questions/", profile.security_questions, name="account_security_questions"),
    path("close/", profile.close, name="account_close"),
    path("confirm/", security.step_up, name="account_step_up"),
    path("frozen/", security.frozen, name="account_frozen"),
    path("freeze/<str:token>/", security.freeze, name="account_freeze"),
    path("sessions/", security.SessionsView.as_view(), name="usersessions_list"),
    path("confirm-email/", _in_one_transaction(security.ConfirmCodeView.as_view()), name="account_email_verification_sent"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        _in_one_transaction(security.ResetPasswordView.as_view()),
        name="account_reset_password_from_key",
    ),
    *guarded(allauth_patterns),
]
