"""The components every page is made of. Each tag declares its properties; an unknown one is a TemplateSyntaxError.

They are builtins (settings.TEMPLATES): no template loads them. What each looks like and takes: docs/components.md.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

from django import template
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.paginator import Page
from django.forms import BoundField, CheckboxInput, Field, Form, Select, SelectMultiple
from django.template.defaultfilters import filesizeformat
from django.template.exceptions import TemplateDoesNotExist
from django.template.loader import get_template, render_to_string
from django.utils import formats, timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from privacycenter.datamap.errors import UnknownNotice
from privacycenter.datamap.notices import notice_for
from privacycenter.portal.devices import device_of

register = template.Library()

NOTICE_ICONS = {"info": "info", "success": "circle-check", "warning": "triangle-alert", "error": "octagon-alert"}
BADGE_ICONS = {
    "neutral": "circle",
    "progress": "circle-dot",
    "waiting": "clock",
    "success": "circle-check",
    "warning": "triangle-alert",
    "error": "octagon-alert",
    "locked": "lock",
    "off": "x",
}
TIMELINE_ICONS = {"done": "circle-check", "now": "circle-dot", "next": "circle", "problem": "octagon-alert"}
BUTTON_KINDS = ("primary", "secondary", "quiet", "danger")
DATE_STYLES = {"full": "l, j F Y", "short": "j M Y", "day": "j M Y", "time": ""}


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One icon of templates/components/icons. Decoration unless `label` gives it a meaning of its own."""
    try:
        drawing = get_template(f"components/icons/{name}.svg").render()
    except TemplateDoesNotExist as absent:
        raise template.TemplateSyntaxError(f"there is no icon {name!r}") from absent
    if label:
        return format_html('<span class="icon" role="img" aria-label="{}">{}</span>', label, mark_safe(drawing))  # noqa: S308 - our own file
    return format_html('<span class="icon" aria-hidden="true">{}</span>', mark_safe(drawing))  # noqa: S308 - our own file


@register.simple_block_tag
def notice(content: str, *, kind: str = "info", title: str = "", role: str = "") -> SafeString:
    """A message that stands out: what happened, or what to know before going on. `role` "status" or "alert" announces it."""
    _one_of("notice", "kind", kind, NOTICE_ICONS)
    values = {"kind": kind, "icon": NOTICE_ICONS[kind], "title": title, "role": role, "body": content}
    return SafeString(render_to_string("components/notice.html", values))


@register.simple_block_tag
def disclosure(content: str, *, title: str, open: bool = False) -> SafeString:
    """Detail behind a summary line; works without JavaScript."""
    return SafeString(render_to_string("components/disclosure.html", {"title": title, "open": open, "body": content}))


@register.inclusion_tag("components/summary_list.html")
def summary_list(rows: Iterable[Any]) -> dict[str, Any]:
    """Labels and values. A row is (label, value), (label, value, href, action) or has label, value and optionally hint, href, action."""
    return {"rows": [_row(row) for row in rows]}


@register.inclusion_tag("components/badge.html")
def badge(kind: str, text: str) -> dict[str, Any]:
    """A status as icon and word; the colour says nothing that the word does not."""
    _one_of("badge", "kind", kind, BADGE_ICONS)
    return {"kind": kind, "icon": BADGE_ICONS[kind], "text": text}


@register.inclusion_tag("components/timeline.html")
def timeline(items: Iterable[Any]) -> dict[str, Any]:
    """Steps in time, top to bottom. An item has title and state (done, now, next, problem), optionally when, text, by."""
    return {"items": [_timeline_item(item) for item in items]}


@register.inclusion_tag("components/error_summary.html")
def error_summary(form: Form) -> dict[str, Any]:
    """Every problem of a submitted form on top of it, each linked to its field; nothing where there is none."""
    errors = form.errors.as_data() if form.is_bound else {}
    problems = [
        (f"#{_first_control(form[name])}", words)
        for name in errors
        if name in form.fields
        for words in _problem_words(form[name], errors[name])
    ]
    general = list(form.non_field_errors()) if form.is_bound else []
    return {"problems": problems, "general": general, "count": len(problems) + len(general)}


@register.inclusion_tag("components/field.html")
def field(field: BoundField, label: str = "", hint: str = "", show_optional: bool = True) -> dict[str, Any]:
    """One form field: label, hint, error and control, tied together for every kind of reader."""
    is_checkbox = isinstance(field.field.widget, CheckboxInput)
    return {
        "field": field,
        "label": label or field.label,
        "hint": hint or field.help_text,
        "hint_id": f"{field.auto_id}_helptext",
        "error_id": f"{field.auto_id}_error",
        "control": _control(field, has_hint=bool(hint or field.help_text)),
        "is_checkbox": is_checkbox,
        "is_group": field.use_fieldset and not is_checkbox,
        "is_optional": show_optional and not field.field.required and not is_checkbox and not _always_holds_a_value(field),
    }


def _always_holds_a_value(field: BoundField) -> bool:
    """A choice without an empty one: nothing can be left out there, so nothing is optional."""
    widget = field.field.widget
    if not isinstance(widget, Select) or isinstance(widget, SelectMultiple):
        return False
    return all(value not in ("", None) for value, _words in widget.choices)


@register.inclusion_tag("components/form_fields.html")
def form_fields(form: Form, show_optional: bool = True) -> dict[str, Any]:
    """Hidden and visible fields of a form in its order."""
    return {"form": form, "show_optional": show_optional}


@register.inclusion_tag("components/button.html")
def button(
    text: str,
    href: str = "",
    kind: str = "primary",
    icon: str = "",
    name: str = "",
    value: str = "",
    form: str = "",
    describedby: str = "",
) -> dict[str, Any]:
    """A link with `href`, else a submit button. One primary button a page: what can be done next."""
    _one_of("button", "kind", kind, BUTTON_KINDS)
    return {
        "text": text,
        "href": href,
        "kind": kind,
        "icon_name": icon,
        "name": name,
        "value": value,
        "form": form,
        "describedby": describedby,
    }


@register.inclusion_tag("components/empty.html")
def empty(title: str, text: str = "", href: str = "", action: str = "") -> dict[str, Any]:
    """What a list says when it holds nothing: why, and what can be done."""
    return {"title": title, "text": text, "href": href, "action": action}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: template.Context, page: Page[Any]) -> dict[str, Any]:
    """Newer and older, and where one is. Keeps the other parameters of the address; shows nothing for a single page."""
    request = context.get("request")
    kept = [(key, value) for key, values in (request.GET.lists() if request else ()) if key != "page" for value in values]

    def address(number: int) -> str:
        return "?" + urlencode([*kept, ("page", number)])

    return {
        "page": page,
        "previous": address(page.previous_page_number()) if page.has_previous() else "",
        "next": address(page.next_page_number()) if page.has_next() else "",
    }


@register.simple_tag(name="datetime")
def date_time(value: dt.date | None, style: str = "full", empty: str = "") -> SafeString:
    """A date, or a moment with its zone, in words and for machines.

    `style`: full (with weekday), short, day (of a moment), or time (of the day).
    """
    _one_of("datetime", "style", style, DATE_STYLES)
    if not value:
        return format_html("{}", empty)
    if not isinstance(value, dt.datetime):
        return format_html('<time datetime="{}">{}</time>', value.isoformat(), formats.date_format(value, DATE_STYLES[style]))
    local = timezone.localtime(value)
    if style == "day":
        return format_html('<time datetime="{}">{}</time>', local.date().isoformat(), formats.date_format(local, DATE_STYLES[style]))
    clock_time = formats.time_format(local, "H:i")
    words = f"{formats.date_format(local, DATE_STYLES[style])}, {clock_time}" if DATE_STYLES[style] else clock_time
    return format_html('<time datetime="{}">{} {}</time>', local.isoformat(), words, _zone(local))


@register.inclusion_tag("components/collection_notice.html")
def collection_notice(key: str) -> dict[str, Any]:
    """What a form collects for (GDPR Art. 13), beside its button. `key` is the form's name in a room's collection_notices.py."""
    try:
        shown = notice_for(key)
    except UnknownNotice as unknown:
        raise template.TemplateSyntaxError(f"no form {key!r} says what it collects") from unknown
    return {"words": shown.words, "facts": shown.facts, "operator": settings.OPERATOR_NAME, "contact": settings.OPERATOR_CONTACT}


@register.simple_tag
def filesize(size: int | None) -> SafeString:
    """A size with its unit; nothing for an unknown one."""
    if size is None:
        return SafeString("")
    return format_html('<data value="{}">{}</data>', size, filesizeformat(size))


@register.filter
def device(user_agent: str) -> str:
    """A browser's description of itself, in the words people use for it."""
    return device_of(user_agent or "")


def _one_of(tag: str, name: str, value: str, allowed: Iterable[str]) -> None:
    if value not in allowed:
        raise template.TemplateSyntaxError(f"{tag}: {name} is {value!r}, not one of {', '.join(allowed)}")


def _row(row: Any) -> dict[str, Any]:
    if isinstance(row, tuple):
        label, value, href, action = (*row, "", "")[:4]
        return {"label": label, "value": value, "href": href, "action": action}
    return {name: _get(row, name) for name in ("label", "value", "hint", "href", "action")}


def _timeline_item(item: Any) -> dict[str, Any]:
    values = {name: _get(item, name) for name in ("title", "state", "when", "text", "by")}
    state = values["state"] or "done"
    _one_of("timeline", "state", state, TIMELINE_ICONS)
    words = {"done": "", "now": _("now"), "next": _("still to come"), "problem": _("needs attention")}
    return {**values, "state": state, "icon": TIMELINE_ICONS[state], "state_word": words[state]}


def _get(item: Any, name: str) -> Any:
    return item.get(name, "") if isinstance(item, Mapping) else getattr(item, name, "")


def _control(field: BoundField, *, has_hint: bool) -> SafeString:
    """The widget, described by hint and error in this order. A group is described by its fieldset instead.

    Placeholders that forms of others bring are left out: they are pale, vanish while one types, and repeat the label.
    """
    described = [f"{field.auto_id}_helptext"] if has_hint else []
    described += [f"{field.auto_id}_error"] if field.errors else []
    attrs: dict[str, str | bool] = {"placeholder": False}
    if described and not field.use_fieldset:
        attrs["aria-describedby"] = " ".join(described)
    return field.as_widget(attrs=attrs)


def _problem_words(field: BoundField, errors: Iterable[ValidationError]) -> list[str]:
    """Each problem once; where the words do not say what they are about, the label does."""
    nameless = str(Field.default_error_messages["required"])
    words: dict[str, None] = {}
    for error in errors:
        for message in error.messages:
            is_general = message == nameless or error.code in {"max_length", "min_length"}
            words[f"{field.label}: {message}" if is_general else message] = None
    return list(words)


def _first_control(field: BoundField) -> str:
    """The id a link can move to: of the control, or of the first one of a group."""
    return field.id_for_label or f"{field.auto_id}_0"


def _zone(moment: dt.datetime) -> str:
    name = moment.tzname() or "UTC"
    return name if name[:1].isalpha() else f"UTC{name}"
