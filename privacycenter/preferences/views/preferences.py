"""The preferences of a signed-in person; signed out, how to get at them."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.errors import InvalidIdentifier
from privacycenter.kernel.middleware import client_network
from privacycenter.mail import kinds
from privacycenter.preferences.errors import TooManyAsked, UnfitDelivery
from privacycenter.preferences.forms.addresses import LinkForm, SubscribeForm
from privacycenter.preferences.forms.preferences import PreferencesForm
from privacycenter.preferences.own_choices import OwnChoices, choices_of, save_choices, stop_all
from privacycenter.preferences.queries import active_topics
from privacycenter.preferences.subscribing import CONFIRM_DAYS, ask_for_link, ask_subscription, subscription_text
from privacycenter.preferences.texts import shown

PAGE = "/preferences/"
NOBODY = Actor(ActorKind.ANONYMOUS)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """Everything a signed-in person may choose about messages, with one save. Signed out: sign in, or have a link mailed."""
    if not request.user.is_authenticated:
        return render(request, "preferences/send_link.html", {"form": LinkForm()})
    choices = choices_of(request.user.subject)
    if request.method != "POST":
        return _page(request, choices, PreferencesForm(choices=choices))
    # Staff who look after their own preferences act as the person they are.
    actor = Actor(ActorKind.PERSON, str(request.user.pk))
    if request.POST.get("action") == "all":
        stop_all(choices.subject, page=PAGE, actor=actor)
        messages.success(request, _("You get no more marketing from us, on any channel."))
        return redirect("preferences:preferences")
    form = PreferencesForm(request.POST, choices=choices)
    if form.is_valid():
        try:
            said = save_choices(choices, form.wanted(), page=PAGE, actor=actor)
        except UnfitDelivery as error:
            form.add_error(None, str(error))
        else:
            for sentence in said or [_("Nothing was changed.")]:
                messages.success(request, sentence) if said else messages.info(request, sentence)
            return redirect("preferences:preferences")
    return _page(request, choices, form, status=422)


def _page(request: HttpRequest, choices: OwnChoices, form: PreferencesForm, *, status: int = 200) -> HttpResponse:
    context: dict[str, Any] = {
        "form": form,
        "choices": choices,
        "essential": [(kind.label, kind.why) for kind in kinds.all_kinds().values() if kind.essential],
        "zone": timezone.get_current_timezone_name(),
        "has_signal": getattr(request, "gpc", False),
    }
    return render(request, "preferences/preferences.html", context, status=status)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def send_link(request: HttpRequest) -> HttpResponse:
    """Order a link to the preferences. The answer does not depend on whose address it is."""
    form = LinkForm(request.POST) if request.method == "POST" else LinkForm()
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            try:
                address, client = form.cleaned_data["address"], client_network(request)
                ask_for_link(address, client=client, language=get_language() or "", actor=NOBODY)
                return redirect("preferences:link_sent")
            except InvalidIdentifier as error:
                form.add_error("address", str(error))
            except TooManyAsked as error:
                form.add_error(None, str(error))
                status = 429
    return render(request, "preferences/send_link.html", {"form": form}, status=status)


@require_safe
def link_sent(request: HttpRequest) -> HttpResponse:
    """The same for everybody."""
    return render(request, "preferences/link_sent.html")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """Subscribe an address without an account. Only its owner's confirmation counts, and the answer never depends on whose it is."""
    topics = [topic for topic in active_topics() if "email" in topic.channels]
    form = SubscribeForm(request.POST, topics=topics) if request.method == "POST" else SubscribeForm(topics=topics)
    status = 200
    if form.is_bound:
        status = 422
        if form.is_valid():
            language = get_language() or ""
            try:
                ask_subscription(
                    form.cleaned_data["address"],
                    topics=form.chosen(),
                    text=shown("preferences.subscribe", subscription_text(topics), language=language),
                    client=client_network(request),
                    language=language,
                    page=request.path,
                    actor=NOBODY,
                )
                return redirect("preferences:subscription_sent")
            except InvalidIdentifier as error:
                form.add_error("address", str(error))
            except TooManyAsked as error:
                form.add_error(None, str(error))
                status = 429
    return render(request, "preferences/subscribe.html", {"form": form, "has_topics": bool(topics)}, status=status)


@require_safe
def subscription_sent(request: HttpRequest) -> HttpResponse:
    """The same for everybody."""
    return render(request, "preferences/subscription_sent.html", {"days": CONFIRM_DAYS})
