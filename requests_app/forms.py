"""What people and staff type."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _

from accounts.forms.base import country_field
from accounts.models import User
from privacycenter.kernel.cards import mask_card_numbers, refuse_card_number
from privacycenter.kernel.errors import PrivacyCenterError
from privacycenter.kernel.normalise import MAX_LENGTH, IdentifierKind
from privacycenter.kernel.text import visible
from privacycenter.subjects.enums import IDENTIFIER_CHOICES, AllowedUse
from requests_app.attachments import MAX_BYTES, MAX_FILES, check_file
from requests_app.enums import LookReason
from requests_app.errors import FileNotUsable, TooManyFiles
from requests_app.models import AnswerTemplate
from requests_app.references import tidy_reference
from requests_app.roles import people_who_may_work
from requests_app.wording import PLACEHOLDERS, check_placeholders

WORDS = 500


class AddressForm(forms.Form):
    """The address somebody says is theirs. Checked for its form only: whose it is must not show."""

    address = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("The address we know you by. We send a code to it."),
        max_length=254,
        validators=[refuse_card_number],
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Code from the mail"),
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class ReferenceForm(forms.Form):
    reference = forms.CharField(label=_("Reference"), help_text=_("It stands in our mail, like PR-7K3M-Q9XA."), max_length=64)

    def clean_reference(self) -> str:
        reference = tidy_reference(self.cleaned_data["reference"])
        if not reference:
            raise forms.ValidationError(_("A reference looks like PR-7K3M-Q9XA."), code="reference")
        return reference


def refuse_hidden_characters(value: str) -> None:
    """Refuse what acts on the text around it, like a turned writing direction. Lines and tabs are fine."""
    lines = value.replace("\r\n", "\n")
    if visible(lines) != lines:
        raise forms.ValidationError(
            _("Use ordinary letters and signs only; there is a hidden character in this text."), code="hidden_character"
        )


class WordsForm(forms.Form):
    """A few sentences of one's own."""

    words = forms.CharField(
        label=_("In your words"), validators=[refuse_hidden_characters, refuse_card_number], widget=forms.Textarea(attrs={"rows": 5})
    )

    def __init__(self, *args: Any, label: Any = "", help_text: Any = "", max_length: int = 2000, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["words"]
        field.label, field.help_text = label or field.label, help_text
        field.widget.attrs["maxlength"] = max_length
        field.validators.append(MaxLengthValidator(max_length))


class SureForm(forms.Form):
    """One deliberate tick before something that can't be taken back."""

    sure = forms.BooleanField()

    def __init__(self, *args: Any, label: Any = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["sure"].label = label


class LookForm(forms.Form):
    """Why personal data is opened. Asked before any of it is shown (D-07)."""

    reason = forms.ChoiceField(label=_("Reason"), choices=LookReason.choices, widget=forms.RadioSelect)
    note = forms.CharField(
        label=_("What exactly do you need to see?"),
        help_text=_("The person sees that you looked and the reason you chose above. What you write here stays in our trail."),
        max_length=WORDS,
        validators=[refuse_card_number],
    )
    use = forms.ChoiceField(
        label=_("What does the law allow you to use it for?"),
        help_text=_("The use of this person's data is restricted. The person sees what you choose here."),
        choices=AllowedUse.choices,
        widget=forms.RadioSelect,
    )

    def __init__(self, *args: Any, restricted: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not restricted:
            del self.fields["use"]


class AssignForm(forms.Form):
    assignee = forms.ModelChoiceField(label=_("Assigned to"), queryset=User.objects.none(), required=False, empty_label=_("nobody"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["assignee"]
        field.queryset = people_who_may_work()  # type: ignore[attr-defined]
        field.label_from_instance = lambda user: user.username  # type: ignore[attr-defined]


class WithholdForm(forms.Form):
    source = forms.ChoiceField(label=_("Source"))
    reason = forms.CharField(
        label=_("Ground"),
        help_text=_("Printed in the bundle. Leave empty to withhold it no longer."),
        max_length=WORDS,
        required=False,
        validators=[refuse_card_number],
    )

    def __init__(self, *args: Any, sources: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = sources  # type: ignore[attr-defined]


class IdentifierForm(forms.Form):
    """Search for requests of the person behind an exact identifier. Posted, so that it stands in no address and no log."""

    kind = forms.ChoiceField(label=_("Kind"), choices=IDENTIFIER_CHOICES, initial=IdentifierKind.EMAIL)
    value = forms.CharField(label=_("Address, number or name"), max_length=MAX_LENGTH, validators=[refuse_card_number])


class ViewForm(forms.Form):
    """A name for the way the queue is cut at present."""

    name = forms.CharField(label=_("Name of this view"), max_length=60, validators=[refuse_hidden_characters, refuse_card_number])
    query = forms.CharField(widget=forms.HiddenInput, required=False)


class StopForm(forms.Form):
    """What is to be stopped, and why."""

    source = forms.ChoiceField(label=_("What to stop"), required=False)
    reason = forms.CharField(label=_("Why"), max_length=WORDS, validators=[refuse_hidden_characters, refuse_card_number])

    def __init__(self, *args: Any, sources: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = sources  # type: ignore[attr-defined]


class HoldForm(forms.Form):
    """What must be kept for a while, on what ground, until when."""

    source = forms.ChoiceField(label=_("What to keep"), required=False)
    ground = forms.CharField(
        label=_("Ground"),
        help_text=_("The person reads it. Name no other people."),
        max_length=200,
        validators=[refuse_hidden_characters, refuse_card_number],
    )
    until = forms.DateField(label=_("Until"), widget=forms.DateInput(attrs={"type": "date"}))
    note = forms.CharField(
        label=_("Note for the desk"), max_length=WORDS, required=False, validators=[refuse_hidden_characters, refuse_card_number]
    )

    def __init__(self, *args: Any, sources: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["source"].choices = sources  # type: ignore[attr-defined]


class CountryForm(forms.Form):
    """Whose authority one looks for. Read from the address, so that the page can be linked to and works without JavaScript."""

    country = country_field()


class HomeForm(forms.Form):
    """Where the person lives. Optional: a law of that country can make the due date earlier, and changes nothing else."""

    country = country_field()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["country"]
        field.required = False
        field.label = _("Country or region where you live")
        field.help_text = _("Only to see whether a law there gives us less time. Your rights are the same everywhere.")


class SeveralFiles(forms.ClearableFileInput):
    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each judged by its content. Cleans to a list of requests_app.attachments.Checked."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> Any:
        given = data if isinstance(data, list | tuple) else [data] if data else []
        if len(given) > MAX_FILES:
            raise forms.ValidationError(TooManyFiles().message, code="too_many_files")
        checked, problems = [], []
        for file in given:
            try:
                if (file.size or 0) > MAX_BYTES:
                    raise FileNotUsable("too_large")
                checked.append(check_file(name=file.name or "", content=file.read()))
            except PrivacyCenterError as error:
                name = visible(str(file.name or ""))[:60]
                words = _("%(name)s: %(problem)s") % {"name": mask_card_numbers(name), "problem": error}
                problems.append(forms.ValidationError(words, code=error.code))
        if problems:
            raise forms.ValidationError(problems)
        return checked


class MessageForm(forms.Form):
    """A message with files: the words, the files, or both."""

    words = forms.CharField(
        label=_("Your message"),
        max_length=10_000,
        required=False,
        validators=[refuse_hidden_characters, refuse_card_number],
        widget=forms.Textarea(attrs={"rows": 6}),
    )
    attached = FilesField(
        label=_("Files"),
        help_text=_("PDF, pictures or plain text, at most five of 10 MB. Places and devices are removed from pictures."),
        required=False,
    )

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if not self.errors and not (given.get("words") or "").strip() and not given.get("attached"):
            self.add_error("words", forms.ValidationError(_("Write something, or choose a file."), code="required"))
        return given


class TemplateForm(forms.ModelForm):  # type: ignore[type-arg]
    """A template of answers: placeholders that don't exist are refused when it is saved."""

    class Meta:
        model = AnswerTemplate
        fields = ("title", "kind", "language", "body")
        widgets = {"body": forms.Textarea(attrs={"rows": 12, "cols": 72})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        self.fields["body"].help_text = _("These placeholders can be used: %(known)s.") % {"known": known}
        self.fields["language"].widget = forms.Select(choices=settings.LANGUAGES)

    def clean_body(self) -> str:
        text = str(self.cleaned_data["body"])
        check_placeholders(text)
        return text


class RecipientAnswerForm(forms.Form):
    """What a recipient did about data that was corrected, erased or restricted."""

    answer = forms.ChoiceField(
        label=_("Your answer"),
        choices=[("done", _("Done, also by those we gave it to")), ("obstructed", _("We can't do it, or not all of it"))],
        widget=forms.RadioSelect,
    )
    words = forms.CharField(
        label=_("If you can't: what stands in the way?"),
        required=False,
        validators=[refuse_hidden_characters, refuse_card_number, MaxLengthValidator(2000)],
        widget=forms.Textarea(attrs={"rows": 4, "maxlength": 2000}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("answer") == "obstructed" and not cleaned.get("words", "").strip():
            self.add_error("words", _("Say what stands in the way."))
        return cleaned
