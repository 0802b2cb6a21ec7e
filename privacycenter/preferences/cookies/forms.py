"""What comes in from the banner, the page and the placeholders."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core import signing
from django.http import QueryDict

from privacycenter.preferences.cookies.pages import safe_path
from privacycenter.preferences.cookies.register import Register, ServiceFacts
from privacycenter.preferences.validators import origin_of

ACCEPT, REFUSE, SAVE = "accept_all", "refuse_all", "save"
ONCE, ALWAYS = "once", "always"
_SALT = "cookies.widget"


class ChoiceForm(forms.Form):
    """A choice about all services, a category, or those that are ticked. Services that don't exist are ignored."""

    choice = forms.CharField(max_length=60)
    seen = forms.CharField(max_length=64, required=False)
    next = forms.CharField(required=False, strip=False)
    origin = forms.ChoiceField(choices=[("page", "page"), ("banner", "banner")], required=False)

    def __init__(self, data: QueryDict, *, register: Register) -> None:
        super().__init__(data)
        self.register = register
        self.ticked = set(data.getlist("service"))

    def clean_next(self) -> str:
        return safe_path(self.cleaned_data["next"])

    def clean_choice(self) -> str:
        choice: str = self.cleaned_data["choice"]
        verb, _separator, category = choice.partition(":")
        known = {category.key for category in self.register.categories}
        if choice not in {ACCEPT, REFUSE, SAVE} and (verb not in {"allow", "refuse"} or category not in known):
            raise forms.ValidationError("unknown", code="unknown")
        return choice

    def decisions(self) -> dict[str, bool]:
        """Yes or no for each service that needs consent."""
        verb, _separator, category = self.cleaned_data["choice"].partition(":")
        if verb in {ACCEPT, REFUSE}:
            return {service.key: verb == ACCEPT for service in self.register.asked}
        return {
            service.key: verb == "allow" if category and service.category == category else service.key in self.ticked
            for service in self.register.asked
        }


class WidgetForm(forms.Form):
    """Somebody wants to see what is embedded. What it is was signed when the page was made, so that nobody can put in an address."""

    widget = forms.CharField(max_length=3_000)
    when = forms.ChoiceField(choices=[(ONCE, ONCE), (ALWAYS, ALWAYS)])
    next = forms.CharField(required=False, strip=False)

    def __init__(self, data: Any, *, register: Register) -> None:
        super().__init__(data)
        self.register = register

    def clean_next(self) -> str:
        return safe_path(self.cleaned_data["next"])

    def clean_widget(self) -> dict[str, Any]:
        try:
            key, url, title, link, print_ = signing.loads(self.cleaned_data["widget"], salt=_SALT)
        except (signing.BadSignature, ValueError) as error:
            raise forms.ValidationError("forged", code="forged") from error
        service = self.register.service(key)
        if service is None or origin_of(url) not in service.origins:
            raise forms.ValidationError("gone", code="gone")
        return {"service": service, "url": url, "title": title, "link": link, "print": print_}


def sign_widget(service: ServiceFacts, *, url: str, title: str, link: str) -> str:
    """What a placeholder sends when its button is pressed."""
    return signing.dumps([service.key, url, title, link, str(service.print)], salt=_SALT)
