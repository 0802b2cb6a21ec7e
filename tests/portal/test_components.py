"""Every component: what it draws, that it escapes, and that it refuses what it does not know."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django import forms
from django.conf import settings
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.template.loader import get_template
from django.test import RequestFactory
from django.utils import timezone

from privacycenter.datamap.domain import save_notice
from privacycenter.datamap.models import CollectionNotice
from privacycenter.kernel.actor import Actor
from privacycenter.portal.templatetags.components import register

MARKUP = "<b>bold</b>"


class Enquiry(forms.Form):
    name = forms.CharField(label="Your name", help_text="As on letters")
    reply = forms.ChoiceField(label="Reply by", choices=[("mail", "E-mail"), ("phone", "Phone")], widget=forms.RadioSelect)
    note = forms.CharField(label="Note", required=False, widget=forms.Textarea)
    agrees = forms.BooleanField(label="I agree")
    token = forms.CharField(widget=forms.HiddenInput)


def draw(source: str, **values) -> str:
    return re.sub(r"\s+", " ", Template(source).render(Context(values))).strip()


@pytest.mark.parametrize(
    "source",
    [
        '{% notice sort="info" %}{% endnotice %}',
        '{% disclosure title="a" colour="red" %}{% enddisclosure %}',
        '{% badge "neutral" "a" size=3 %}',
        "{% summary_list rows colour=1 %}",
        "{% timeline items colour=1 %}",
        "{% error_summary form colour=1 %}",
        "{% field form.name colour=1 %}",
        "{% form_fields form colour=1 %}",
        '{% button "a" colour=1 %}',
        '{% empty "a" colour=1 %}',
        "{% pagination page colour=1 %}",
        "{% datetime value colour=1 %}",
        "{% filesize value colour=1 %}",
        '{% icon "eye" colour=1 %}',
        '{% collection_notice "accounts.registration" colour=1 %}',
    ],
)
def test_an_unknown_property_is_refused_when_the_template_is_read(source):
    with pytest.raises(TemplateSyntaxError, match="unexpected keyword argument"):
        Template(source)


@pytest.mark.parametrize(
    "source",
    [
        '{% notice kind="loud" %}{% endnotice %}',
        '{% badge "loud" "a" %}',
        '{% button "a" kind="loud" %}',
        '{% datetime value style="loud" %}',
        '{% icon "no-such-icon" %}',
        "{% timeline items %}",
    ],
)
def test_an_unknown_kind_is_refused_when_the_page_is_drawn(source):
    with pytest.raises(TemplateSyntaxError):
        draw(source, value=dt.date(2026, 1, 2), items=[{"title": "a", "state": "loud"}])


def test_every_component_is_documented():
    text = (Path(settings.BASE_DIR) / "docs/components.md").read_text(encoding="utf-8")
    names = [name for name in register.tags if not name.startswith("end")]

    assert len(names) >= 14
    assert [name for name in names if f"{{% {name} " not in text] == []


def test_a_notice_has_icon_title_and_body():
    drawn = draw('{% notice kind="warning" title=title role="alert" %}<p>{{ body }}</p>{% endnotice %}', title=MARKUP, body=MARKUP)

    assert 'class="notice notice--warning" role="alert"' in drawn
    assert "&lt;b&gt;bold&lt;/b&gt;</p>" in drawn
    assert MARKUP not in drawn
    assert 'aria-hidden="true"><svg' in drawn


def test_a_disclosure_works_by_itself():
    assert '<details class="disclosure" open>' in draw('{% disclosure title="More" open=True %}x{% enddisclosure %}')


def test_a_summary_list_takes_pairs_links_and_objects():
    rows = [("Name", MARKUP), ("E-mail", "a@example.com", "/change/", "Change"), {"label": "Phone", "value": "none", "hint": "optional"}]

    drawn = draw("{% summary_list rows %}", rows=rows)

    assert drawn.count("<dt>") == 3
    assert MARKUP not in drawn
    assert 'href="/change/">Change<span class="visually-hidden">: E-mail</span></a>' in drawn
    assert '<span class="hint">optional</span>' in drawn


def test_a_badge_is_an_icon_and_a_word():
    drawn = draw('{% badge "success" "Ready" %}')

    assert "badge--success" in drawn
    assert "<svg" in drawn
    assert drawn.endswith("Ready</span>")


def test_a_timeline_says_in_words_where_it_stands():
    items = [
        {"title": "Received", "state": "done", "when": dt.datetime(2026, 3, 2, 9, 5, tzinfo=dt.UTC), "by": "You"},
        {"title": "Collecting", "state": "now"},
        {"title": "Answer", "state": "next", "when": dt.date(2026, 4, 2)},
    ]

    drawn = draw("{% timeline items %}", items=items)

    assert drawn.count("<li") == 3
    assert drawn.count('aria-current="step"') == 1
    assert "(now)" in drawn
    assert "(still to come)" in drawn
    assert "Monday, 2 March 2026, 09:05 UTC</time> · You" in drawn


def test_an_error_summary_links_to_each_field_and_to_the_first_of_a_group():
    form = Enquiry({"note": "x"})
    form.add_error(None, MARKUP)

    drawn = draw("{% error_summary form %}", form=form)

    assert 'role="alert"' in drawn
    assert "Please look at 5 things again" in drawn
    for target in ("#id_name", "#id_reply_0", "#id_agrees"):
        assert f'href="{target}"' in drawn
    assert MARKUP not in drawn


def test_a_fresh_form_has_no_error_summary():
    assert draw("{% error_summary form %}", form=Enquiry()) == ""


def test_a_field_ties_label_hint_and_error_to_its_control():
    drawn = draw("{% field form.name %}", form=Enquiry({}))

    assert '<label class="field__label" for="id_name">Your name</label>' in drawn
    assert 'id="id_name_helptext">As on letters' in drawn
    assert 'id="id_name_error"' in drawn
    assert 'aria-describedby="id_name_helptext id_name_error"' in drawn
    assert 'aria-invalid="true"' in drawn


def test_a_placeholder_is_left_out():
    form = Enquiry()
    form.fields["name"].widget.attrs["placeholder"] = "Your name"

    assert "placeholder" not in draw("{% field form.name %}", form=form)


def test_a_choice_that_always_holds_a_value_is_not_called_optional():
    class Choose(forms.Form):
        always = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], required=False)
        maybe = forms.ChoiceField(choices=[("", "None"), ("a", "A")], required=False)

    assert "(optional)" not in draw("{% field form.always %}", form=Choose())
    assert "(optional)" in draw("{% field form.maybe %}", form=Choose())


def test_an_optional_field_says_so():
    assert "(optional)" in draw("{% field form.note %}", form=Enquiry())
    assert "(optional)" not in draw("{% field form.note show_optional=False %}", form=Enquiry())


def test_a_group_of_choices_is_a_fieldset_with_a_legend():
    drawn = draw("{% field form.reply %}", form=Enquiry({}))

    assert '<legend class="field__label">Reply by</legend>' in drawn
    assert 'aria-describedby="id_reply_error"' in drawn
    assert drawn.count('type="radio"') == 2


def test_a_checkbox_stands_before_its_label():
    drawn = draw("{% field form.agrees %}", form=Enquiry())

    assert drawn.index('type="checkbox"') < drawn.index('<label for="id_agrees">')


def test_form_fields_draws_all_of_them_once():
    drawn = draw("{% form_fields form %}", form=Enquiry())

    assert drawn.count('name="token"') == 1
    assert drawn.index('name="name"') < drawn.index('name="reply"') < drawn.index('name="note"') < drawn.index('name="agrees"')


def test_a_button_with_an_address_is_a_link():
    assert draw('{% button "Go" href=href %}', href="/x/?a=1&b=2") == '<a class="button button--primary" href="/x/?a=1&amp;b=2">Go</a>'
    drawn = draw('{% button "Go" kind="danger" name="act" value="1" %}')
    assert drawn == '<button class="button button--danger" type="submit" name="act" value="1">Go</button>'


def test_an_empty_list_says_why_and_what_can_be_done():
    drawn = draw('{% empty "Nothing yet" "It comes later" href="/new/" action="Start" %}')

    assert "Nothing yet" in drawn
    assert 'href="/new/">Start</a>' in drawn


def test_pagination_keeps_the_other_parameters():
    page = Paginator(range(100), 10).page(3)
    request = RequestFactory().get("/list/", {"only": "a&b", "page": "3"})

    drawn = draw("{% pagination page %}", page=page, request=request)

    assert 'href="?only=a%26b&amp;page=2"' in drawn
    assert 'href="?only=a%26b&amp;page=4"' in drawn
    assert "Page 3 of 10" in drawn


def test_a_single_page_needs_no_pagination():
    assert draw("{% pagination page %}", page=Paginator([1], 10).page(1)) == ""


def test_a_moment_is_shown_in_the_readers_zone_with_its_name():
    moment = dt.datetime(2026, 3, 1, 20, 30, tzinfo=dt.UTC)

    with timezone.override(ZoneInfo("Asia/Kuala_Lumpur")):
        drawn = draw("{% datetime value %}", value=moment)

    assert drawn == '<time datetime="2026-03-02T04:30:00+08:00">Monday, 2 March 2026, 04:30 UTC+08</time>'


def test_a_moment_below_its_day_shows_the_time_only():
    moment = dt.datetime(2026, 3, 1, 20, 30, tzinfo=dt.UTC)

    assert draw('{% datetime value style="time" %}', value=moment) == '<time datetime="2026-03-01T20:30:00+00:00">20:30 UTC</time>'


def test_the_day_of_a_moment_is_the_readers_day():
    moment = dt.datetime(2026, 3, 1, 20, 30, tzinfo=dt.UTC)

    with timezone.override(ZoneInfo("Asia/Kuala_Lumpur")):
        assert draw('{% datetime value style="day" %}', value=moment) == '<time datetime="2026-03-02">2 Mar 2026</time>'


def test_a_date_has_no_time_and_nothing_is_nothing():
    assert draw('{% datetime value style="short" %}', value=dt.date(2026, 3, 1)) == '<time datetime="2026-03-01">1 Mar 2026</time>'
    assert draw('{% datetime value empty="not yet" %}', value=None) == "not yet"


def test_a_size_has_its_unit():
    assert draw("{% filesize value %}", value=1536).replace("\xa0", " ") == '<data value="1536">1.5 KB</data>'
    assert draw("{% filesize value %}", value=None) == ""


def test_an_icon_is_decoration_unless_it_is_named():
    assert 'aria-hidden="true"' in draw('{% icon "eye" %}')
    assert 'role="img" aria-label="Seen"' in draw('{% icon "eye" label="Seen" %}')


def test_every_template_of_ours_can_be_read():
    folder = Path(settings.BASE_DIR) / "templates"
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*.html")]

    assert len(names) > 40
    for name in names:
        get_template(name)


@pytest.mark.obligation("L-03")
def test_collection_notice_says_basis_time_and_recipients_before_anything_is_opened(db):
    drawn = draw('{% collection_notice "accounts.registration" %}')
    first, _, rest = drawn.partition("<details")

    for words in ("We use what you enter", "Contract, legitimate interests", "until you ask us to erase it", "Employees and contractors"):
        assert words in first, words
    for words in ("Synorex", "supervisory authority", "You and we share the interest", "Every field is needed"):
        assert words in rest, words


def test_collection_notice_escapes_what_staff_wrote(db):
    notice = CollectionNotice.objects.get(key="requests.filing")
    notice.words = MARKUP
    save_notice(notice, actor=Actor.system("tests"))

    assert "&lt;b&gt;bold&lt;/b&gt;" in draw('{% collection_notice "requests.filing" %}')


def test_a_notice_that_no_form_declared_is_refused(db):
    with pytest.raises(TemplateSyntaxError, match="says what it collects"):
        draw('{% collection_notice "nobody.knows" %}')
