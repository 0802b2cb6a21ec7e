"""What is embedded from elsewhere: nothing is loaded before somebody asks, and then only from the declared origin."""

from __future__ import annotations

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import signing
from django.http import HttpResponse
from django.template import Context, Template, TemplateSyntaxError
from django.test import Client, RequestFactory

from privacycenter.kernel import clock
from privacycenter.preferences.domain.cookies import save_service
from privacycenter.preferences.models import ConsentEvent, Service
from tests.preferences.cookie_services import SYSTEM, VIDEO_ORIGIN, choose, is_asked, make_service, make_three, ticked

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("G-06")]


@pytest.fixture(autouse=True)
def _three() -> None:
    make_three()


def press(client: Client, when: str, path: str = "/cookies/", **headers: Any) -> HttpResponse:
    """Press a button of the placeholder on a page."""
    page = client.get(path).content.decode()
    signed = html.unescape(re.search(r'name="widget" value="([^"]+)"', page)[1])
    return client.post("/cookies/show/", {"widget": signed, "when": when, "next": path}, **headers)


def policy(response: HttpResponse) -> str:
    return response.headers["Content-Security-Policy"]


def test_a_placeholder_loads_nothing_and_offers_once_always_and_a_plain_link(client):
    answer = client.get("/cookies/")
    page = answer.content.decode()

    assert "<iframe" not in page
    assert "frame-src" not in policy(answer)
    assert 'value="once"' in page
    assert 'value="always"' in page
    assert f'<a href="{VIDEO_ORIGIN}/1" rel="noopener noreferrer external">' in page


def test_this_time_shows_it_on_a_page_of_its_own_and_remembers_nothing(client):
    answer = press(client, "once")

    assert answer.status_code == 200
    assert f'src="{VIDEO_ORIGIN}/embed/1"' in answer.content.decode()
    assert f"frame-src {VIDEO_ORIGIN}" in policy(answer)
    assert not ConsentEvent.objects.exists()
    assert "consent" not in client.cookies
    assert "<iframe" not in client.get("/cookies/").content.decode()


def test_always_is_a_choice_that_is_noted_and_shows_it_in_its_place(client):
    answer = press(client, "always")
    page = client.get("/cookies/")

    assert (answer.status_code, answer["Location"]) == (303, "/cookies/")
    assert list(ConsentEvent.objects.values_list("kind", "service", "text__key")) == [("given", "video", "cookies.widget.video")]
    assert "<iframe" in page.content.decode()
    assert f"frame-src {VIDEO_ORIGIN}" in policy(page)
    assert "frame-src" not in policy(client.get("/"))
    # the other services are still to be asked
    assert is_asked(client)
    assert ticked(client) == {"video"}


def test_always_counts_from_the_day_it_was_said_when_the_rest_has_run_out(client):
    choose(client, "refuse_all")

    with clock.stopped_at(clock.now() + timedelta(days=200)):
        press(client, "always")
        assert ticked(client) == {"video"}
        assert is_asked(client)


def test_after_a_withdrawal_the_placeholder_is_back(client):
    press(client, "always")

    choose(client, "refuse_all")

    answer = client.get("/cookies/")
    assert "<iframe" not in answer.content.decode()
    assert "frame-src" not in policy(answer)


@pytest.mark.parametrize("payload", ["", "x", signing.dumps(["video", f"{VIDEO_ORIGIN}/1", "t", "l", "p"], salt="other"), "x" * 10_000])
def test_a_forged_address_is_not_shown(client, payload):
    answer = client.post("/cookies/show/", {"widget": payload, "when": "once"})

    assert answer.status_code == 400
    assert "<iframe" not in answer.content.decode()
    assert "can't be shown" in answer.content.decode()


def test_what_is_no_longer_declared_is_not_shown(client):
    signed = html.unescape(re.search(r'name="widget" value="([^"]+)"', client.get("/cookies/").content.decode())[1])
    service = Service.objects.get(key="video")
    service.widget_origins, service.preview_url = ["https://other.example"], ""
    save_service(service, actor=SYSTEM)

    assert client.post("/cookies/show/", {"widget": signed, "when": "once"}).status_code == 400


def test_always_counts_only_for_what_was_shown(client):
    signed = html.unescape(re.search(r'name="widget" value="([^"]+)"', client.get("/cookies/").content.decode())[1])
    service = Service.objects.get(key="video")
    service.recipients = ["service_providers"]
    save_service(service, actor=SYSTEM)

    answer = client.post("/cookies/show/", {"widget": signed, "when": "always", "next": "/cookies/"}, follow=True)

    assert "has changed meanwhile" in answer.content.decode()
    assert not ConsentEvent.objects.exists()


def test_marketing_is_not_shown_under_the_signal_even_when_asked_for(client):
    origin = "https://social.example"
    make_service("share", category="marketing", purpose_id="marketing_improvement", widget_origins=[origin], preview_url=f"{origin}/1")
    Service.objects.filter(key="video").delete()
    page = client.get("/cookies/", HTTP_SEC_GPC="1").content.decode()

    answer = press(client, "once", HTTP_SEC_GPC="1")

    assert 'name="when"' not in page
    assert answer.status_code == 303


def test_opened_without_a_choice_it_leads_to_the_page_about_cookies(client):
    answer = client.get("/cookies/show/")

    assert (answer.status_code, answer["Location"]) == (302, "/cookies/")


def _rendered(template: str, **values: str) -> str:
    return Template("{% load cookies %}" + template).render(Context({"request": RequestFactory().get("/somewhere/"), **values}))


def test_a_template_names_a_declared_service_and_origin():
    assert "Film" in _rendered(f'{{% widget "video" url="{VIDEO_ORIGIN}/2" title="Film" %}}')
    for wrong in (
        '"nothing" url="https://video.example/"',
        '"video" url="https://evil.example/"',
        '"video" url="/local"',
        '"site" url="https://a.b"',
    ):
        with pytest.raises(TemplateSyntaxError, match="not declared"):
            _rendered(f'{{% widget {wrong} title="Film" %}}')


def test_words_of_a_page_are_escaped():
    assert "<b>x" not in _rendered(f'{{% widget "video" url="{VIDEO_ORIGIN}/2" title=title %}}', title='<b>x"')
