"""An address that somebody types: for a link to the preferences, or for a subscription."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.normalise import MAX_LENGTH
from privacycenter.preferences.models import Topic


class AddressField(forms.CharField):
    """Taken as typed; the verb normalises it, so that case, plus-parts and names in other scripts mean the same everywhere."""

    def __init__(self) -> None:
        super().__init__(
            label=_("Your e-mail address"),
            max_length=MAX_LENGTH,
            widget=forms.EmailInput(attrs={"autocomplete": "email", "spellcheck": "false", "autocapitalize": "none"}),
            error_messages={"required": _("Enter your e-mail address.")},
        )


class LinkForm(forms.Form):
    """Where the link goes."""

    address = AddressField()


class SubscribeForm(forms.Form):
    """What to send where. Nothing is ticked beforehand."""

    topics = forms.MultipleChoiceField(
        label=_("Send me by e-mail"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one topic.")},
    )
    address = AddressField()

    def __init__(self, *args: Any, topics: list[Topic], **kwargs: Any) -> None:
        self.offered = topics
        super().__init__(*args, **kwargs)
        self.fields["topics"].choices = [(topic.key, f"{topic.title}: {topic.description}") for topic in topics]  # type: ignore[attr-defined]

    def chosen(self) -> list[Topic]:
        """The topics that were ticked, after validation."""
        return [topic for topic in self.offered if topic.key in self.cleaned_data["topics"]]


class OptOutForm(forms.Form):
    """Topics to stop, on the page behind a mailed link. It says nothing about which are on."""

    topics = forms.MultipleChoiceField(
        label=_("Stop sending me by e-mail"),
        help_text=_("Tick what you no longer want. What you don't tick stays as it is."),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick at least one topic.")},
    )

    def __init__(self, *args: Any, topics: list[Topic], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["topics"].choices = [(topic.key, topic.title) for topic in topics]  # type: ignore[attr-defined]
