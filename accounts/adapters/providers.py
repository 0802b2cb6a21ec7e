"""Log-in providers: tied by issuer and subject, nothing kept in the link but the tie."""

from __future__ import annotations

import functools
from typing import Any
from urllib.parse import urlsplit

import requests
from allauth.account.adapter import get_adapter as get_account_adapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, _build_apps_from_settings
from allauth.socialaccount.models import SocialApp, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts import stepup
from accounts.adapters.claims import ProviderAnswer, answer_from, seal_received, unseal_received
from accounts.client import Client
from accounts.domain import issuer_of, keep_received, register_account
from accounts.models import User
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.outbound import require_allowed


class ProviderAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """allauth ties accounts by provider id and subject, and stores every claim; here the issuer counts, and claims go elsewhere."""

    def list_apps(self, request: HttpRequest, provider: Any = None, client_id: Any = None) -> list[SocialApp]:
        """Providers come from the settings only: no query per page, and no second place where a secret lies in the clear."""
        found = _build_apps_from_settings(provider=provider, client_id=client_id)
        return [app for apps in found.values() for app in apps]

    def get_requests_session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.request = functools.partial(_guarded, session.request)  # type: ignore[method-assign]
        return session

    def new_user(self, request: HttpRequest, sociallogin: SocialLogin) -> User:
        """First moment at which the provider's answer is at hand: take it out of what allauth would store."""
        try:
            answer = answer_from(sociallogin.account.provider, sociallogin.account.uid, sociallogin.account.extra_data)
        except ValueError as error:
            raise OAuth2Error(str(error)) from None
        context.request.provider_answer = answer
        sociallogin.account.extra_data = {}
        user: User = super().new_user(request, sociallogin)
        return user

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> Any:
        """Nothing goes into the profile unasked: the person chooses on the registration page."""
        return sociallogin.user

    def is_email_verified(self, provider: Any, email: str) -> bool:
        return False  # our own code decides, whatever a provider says

    def can_authenticate_by_email(self, login: SocialLogin, email: str) -> bool:
        return False  # never by e-mail

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        answer: ProviderAnswer = context.request.provider_answer
        sociallogin.email_addresses = []
        sociallogin.token = None  # allauth would write it into the session, where a log-in or registration waits
        if sociallogin.is_existing:
            tied_to = issuer_of(provider=sociallogin.account.provider, uid=sociallogin.account.uid)
            if tied_to != answer.received.issuer:
                raise ImmediateHttpResponse(self._refused(request, _("This provider is not the one your account is linked with.")))
        process = sociallogin.state.get("process")
        if process == AuthProcess.REDIRECT:
            raise ImmediateHttpResponse(stepup.finish_at_provider(request, sociallogin, answer.authenticated_at))
        if process == AuthProcess.CONNECT:
            if not stepup.is_fresh(request):
                messages.info(request, _("Confirm that it is you, then link the provider again."))
                raise ImmediateHttpResponse(stepup.ask(request, next_url=reverse("socialaccount_connections")))
        elif not sociallogin.is_existing:
            sociallogin.state["received"] = seal_received(answer.received)

    def serialize_instance(self, instance: Any) -> dict[str, Any]:
        """Into the session, where a log-in waits for its second factor, goes which account it is and nothing of what it holds."""
        if isinstance(instance, User) and instance.pk:
            return {"id": instance.pk}
        fields: dict[str, Any] = super().serialize_instance(instance)
        return fields

    def get_signup_form_initial_data(self, sociallogin: SocialLogin) -> dict[str, Any]:
        return {}

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        received = unseal_received(sociallogin.state.pop("received"))
        data = form.cleaned_data
        actor, client = Actor.for_user(request.user), Client.of(request)
        user: User = sociallogin.user
        with transaction.atomic():
            register_account(
                user,
                username=data["username"],
                email=data["email"],
                password=None,
                full_name=data["full_name"],
                phone=data["phone"],
                company=data["company"],
                country=data["country"],
                language=get_language() or "",
                way=received.provider,
                client=client,
                actor=actor,
            )
            sociallogin.account.user = user
            sociallogin.account.extra_data = {}
            sociallogin.account.save()
            keep_received(user, received=received, taken_over=form.taken_over(), actor=actor)
        return user

    def _refused(self, request: HttpRequest, reason: str) -> Any:
        get_account_adapter().add_message(request, messages.ERROR, message=reason)
        return render(request, "socialaccount/authentication_error.html", status=401)


def _guarded(send: Any, method: str, url: str, **keywords: Any) -> Any:
    """Talk to configured providers and hosts in OUTBOUND_ALLOW only; no redirects, five seconds."""
    address = urlsplit(url)
    host = address.hostname or ""
    port = address.port or (443 if address.scheme == "https" else 80)
    if not {host, f"{host}:{port}", address.netloc} & set(settings.LOGIN_PROVIDERS.hosts):
        require_allowed(host, port)
    return send(method, url, **{"timeout": 5, "allow_redirects": False, **keywords})
