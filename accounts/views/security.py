"""Proving yourself again, stopping a thief, and where you are signed in."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import ConfirmEmailVerificationCodeView, PasswordResetFromKeyView
from allauth.socialaccount.adapter import get_adapter as get_provider_adapter
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.usersessions.internal.flows.sessions import end_sessions
from allauth.usersessions.models import UserSession
from allauth.usersessions.views import ListUserSessionsView
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import stepup
from accounts.client import Client
from accounts.domain import answer_question, freeze_by_link, note_unconfirmed_code, question_of_link, send_step_up_code
from accounts.domain.events import note_security_event
from accounts.enums import SecurityEventKind
from accounts.errors import LinkNotValid, TooManyCodes, TooManyTries
from accounts.forms.codes import StepUpCodeForm
from accounts.forms.profile import AnswerForm
from accounts.models import CredentialChange
from accounts.queries import primary_address
from accounts.sessions import account_of
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.middleware import client_network
from privacycenter.kernel.tokens import digest, new_token

REFERENCE_KEY = "step_up_code"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step_up(request: HttpRequest) -> HttpResponse:
    """Send the person to what their account proves itself with; for accounts with neither password nor factor, do it here."""
    methods = _methods(request)
    if methods:
        return HttpResponseRedirect(f"{methods[0]['url']}?{urlencode({'next': _next(request)})}")
    reference = request.session.get(REFERENCE_KEY, "")
    form = StepUpCodeForm(request.POST if "code" in request.POST else None, user=account_of(request), reference=reference)
    if request.method == "POST":
        if "send" in request.POST:
            return _send_code(request)
        if "provider" in request.POST:
            return _to_provider(request, request.POST["provider"])
        if form.is_valid():
            request.session.pop(REFERENCE_KEY, None)
            stepup.mark_fresh(request)
            note_security_event(account_of(request), kind=SecurityEventKind.CONFIRMED_AGAIN, client=Client.of(request))
            return stepup.come_back(request)
    context = {"form": form, "is_sent": bool(reference), "next": _next(request), "providers": _usable_providers(request)}
    return render(request, "accounts/step_up.html", context)


def _methods(request: HttpRequest) -> list[dict[str, Any]]:
    return get_adapter(request).get_reauthentication_methods(account_of(request))  # type: ignore[no-any-return]


def _next(request: HttpRequest) -> str:
    return get_next_redirect_url(request) or reverse("account_profile")


def _send_code(request: HttpRequest) -> HttpResponse:
    reference, address = new_token(), primary_address(account_of(request))
    if address:
        try:
            send_step_up_code(
                reference,
                address=address,
                user=account_of(request),
                client_address=client_network(request),
                language=get_language() or "",
                actor=Actor.for_user(request.user),
            )
        except TooManyCodes as error:
            messages.error(request, str(error))
        else:
            request.session[REFERENCE_KEY] = reference
    return stepup.ask(request, next_url=_next(request))


def _usable_providers(request: HttpRequest) -> list[Any]:
    """Linked providers that can be asked for a fresh log-in: OpenID Connect has max_age and auth_time."""
    linked = set(SocialAccount.objects.filter(user=account_of(request)).values_list("provider", flat=True))
    offered = get_provider_adapter().list_providers(request) if linked else []
    return [provider for provider in offered if provider.id == "openid_connect" and provider.app.provider_id in linked]


def _to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    for provider in _usable_providers(request):
        if provider.app.provider_id == provider_id:
            response: HttpResponse = provider.redirect(
                request,
                AuthProcess.REDIRECT,
                next_url=_next(request),
                data={"step_up_started": int(clock.now().timestamp())},
                auth_params={"prompt": "login", "max_age": "0"},
            )
            return response
    return stepup.ask(request, next_url=_next(request))


@require_http_methods(["GET", "HEAD", "POST"])
def freeze(request: HttpRequest, token: str) -> HttpResponse:
    """The link in a warning: GET shows what freezing does, POST freezes."""
    usable = CredentialChange.objects.filter(token_digest=digest(token), used_at=None, expires_at__gt=clock.now())
    if request.method == "POST":
        try:
            freeze_by_link(token, client=Client.of(request), actor=Actor.for_user(request.user))
        except LinkNotValid as error:
            return render(request, "accounts/freeze.html", {"problem": str(error)}, status=410)
        return redirect("account_frozen")
    change = usable.first()
    if change is None:
        return render(request, "accounts/freeze.html", {"problem": str(LinkNotValid())}, status=410)
    return render(request, "accounts/freeze.html", {"change": change})


@require_GET
def frozen(request: HttpRequest) -> HttpResponse:
    """What a frozen account means, and how it is opened again."""
    return render(request, "accounts/frozen.html", {"contact": settings.OPERATOR_CONTACT})


class SessionsView(ListUserSessionsView):  # type: ignore[misc]
    """allauth ends all other sessions at once; here a single one can be ended too."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        chosen = request.POST.get("session", "")
        if not chosen.isdecimal():
            response: HttpResponse = super().post(request, *args, **kwargs)
            return response
        sessions = list(UserSession.objects.filter(user=account_of(request), pk=chosen))
        end_sessions(request, sessions)
        messages.success(request, _("That session was ended."))
        return redirect("usersessions_list")


class ConfirmCodeView(ConfirmEmailVerificationCodeView):  # type: ignore[misc]
    """A request for another code counts the same whether or not a mail goes out, so that limits give nothing away."""

    def _resend_form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super()._resend_form_valid(form)
        if self._process.user is None:
            note_unconfirmed_code(
                self._process.key,
                address=self._process.email,
                client_address=client_network(self.request),
                actor=Actor.for_user(self.request.user),
            )
        return response


class ResetPasswordView(PasswordResetFromKeyView):  # type: ignore[misc]
    """Before a new password, the security question of an account that has set one."""

    reset_user: Any

    @property
    def _question(self) -> Any:
        return question_of_link(self.reset_user, key=self.key)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._hurdle(request) or super().get(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._hurdle(request) or super().post(request, *args, **kwargs)

    def _hurdle(self, request: HttpRequest) -> HttpResponse | None:
        """The page with the question, or None when the link is past it."""
        try:
            question = self._question
            if question is None:
                return None
            form = AnswerForm(request.POST if "answer" in request.POST else None, question=question)
            if form.is_bound and form.is_valid():
                if self._is_right(form.cleaned_data["answer"]):
                    return redirect(request.path)
                form.add_error("answer", _("This is not the answer that was set."))
        except (LinkNotValid, TooManyTries) as error:
            return render(request, "accounts/reset_blocked.html", {"problem": str(error)}, status=403)
        return render(request, "accounts/reset_question.html", {"form": form})

    def _is_right(self, answer: str) -> bool:
        return answer_question(
            self.reset_user, key=self.key, answer=answer, client=Client.of(self.request), actor=Actor.for_user(self.request.user)
        )
