"""Registration, log-in, codes and mail."""

from __future__ import annotations

from typing import Any, NoReturn

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.core.ratelimit import respond_429
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import stepup
from accounts.client import Client
from accounts.domain import change_password, note_security_event, send_verification_code, tell_already_registered
from accounts.enums import SecurityEventKind
from accounts.errors import TooManyCodes
from accounts.forms.base import REFUSED_KEY
from accounts.middleware import SEEN_KEY, STARTED_KEY
from accounts.models import User
from accounts.queries import primary_address
from accounts.sessions import note_waiting, take_waiting
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.middleware import client_network
from privacycenter.kernel.tokens import new_token


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """allauth keeps codes in the session and sends mail inside the request; here a code is a row and mail goes to the outbox."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": _("This code does not fit. Check the newest mail; after five wrong codes a new one is needed."),
        "email_taken": _("Another account has this address already. Sign in to that account, or use another address."),
        "invalid_login": _("Username, e-mail address or password is not right."),
        "username_password_mismatch": _("Username, e-mail address or password is not right."),
        "email_password_mismatch": _("Username, e-mail address or password is not right."),
        "too_many_login_attempts": _("Too many attempts. Wait five minutes, then try again."),
        "username_taken": _("This username is taken. Choose another one."),
        "enter_current_password": _("This is not your present password."),
        "rate_limited": _("That was a bit fast. Wait a moment, then try again."),
    }

    def get_client_ip(self, request: HttpRequest) -> str:
        # allauth counts by it, and keeps it where an address must stand: the first one of the network.
        return client_network(request).removesuffix("/64") or super().get_client_ip(request)

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return not request.session.get(REFUSED_KEY)

    # Re-authentication is decided by accounts.stepup, which wraps every view that needs it: allauth's own check lets
    # somebody without password and factor pass.
    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return False

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        return stepup.methods_of(user, super().get_reauthentication_methods(user))

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        if user.is_frozen:
            clear_login(request)
            return HttpResponseRedirect(reverse("account_frozen"))
        response: HttpResponse | None = super().pre_login(request, user, **kwargs)
        note_waiting(request, user)
        return response

    def login(self, request: HttpRequest, user: User) -> None:
        """A log-in may have waited for a second factor or a code: what happened to the account meanwhile ends it."""
        waited_from = take_waiting(request, user)
        # the person, too: an account whose address is confirmed just now may have joined somebody known
        user.refresh_from_db(fields=["frozen_at", "session_epoch", "is_active", "subject"])
        if user.is_frozen or not user.is_active or user.session_epoch != waited_from:
            clear_login(request)
            self._refuse(request, is_frozen=user.is_frozen)
        super().login(request, user)
        request.session[STARTED_KEY] = request.session[SEEN_KEY] = clock.now().timestamp()
        stepup.note_login(request, user)
        note_security_event(user, kind=SecurityEventKind.LOGGED_IN, client=Client.of(request))

    def _refuse(self, request: HttpRequest, *, is_frozen: bool) -> NoReturn:
        if is_frozen:
            raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_frozen")))
        messages.warning(request, _("This account was changed while you signed in. Sign in again."))
        raise ImmediateHttpResponse(HttpResponseRedirect(reverse("account_login")))

    def logout(self, request: HttpRequest) -> None:
        if request.user.is_authenticated:
            note_security_event(request.user, kind=SecurityEventKind.LOGGED_OUT, client=Client.of(request))
        super().logout(request)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Show a failed log-in in the history of the account it was aimed at, where there is one."""
        login = str(credentials.get("email") or credentials.get("username") or "").lower()
        user = (
            User.objects.filter(username=login).first()
            or User.objects.filter(emailaddress__email=login, emailaddress__verified=True).first()
        )
        if user is not None:
            note_security_event(user, kind=SecurityEventKind.LOGIN_FAILED, client=Client.of(request))

    def set_password(self, user: User, password: str) -> None:
        change_password(
            user,
            password=password,
            tell=primary_address(user),
            client=Client.of(self.request),
            actor=Actor.for_user(user),
        )

    def generate_email_verification_code(self) -> str:
        """What allauth keeps in the session as "the code" is only a reference; the code itself exists in the mail alone."""
        reference = new_token()
        context.request.email_code_reference = reference
        return reference

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        self._limited(
            send_verification_code,
            emailconfirmation.key,
            address=emailconfirmation.email,
            user=emailconfirmation.user,
        )

    def send_account_already_exists_mail(self, email: str) -> None:
        self._limited(tell_already_registered, context.request.email_code_reference, address=email)

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Warnings go out with the verbs that change a credential (accounts.domain.credentials), in the same transaction."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        raise RuntimeError(f"no mail kind for {template_prefix}")

    def _limited(self, verb: Any, first: Any, **keywords: Any) -> None:
        try:
            self._mail(verb, first, **keywords)
        except TooManyCodes:
            raise ImmediateHttpResponse(respond_429(context.request)) from None

    def _mail(self, verb: Any, first: Any, **keywords: Any) -> None:
        request = context.request
        verb(
            first,
            **keywords,
            client_address=client_network(request),
            language=get_language() or "",
            actor=Actor.for_user(request.user),
        )
