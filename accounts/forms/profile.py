"""The profile page, security questions, closing."""

from __future__ import annotations

from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.domain.photos import MAX_BYTES
from accounts.domain.profile import Profile
from accounts.domain.questions import tidy_answer
from accounts.enums import SecurityQuestion
from accounts.errors import PhotoNotUsable
from accounts.forms.base import country_field, line_field, phone_field
from accounts.forms.widgets import LongSelect
from accounts.models import User
from accounts.validators import username_validators
from privacycenter.kernel.cards import refuse_card_number


@cache
def zone_choices() -> list[tuple[str, Any]]:
    """Every zone of the system by name; reading them takes a while, so they are read once."""
    return [("", _("Not set")), *((name, name.replace("_", " ")) for name in sorted(available_timezones()) if "/" in name or name == "UTC")]


class ProfileForm(forms.Form):
    """What was asked at registration can be changed but not left out; time zone and language can be empty."""

    full_name = line_field(_("Full name"), missing=_("Enter your full name."), autocomplete="name")
    phone = phone_field()
    company = line_field(_("Company name"), missing=_("Enter the name of your company."), autocomplete="organization")
    country = country_field()
    username = forms.CharField(
        label=_("Username"),
        max_length=64,
        validators=username_validators,
        help_text=_("3 to 64 letters, digits or . + - _"),
        error_messages={"required": _("Enter a username.")},
        widget=forms.TextInput(attrs={"autocomplete": "username"}),
    )
    time_zone = forms.ChoiceField(label=_("Time zone"), choices=zone_choices, required=False, widget=LongSelect)
    language = forms.ChoiceField(label=_("Language"), choices=lambda: [("", _("Not set")), *settings.LANGUAGES], required=False)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        kwargs["initial"] = {
            "full_name": user.full_name,
            "phone": user.phone,
            "company": user.company,
            "country": user.country.code if user.country else "",
            "username": user.username,
            "time_zone": user.subject.time_zone,
            "language": user.subject.language,
        }
        super().__init__(*args, **kwargs)

    def clean_username(self) -> str:
        username: str = self.cleaned_data["username"].lower()
        if username != self.user.username and User.objects.filter(username=username).exists():
            raise forms.ValidationError(_("This username is taken. Choose another one."), code="username_taken")
        return username

    def profile(self) -> Profile:
        data = self.cleaned_data
        return Profile(**{name: str(data[name]) for name in self.fields})


class PhotoForm(forms.Form):
    """A photo: its size is checked here, before anything looks into it."""

    photo = forms.FileField(
        label=_("Photo"),
        help_text=_("JPEG, PNG or WebP, at most 5 MB. Place and device data are removed."),
        widget=forms.FileInput(attrs={"accept": "image/jpeg,image/png,image/webp"}),
        error_messages={"required": _("Choose a picture first.")},
    )

    def clean_photo(self) -> bytes:
        upload = self.cleaned_data["photo"]
        if upload.size > MAX_BYTES:
            raise forms.ValidationError(PhotoNotUsable.message, code=PhotoNotUsable.code)
        content: bytes = upload.read(MAX_BYTES + 1)
        return content


class SecurityQuestionsForm(forms.Form):
    """Up to three questions, each once, each with an answer that is not the question."""

    COUNT = 3

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for number in range(1, self.COUNT + 1):
            self.fields[f"question_{number}"] = forms.ChoiceField(
                label=_("Question %(number)d") % {"number": number},
                choices=[("", _("No question")), *SecurityQuestion.choices],
                required=False,
            )
            self.fields[f"answer_{number}"] = forms.CharField(
                label=_("Answer to question %(number)d") % {"number": number},
                max_length=100,
                required=False,
                validators=[refuse_card_number],
                widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
                help_text=_("Capital letters and spaces do not matter.") if number == 1 else "",
            )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        seen: set[str] = set()
        for number in range(1, self.COUNT + 1):
            question, answer = data.get(f"question_{number}", ""), tidy_answer(data.get(f"answer_{number}") or "")
            if question and question in seen:
                self.add_error(f"question_{number}", _("Choose each question only once."))
            if question and len(answer) < 3:
                self.add_error(f"answer_{number}", _("Give an answer of at least three letters."))
            if answer and not question:
                self.add_error(f"question_{number}", _("Choose the question that this answers."))
            seen.add(question)
        if not self.errors and not seen - {""}:
            raise forms.ValidationError(_("Choose at least one question."), code="required")
        return data

    def answers(self) -> dict[str, str]:
        data = self.cleaned_data
        numbers = range(1, self.COUNT + 1)
        return {data[f"question_{number}"]: data[f"answer_{number}"] for number in numbers if data[f"question_{number}"]}


class AnswerForm(forms.Form):
    """The question before a new password."""

    answer = forms.CharField(
        max_length=100,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Type your answer.")},
    )

    def __init__(self, *args: Any, question: SecurityQuestion, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["answer"].label = question.label
        self.fields["answer"].help_text = _("Capital letters and spaces do not matter.")


class CloseForm(forms.Form):
    """One deliberate tick."""

    sure = forms.BooleanField(
        label=_("Yes, close my account"), error_messages={"required": _("Tick the box if you want to close your account.")}
    )
