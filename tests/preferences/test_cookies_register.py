"""The register of cookies: what may be declared, what may leave, and a banner that can't be made unlawful by any way."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse

from privacycenter.audit.models import AuditEntry
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.preferences.cookies import choice_of
from privacycenter.preferences.cookies import register as registers
from privacycenter.preferences.cookies.defaults import make_cookie_defaults
from privacycenter.preferences.cookies.demo import SERVICES, make_services
from privacycenter.preferences.cookies.middleware import DeclaredCookiesMiddleware
from privacycenter.preferences.domain.cookies import delete_service, save_banner, save_item, save_service
from privacycenter.preferences.enums import CookieCategory, StorageKind
from privacycenter.preferences.errors import UndeclaredCookie
from privacycenter.preferences.models import BannerSettings, Service, StorageItem
from privacycenter.subjects.errors import StaffOnly
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.guards.tree import ROOT
from tests.preferences.cookie_services import SYSTEM, choose, is_asked, make_service, make_three

pytestmark = pytest.mark.django_db

UNLAWFUL: tuple[dict[str, Any], ...] = (
    {"has_reject": False},
    {"is_preticked": True},
    {"is_wall": True},
    {"accept_style": "primary"},
    {"reject_style": "primary"},
    {"accept_style": "huge", "reject_style": "huge"},
    {"reject_label": ""},
    {"reject_label": "  "},
    {"accept_label": "Refuse all"},
    {"acceptance_days": 180, "refusal_days": 30},
    {"refusal_days": 30},
    {"acceptance_days": 0},
    {"acceptance_days": 400, "refusal_days": 400},
)
# What only words can tell: a database can't.
MISLEADING: tuple[dict[str, Any], ...] = (
    {"reject_label": "\u200b\u200b\u200b"},
    {"reject_label": "\u202eesufeR"},
    {"reject_label": "…"},
    {"reject_label": "No"},
    {"choose_label": "accept all"},
    {"title": "\u2060"},
)


@pytest.mark.obligation("H-02")
@pytest.mark.parametrize("columns", UNLAWFUL, ids=str)
def test_an_unlawful_banner_can_not_be_saved_past_every_check(columns):
    with pytest.raises(IntegrityError), transaction.atomic():
        BannerSettings.objects.update(**columns)
    with pytest.raises(IntegrityError), transaction.atomic():
        BannerSettings(**(registers.default_banner() | columns)).save()


@pytest.mark.obligation("H-02")
@pytest.mark.parametrize("columns", [*UNLAWFUL, *MISLEADING], ids=str)
def test_an_unlawful_banner_can_not_be_saved_by_its_verb(columns):
    with pytest.raises(ValidationError):
        save_banner(BannerSettings(**(registers.default_banner() | columns)), actor=SYSTEM)


@pytest.mark.parametrize(
    "columns", [{"has_reject": ""}, {"is_preticked": "on"}, {"accept_style": "primary"}, {"refusal_days": "3"}], ids=str
)
def test_an_unlawful_banner_is_refused_at_the_desk_with_the_reason(columns):
    desk = signed_in(make_staff(is_superuser=True))
    data = registers.default_banner() | {"has_reject": "on", "accept_style": "secondary", "reject_style": "secondary"}
    path = reverse("admin:preferences_bannersettings_change", args=[1])

    refused = desk.post(path, data | columns)
    saved = desk.post(path, data | {"title": "Cookies, your choice"})

    assert refused.status_code == 200
    assert "errorlist" in refused.content.decode()
    assert saved.status_code == 302
    assert BannerSettings.objects.get().title == "Cookies, your choice"


def test_there_is_one_banner():
    with pytest.raises(IntegrityError), transaction.atomic():
        BannerSettings.objects.bulk_create([BannerSettings(pk=2, **registers.default_banner())])


@pytest.mark.parametrize(
    "columns",
    [
        {"category": "other"},
        {"title": ""},
        {"description": ""},
        {"category": CookieCategory.NECESSARY, "necessity_note": ""},
        {"category": CookieCategory.NECESSARY, "necessity_note": "It is.", "widget_origins": ["https://video.example"]},
    ],
    ids=str,
)
def test_a_service_that_hides_what_it_is_can_not_be_saved(columns):
    good = {"title": "T", "description": "D", "category": CookieCategory.STATISTICS, "purpose_id": "support"}

    with pytest.raises(ValidationError):
        save_service(Service(key="one", **(good | columns)), actor=SYSTEM)
    with pytest.raises(IntegrityError), transaction.atomic():
        Service(key="one", **(good | columns)).save()


@pytest.mark.parametrize(
    "columns",
    [
        {"category": CookieCategory.NECESSARY, "necessity_note": "It is.", "purpose_id": "marketing_improvement"},
        {"recipients": ["nobody_we_know"]},
        {"recipients": "service_providers"},
        {"widget_origins": ["http://video.example"]},
        {"widget_origins": ["https://video.example/path"]},
        {"widget_origins": ["https://*.example"]},
        {"widget_origins": ["https://video.example; script-src *"]},
        {"widget_origins": ["*"]},
        {"widget_origins": "https://video.example"},
        {"widget_origins": ["https://video.example"], "preview_url": "https://other.example/"},
        {"preview_url": "javascript:alert(1)"},
        {"link": "javascript:alert(1)"},
        {"key": "Bad key"},
    ],
    ids=str,
)
def test_a_service_that_would_mislead_or_open_the_policy_is_refused(columns):
    good = {"key": "one", "title": "T", "description": "D", "category": CookieCategory.STATISTICS, "purpose_id": "support"}

    with pytest.raises(ValidationError):
        save_service(Service(**(good | columns)), actor=SYSTEM)


@pytest.mark.parametrize(
    "columns",
    [
        {"name": ""},
        {"purpose": ""},
        {"kind": "attic"},
        {"kind": StorageKind.LOCAL, "is_http_only": True},
        {"kind": StorageKind.LOCAL, "path": "/x/"},
        {"has_host_prefix": True, "path": "/x/"},
        {"kind": StorageKind.SESSION, "lifetime_seconds": 60},
        {"lifetime_seconds": 0},
        {"lifetime_seconds": 391 * 86_400},
        {"name": "csrf"},
    ],
    ids=str,
)
def test_an_item_that_can_not_be_so_can_not_be_saved(columns):
    service = make_service("one")
    good = {"service": service, "name": "thing", "purpose": "For the test."}

    with pytest.raises(ValidationError):
        save_item(StorageItem(**(good | columns)), actor=SYSTEM)
    with pytest.raises(IntegrityError), transaction.atomic():
        StorageItem(**(good | columns)).save()


@pytest.mark.parametrize("columns", [{"name": "a b"}, {"name": "a;b"}, {"name": "a\nb"}, {"path": "x"}, {"path": "/; Domain=x"}], ids=str)
def test_a_name_or_path_that_would_break_a_header_is_refused(columns):
    item = StorageItem(**({"service": make_service("one"), "name": "thing", "purpose": "For the test."} | columns))

    with pytest.raises(ValidationError):
        save_item(item, actor=SYSTEM)


@pytest.mark.obligation("C-08")
def test_only_what_is_embedded_may_store_as_somebody_else():
    item = {"name": "id", "purpose": "For the test.", "is_first_party": False}

    with pytest.raises(ValidationError, match="first-party only"):
        save_item(StorageItem(service=make_service("one"), **item), actor=SYSTEM)
    save_item(StorageItem(service=make_service("two", widget_origins=["https://video.example"]), **item), actor=SYSTEM)


def test_only_staff_change_the_register_and_it_stands_in_the_trail():
    service = make_service("one")

    with pytest.raises(StaffOnly):
        save_service(service, actor=Actor(ActorKind.PERSON, "1"))
    with pytest.raises(StaffOnly):
        delete_service(service, actor=Actor(ActorKind.ANONYMOUS))
    delete_service(service, actor=Actor(ActorKind.STAFF, "1"))

    verbs = list(AuditEntry.objects.filter(verb__startswith="preferences.cookie").order_by("id").values_list("verb", "actor_kind"))
    assert verbs == [("preferences.cookie_service_saved", "system"), ("preferences.cookie_service_deleted", "staff")]


def test_staff_add_a_service_with_its_items_at_the_desk():
    desk = signed_in(make_staff(is_superuser=True))
    data = {
        "key": "player",
        "title": "Player",
        "description": "Plays.",
        "category": "statistics",
        "purpose": "support",
        "recipients": ["service_providers", "group_entities"],
        "widget_origins": "https://one.example\r\nhttps://two.example\r\n",
        "is_active": "on",
        "position": "5",
        "items-TOTAL_FORMS": "1",
        "items-INITIAL_FORMS": "0",
        "items-0-name": "volume",
        "items-0-kind": "local_storage",
        "items-0-purpose": "Loudness.",
        "items-0-path": "/",
        "items-0-is_first_party": "on",
    }

    answer = desk.post(reverse("admin:preferences_service_add"), data)

    assert answer.status_code == 302
    assert [item.name for item in registers.current().service("player").items] == ["volume"]
    assert registers.current().service("player").origins == ("https://one.example", "https://two.example")
    assert set(registers.current().service("player").recipient_keys) == {"service_providers", "group_entities"}
    assert is_asked(Client())
    # taken out again, with what it stores
    service = Service.objects.get(key="player")
    desk.post(reverse("admin:preferences_service_delete", args=[service.pk]), {"post": "yes"})
    assert registers.current().service("player") is None


@pytest.mark.obligation("C-08")
def test_the_register_is_public_with_everything_about_each_item(client):
    make_three()

    page = client.get("/cookies/").content.decode()

    for item in StorageItem.objects.all():
        assert f"<code>{item.name}</code>" in page
        assert item.purpose.split("’")[0][:20] in page
    for words in (
        "Cookie",
        "Local storage",
        "Session storage",
        "first-party",
        "180 days",
        "1 day",
        "until you close the browser",
        "Video Example",
    ):
        assert words in page


def test_the_defaults_are_added_once_and_what_staff_wrote_stays():
    Service.objects.filter(key="site").update(title="Changed")
    Service.objects.filter(key="desk").delete()

    for _ in range(2):
        make_cookie_defaults(sender=None, using="default")

    assert list(Service.objects.values_list("key", "title")) == [("site", "Changed"), ("desk", "Privacy desk")]
    assert StorageItem.objects.filter(service__key="desk").count() == 3


@pytest.mark.parametrize("is_secure", [True, False])
def test_names_bear_the_host_prefix_over_https_only(settings, is_secure):
    settings.SITE_IS_SECURE = is_secure
    registers.forget()

    names = {item.name for _service, item in registers.current().items("cookie")}

    prefix = "__Host-" if is_secure else ""
    assert names == {f"{prefix}session", f"{prefix}csrf", f"{prefix}consent", "messages"}


def test_a_choice_that_no_browser_would_keep_is_refused_at_the_start():
    environment = os.environ | {"COOKIE_CHOICE_DAYS": "400", "DJANGO_SETTINGS_MODULE": "privacycenter.settings"}
    done = subprocess.run(
        [sys.executable, "-c", "import privacycenter.settings"], cwd=ROOT, env=environment, capture_output=True, text=True
    )

    assert done.returncode == 1
    assert ImproperlyConfigured.__name__ in done.stderr


def _through(name: str, *, request: HttpRequest | None = None, **options: Any) -> HttpResponse:
    def view(request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        response.set_cookie(name, "secret-value", **options)
        return response

    return DeclaredCookiesMiddleware(view)(request or RequestFactory().get("/"))


@pytest.mark.obligation("C-08")
def test_an_undeclared_cookie_fails_the_test_that_meets_it():
    with pytest.raises(UndeclaredCookie, match="tracker"):
        _through("tracker")


@pytest.mark.obligation("C-08")
def test_in_production_an_undeclared_cookie_is_dropped_and_reported_by_its_name_alone(settings, caplog):
    settings.TESTING = False

    response = _through("tracker", max_age=5)

    assert response.cookies == {}
    (said,) = [record.msg for record in caplog.records if record.name == "privacycenter.preferences"]
    assert (said["event"], said["cookie"], said["declared"]) == ("cookie_dropped", "tracker", False)
    assert "secret-value" not in str(said)


def test_declared_cookies_and_the_end_of_any_cookie_pass():
    make_service("pattern", category=CookieCategory.NECESSARY, necessity_note="For the test.", items=({"name": "_x.*"},))

    assert set(_through(settings.SESSION_COOKIE_NAME).cookies) == {"session"}
    assert set(_through("_x.17").cookies) == {"_x.17"}
    assert set(_through("tracker", max_age=0).cookies) == {"tracker"}
    with pytest.raises(UndeclaredCookie):
        _through("_y.17")


def test_what_somebody_else_may_store_in_a_frame_is_no_leave_for_pages_here():
    make_service("two", widget_origins=["https://video.example"], items=({"name": "their_id", "is_first_party": False},))

    with pytest.raises(UndeclaredCookie):
        _through("their_id")


@pytest.mark.obligation("H-02")
def test_a_declared_cookie_is_not_set_before_its_service_is_allowed(client):
    make_three()

    with pytest.raises(UndeclaredCookie):
        _through("visits")
    choose(client, "accept_all")
    request = RequestFactory().get("/", HTTP_COOKIE=f"consent={client.cookies['consent'].value}")
    assert choice_of(request).allows("statistics")
    assert "visits" in _through("visits", request=request).cookies


def test_a_cookie_left_from_before_a_withdrawal_elsewhere_is_expired_when_it_comes_in(client):
    make_three()
    user = make_account()
    phone = signed_in(user)
    choose(phone, "accept_all")
    phone.cookies["_count.7"] = "1"
    assert "_count.7" not in phone.get("/cookies/").cookies

    choose(signed_in(user), "refuse_all")

    assert phone.get("/cookies/").cookies["_count.7"]["max-age"] == 0


def test_a_choice_answers_for_services_and_categories():
    make_three()
    choice = choice_of(RequestFactory().get("/"))

    assert [choice.allows(key) for key in ("site", "statistics", "unknown")] == [True, False, False]
    assert [choice.allows_category(key) for key in CookieCategory.values] == [True, False, False, False]


def test_the_demo_declares_one_of_each_and_only_once():
    assert make_services(actor=SYSTEM) == len(SERVICES)
    assert make_services(actor=SYSTEM) == 0
    assert {service.category for service in registers.current().asked} == {"preferences", "statistics", "marketing"}


def test_every_change_of_the_register_is_seen_within_seconds_by_other_processes(monkeypatch):
    before = registers.current()
    Service.objects.create(key="new", title="New", description="D", category="statistics", purpose_id="support")
    assert registers.current() is before

    monkeypatch.setattr(registers, "REFRESH_SECONDS", -1)

    assert registers.current().service("new") is not None


@pytest.mark.parametrize(("path", "at_most"), [("static/js/cookies.js", 3_000), ("static/css/cookies.css", 2_000)])
def test_script_and_styles_are_small(path, at_most):
    assert len(gzip.compress((ROOT / path).read_bytes(), 6)) <= at_most
