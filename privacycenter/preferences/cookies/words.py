"""The exact words by which people are asked: shown on the banner and the page, and kept with each choice as its text."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from privacycenter.preferences import texts
from privacycenter.preferences.cookies.choice import CookieChoice, ServiceState
from privacycenter.preferences.cookies.register import Register, ServiceFacts
from privacycenter.preferences.texts import ShownText

BANNER, PAGE, WIDGET = "cookies.banner", "cookies.page", "cookies.widget"


def asked_services(choice: CookieChoice) -> list[ServiceFacts]:
    """The services that a banner asks about: those that a signal or the account has not settled."""
    return [state.service for state in choice.states.values() if state.because is None]


def news_of(choice: CookieChoice) -> list[str]:
    """What is new since the person chose, a line for each service."""
    parts = {"purpose": _("what it is for"), "recipients": _("who gets data"), "storage": _("what it stores, or for how long")}
    lines = []
    for state in choice.open:
        if state.is_new:
            lines.append(_("New: %(service)s") % {"service": state.service.title})
        elif state.changed:
            changed = ", ".join(parts[name] for name in state.changed)
            lines.append(_("%(service)s: changed is %(parts)s") % {"service": state.service.title, "parts": changed})
    return lines


def text_of_banner(choice: CookieChoice) -> ShownText:
    """The text of a choice on the banner."""
    banner = choice.register.banner
    services = ", ".join(service.title for service in asked_services(choice))
    buttons = (banner.reject_label, banner.accept_label, banner.choose_label)
    return _shown(BANNER, [banner.title, f"{banner.text} {services}.", *news_of(choice), *(f"[{label}]" for label in buttons)])


def text_of_page(register: Register) -> ShownText:
    """The text of a choice on the page: every service with everything that is said about it."""
    lines = []
    for category in register.categories:
        lines.append(f"# {category.title}")
        for service in category.services:
            lines += [f"## {service.title}", *_lines_of(service)]
    return _shown(PAGE, lines)


def text_of_widget(service: ServiceFacts) -> ShownText:
    """The text of a choice at the place where something embedded would be."""
    return _shown(f"{WIDGET}.{service.key}", [service.title, *_lines_of(service)])


def lifetime(count: int, unit: str) -> str:
    """A lifetime in words, without its number being lost in plural forms."""
    names = {"day": _("%(count)s days"), "hour": _("%(count)s hours"), "minute": _("%(count)s minutes"), "second": _("%(count)s seconds")}
    single = {"day": _("1 day"), "hour": _("1 hour"), "minute": _("1 minute"), "second": _("1 second")}
    if not unit:
        return ""
    return single[unit] if count == 1 else names[unit] % {"count": count}


def _lines_of(service: ServiceFacts) -> Iterable[str]:
    yield service.description
    yield _("Provider: %(name)s") % {"name": service.provider}
    yield _("Purpose: %(title)s") % {"title": service.purpose_title}
    if service.recipients:
        yield _("Who gets data: %(names)s") % {"names": ", ".join(service.recipients)}
    if service.origins:
        yield _("Loaded from: %(origins)s") % {"origins": ", ".join(service.origins)}
    for item in service.items:
        kept = lifetime(*item.lifetime) or _("until the browser is closed or it is removed")
        yield f"- {item.name} ({item.kind_label}, {kept}): {item.purpose}"


def _shown(key: str, lines: Iterable[str]) -> ShownText:
    return texts.shown(key, "\n".join(lines), language=get_language() or "en")


def reasons(state: ServiceState) -> str:
    """Why something is off that this browser did not switch off."""
    words = {
        "account": _("Off, because you refused it in your account."),
        "signal": _("Off, because your browser sends Global Privacy Control."),
        "account_signal": _("Off, because another browser of yours sends Global Privacy Control, which is noted in your account."),
    }
    return words[state.because] if state.because else ""
