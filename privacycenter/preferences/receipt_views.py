"""Checking a receipt: a public page that knows an event by its hash and says what it was, but not whose."""

from __future__ import annotations

import hashlib
import json
import re

from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_safe

from privacycenter.datamap.queries import purpose_at
from privacycenter.preferences.enums import Channel, EventKind
from privacycenter.preferences.models import ConsentEvent, Service, Topic
from privacycenter.preferences.receipt_words import method_words, purpose_words
from privacycenter.preferences.receipts import STATUS, canonical, kept_receipt

LARGEST = 64 * 1024  # bytes; a receipt has about one thousand
_HASH = re.compile(r"[0-9a-f]{64}")


class ReceiptForm(forms.Form):
    """A receipt as a file or as text, or its hash."""

    receipt = forms.CharField(
        label=_("Receipt or its hash"),
        help_text=_("Paste the whole receipt, or the 64 characters of its hash."),
        required=False,
        max_length=LARGEST,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )
    file = forms.FileField(label=_("Or the file"), required=False)

    def clean(self) -> None:
        super().clean()
        file, text = self.cleaned_data.get("file"), self.cleaned_data.get("receipt", "")
        if self.errors:
            return
        if file is not None and file.size > LARGEST:
            self.add_error("file", _("This file is too large for a receipt."))
            return
        content = file.read() if file is not None else text.encode()
        if not content.strip():
            self.add_error("receipt", _("Paste a receipt or its hash, or choose a file."))
            return
        self.cleaned_data["sha256"] = hash_in(content)


def hash_in(content: bytes) -> str:
    """The hash that pasted text or a file stands for: itself, or that of the receipt, however it was laid out."""
    said = content.strip().decode(errors="replace").lower()
    if _HASH.fullmatch(said):
        return said
    try:
        parsed = json.loads(content)
        if isinstance(parsed, dict):
            return hashlib.sha256(canonical(parsed)).hexdigest()
    except (ValueError, RecursionError):  # no JSON, bytes that are no UTF-8, or surrogates that can't be written as such
        pass
    return hashlib.sha256(content).hexdigest()


@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """A form for a receipt; what was typed is turned into its hash and not kept."""
    form = ReceiptForm(request.POST, request.FILES) if request.method == "POST" else ReceiptForm()
    if form.is_valid():
        return HttpResponseRedirect(reverse("preferences:receipt", args=[form.cleaned_data["sha256"]]))
    return render(request, "preferences/receipts.html", {"form": form})


@require_safe
def receipt(request: HttpRequest, sha256: str) -> HttpResponse:
    """Whether an event with this hash is in the ledger, and what it was. Nothing on the page is about a person."""
    digest = sha256.lower()
    event = ConsentEvent.objects.select_related("text").filter(receipt_sha256=digest).first() if _HASH.fullmatch(digest) else None
    if event is None:
        return render(request, "preferences/receipt_unknown.html", {"form": ReceiptForm()}, status=404)
    context = {
        "event": event,
        "purpose": purpose_at(event.purpose, event.at),
        "purpose_words": purpose_words(event.purpose),
        "how": method_words(event.method),
        "topic": _title(Topic, event.topic),
        "service": _title(Service, event.service),
        "channel": Channel(event.channel).label if event.channel in Channel.values else "",
        "status": STATUS[EventKind(event.kind)],
        "is_intact": kept_receipt(event) is not None,
    }
    return render(request, "preferences/receipt.html", context)


def _title(model: type[Topic] | type[Service], key: str) -> str:
    """The title of what a key names; the key itself where it is gone, nothing where there is none."""
    return (model._default_manager.filter(key=key).values_list("title", flat=True).first() or key) if key else ""
