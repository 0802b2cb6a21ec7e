"""What people and staff type about receivers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from privacycenter.kernel.cards import refuse_card_number
from requests_app.forms import refuse_hidden_characters
from requests_app.models import Receiver
from requests_app.rights.registry import Asked
from requests_app.transfer.addresses import LENGTH, tidy_address
from requests_app.transfer.choosing import NEW
from requests_app.transfer.enums import ReceiverState
from requests_app.transfer.errors import NotAReceiver, ReceiverTurnedDown
from requests_app.transfer.receivers import NAME, REASON

_ADDRESS = forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false", "autocomplete": "off"})
_PLAIN = [refuse_hidden_characters, refuse_card_number]


class AddressField(forms.CharField):
    """The https address at which a receiver takes data, in the form in which it is kept."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=LENGTH, widget=_ADDRESS, **kwargs)

    def clean(self, value: Any) -> str:
        typed = str(super().clean(value))
        if not typed:
            return ""
        try:
            return tidy_address(typed)
        except NotAReceiver as error:
            raise forms.ValidationError(str(error), code=error.code) from error


class ReceiverForm(forms.Form):
    """Who is to take the copy over: nobody, one that staff have approved, or a new one."""

    receiver = forms.ChoiceField(
        label=_("Shall we send it straight to another service?"),
        help_text=_("Your own data only. Nothing is sent before you have seen what goes."),
        required=False,
        widget=forms.RadioSelect,
    )
    name = forms.CharField(
        label=_("Name of the other service"), help_text=_("Needed if you chose yes."), max_length=NAME, required=False, validators=_PLAIN
    )
    url = AddressField(
        label=_("Address at which it takes data over"),
        help_text=_("The other service tells you. Needed if you chose yes. It begins with https://. A colleague of ours checks it first."),
        required=False,
    )

    def __init__(self, *args: Any, subject: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        approved = Receiver.objects.filter(state=ReceiverState.APPROVED).order_by("name", "pk")
        self.fields["receiver"].choices = [  # type: ignore[attr-defined]
            ("", _("No, I download it myself")),
            *((each.public_id, f"{each.name} ({each.host})") for each in approved),
            (NEW, _("Yes, to another one, which I name below")),
        ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("receiver") != NEW:
            return given
        for name, words in (("name", _("Name the other service.")), ("url", _("Type its address."))):
            if name not in self.errors and not given.get(name):
                self.add_error(name, forms.ValidationError(words, code="required"))
        known = Receiver.objects.filter(url=given.get("url") or "-").first()
        if known is not None and known.state not in {ReceiverState.PROPOSED, ReceiverState.APPROVED}:
            self.add_error("url", forms.ValidationError(str(ReceiverTurnedDown(known.reason)), code=ReceiverTurnedDown.code))
        return given

    def asked(self) -> Asked:
        """The choice as a request keeps it: a new receiver is free words, and so is kept encrypted."""
        given = self.cleaned_data
        if given.get("receiver") == NEW:
            return Asked(words=f"{given['name']}\n{given['url']}", choices={"receiver": NEW})
        return Asked(choices={"receiver": given["receiver"]} if given.get("receiver") else {})


class AddReceiverForm(forms.Form):
    """A receiver that staff know of themselves."""

    name = forms.CharField(label=_("Who it is"), max_length=NAME, validators=_PLAIN)
    url = AddressField(label=_("Address at which it takes data over"))


class ApproveForm(forms.Form):
    """The name under which everybody will choose it, and the state in which staff saw it when they decided."""

    seen = forms.ChoiceField(choices=ReceiverState, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Name that everybody sees"), max_length=NAME, validators=_PLAIN)


class RefuseForm(forms.Form):
    """Why nothing is sent there, for those who chose it."""

    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("Everybody who names this receiver reads it. Name no people."),
        max_length=REASON,
        validators=_PLAIN,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
