"""What every page knows: whose privacy center it is, and where one can go."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Link:
    """One entry of a menu. `current` is the value of aria-current: "page" here, "true" further down its section, else empty."""

    label: str | Promise
    href: str
    current: str = ""


# Five words at most; a room that brings a page adds its line here, or to the pages behind one of these.
CHOICES = "preferences:preferences"
NAVIGATION = (
    (_("Overview"), "portal:dashboard"),
    (_("Your data"), "portal:data"),
    (_("Your choices"), CHOICES),
    (_("Requests"), "requests:list"),
)
# The pages behind "Your choices", listed beside each of them.
CHOICE_LINKS = (
    (_("Messages"), CHOICES),
    (_("Cookies"), "preferences:cookies"),
    (_("Who gets your data"), "portal:sharing"),
    (_("History and receipts"), "portal:consents"),
)
CONNECTIONS = "socialaccount_connections"  # where no provider is set up, there is nothing to connect
ACCOUNT_LINKS = (
    (_("Profile"), "account_profile"),
    (_("E-mail addresses"), "account_email"),
    (_("Password"), "account_change_password"),
    (_("Second step at sign-in"), "mfa_index"),
    (_("Where you are signed in"), "usersessions_list"),
    (_("Sign-in with other accounts"), CONNECTIONS),
    (_("Security questions"), "account_security_questions"),
)


class Center:
    """Built once per request; menus are worked out only where a page shows them."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.name = settings.OPERATOR_NAME
        self.contact = settings.OPERATOR_CONTACT
        self.is_demo = settings.DEMO

    @cached_property
    def navigation(self) -> list[Link]:
        """The main menu of a signed-in person; signed out, the home page itself is the menu."""
        user = getattr(self._request, "user", None)
        links = self._links(NAVIGATION) if user is not None and user.is_authenticated else []
        if any(link.current for link in self.choice_links):
            links = [replace(link, current=link.current or "true") if link.href == reverse(CHOICES) else link for link in links]
        return links

    @cached_property
    def account_links(self) -> list[Link]:
        """What belongs to the account, on every account page and in the account menu."""
        return self._links(tuple(entry for entry in ACCOUNT_LINKS if settings.SOCIALACCOUNT_PROVIDERS or entry[1] != CONNECTIONS))

    @cached_property
    def choice_links(self) -> list[Link]:
        """What belongs to a person's choices, on each page about them."""
        return self._links(CHOICE_LINKS)

    def _links(self, entries: tuple[tuple[str | Promise, str], ...]) -> list[Link]:
        return [Link(label, href, self._current(href)) for label, href in ((label, reverse(name)) for label, name in entries)]

    def _current(self, href: str) -> str:
        path = self._request.path
        if path == href:
            return "page"
        return "true" if path.startswith(href) and href != reverse("portal:dashboard") else ""


def site(request: HttpRequest) -> dict[str, Center]:
    """Context processor: `center` in every template. Not "site": some pages of allauth bring a variable of that name."""
    return {"center": Center(request)}
