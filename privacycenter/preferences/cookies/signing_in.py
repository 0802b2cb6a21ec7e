"""Signing in on a browser that chose otherwise than the account: the stricter holds, and the person is told. Signing out: it stays so."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.signals import user_logged_out
from django.dispatch import receiver
from django.http import HttpRequest
from django.utils.translation import gettext as _

from privacycenter.preferences.cookies import register as registers
from privacycenter.preferences.cookies.choice import account_events, merge
from privacycenter.preferences.cookies.consent_cookie import read
from privacycenter.preferences.cookies.holding import refresh_choice


def tell_what_is_stricter(sender: Any, request: HttpRequest | None, user: Any, **kwargs: Any) -> None:
    """Receiver of `user_logged_in`."""
    register = registers.current()
    subject = getattr(user, "subject", None)
    if request is None or subject is None or not register.asked:
        return
    cookie = read(request.COOKIES.get(settings.CONSENT_COOKIE_NAME))
    on_device = merge(register, cookie, {}, gpc=False)
    together = merge(register, cookie, account_events(subject, register), gpc=False)
    off = [state.service.title for key, state in together.states.items() if on_device.states[key].is_on and not state.is_on]
    if off:
        words = _("In your account you refused: %(services)s. So that is off in this browser now, too. You can change it under Cookies.")
        messages.info(request, words % {"services": ", ".join(off)})


@receiver(user_logged_out, dispatch_uid="preferences.cookies")
def keep_what_is_stricter(sender: Any, request: HttpRequest | None, **kwargs: Any) -> None:
    """Work out while the account is still known what the browser has to remember of it."""
    if request is not None:
        refresh_choice(request)
