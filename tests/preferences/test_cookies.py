"""Choosing about cookies: the banner, what the browser remembers, what the ledger holds, and how it ends."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.signing import Signer
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from privacycenter.kernel import clock
from privacycenter.preferences.cookies import consent_cookie, views
from privacycenter.preferences.cookies import register as registers
from privacycenter.preferences.domain.cookies import save_banner, save_item, save_service
from privacycenter.preferences.enums import CookieCategory
from privacycenter.preferences.models import BannerSettings, ConsentEvent, Service, StorageItem
from tests.factories.accounts import make_account, signed_in
from tests.preferences.cookie_services import SYSTEM, choose, is_asked, make_service, make_three, ticked

pytestmark = pytest.mark.django_db


@pytest.fixture
def three() -> None:
    make_three()


def events() -> list[tuple[str, str, str]]:
    """Kind, service and method of every event, in order."""
    return list(ConsentEvent.objects.order_by("id").values_list("kind", "service", "method"))


def test_nothing_is_asked_where_everything_is_necessary(client):
    page = client.get("/cookies/").content.decode()

    assert not is_asked(client)
    assert "nothing to agree to" in page
    assert "consent" in page
    assert client.cookies == {}


@pytest.mark.obligation("H-02")
def test_refusing_and_accepting_are_equal_buttons_of_one_form(client, three):
    page = client.get("/").content.decode()
    banner = page[page.index('id="cookie-banner"') : page.index("</section>", page.index('id="cookie-banner"'))]

    refuse = '<button class="button button--secondary" type="submit" name="choice" value="refuse_all">Refuse all</button>'
    accept = '<button class="button button--secondary" type="submit" name="choice" value="accept_all">Accept all</button>'
    assert refuse in banner
    assert accept in banner
    assert "checkbox" not in banner
    assert banner.index("refuse_all") < banner.index("accept_all")
    assert page.index('class="skip-link"') < page.index('id="cookie-banner"') < page.index("<main")


def test_no_box_is_ticked_before_a_choice(client, three):
    assert ticked(client) == set()


@pytest.mark.obligation("H-02")
@pytest.mark.parametrize(
    ("choice", "services", "on"),
    [
        ("refuse_all", (), set()),
        ("accept_all", (), {"statistics", "video", "ads"}),
        ("save", ("video",), {"video"}),
        ("save", (), set()),
        ("allow:statistics", ("video",), {"statistics", "video"}),
        ("refuse:preferences", ("video", "ads"), {"ads"}),
    ],
)
def test_a_choice_for_all_a_category_or_a_service_is_kept(client, three, choice, services, on):
    answer = choose(client, choice, *services)

    assert (answer.status_code, answer["Location"]) == (303, "/cookies/")
    assert ticked(client) == on
    assert not is_asked(client)


def test_the_cookie_is_first_party_hidden_and_kept_equally_long_either_way(three, settings):
    refusing, accepting = Client(), Client()
    choose(refusing, "refuse_all")
    choose(accepting, "accept_all")

    for cookie in (refusing.cookies["consent"], accepting.cookies["consent"]):
        assert (cookie["samesite"], cookie["httponly"], cookie["path"], cookie["domain"]) == ("Lax", True, "/", "")
        assert cookie["max-age"] == 180 * 86_400


def test_over_https_the_cookie_is_secure_and_bound_to_the_host(three, settings):
    settings.SITE_IS_SECURE, settings.CONSENT_COOKIE_NAME = True, "__Host-consent"
    registers.forget()
    client = Client()

    cookie = choose(client, "refuse_all").cookies["__Host-consent"]

    assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")


def test_everybody_who_refuses_on_a_day_has_the_same_cookie_and_nobody_a_number(three):
    values = set()
    for _ in range(3):
        client = Client()
        choose(client, "refuse_all")
        values.add(client.cookies["consent"].value)

    assert len(values) == 1
    assert consent_cookie.read(values.pop()).device == ""
    assert ConsentEvent.objects.values("party_hash").distinct().count() == 3


def test_who_accepts_something_has_a_random_number_that_leads_to_the_proof(three):
    first, second = Client(), Client()
    choose(first, "save", "video")
    choose(second, "save", "video")

    numbers = {consent_cookie.read(each.cookies["consent"].value).device for each in (first, second)}
    assert len(numbers) == 2
    assert "" not in numbers


def test_each_choice_is_an_event_for_each_service_with_the_words_that_were_shown(client, three):
    with clock.stopped_at(clock.now()):
        choose(client, "save", "video", origin="banner", next="/requests/new/")

    assert sorted(events()) == [("given", "video", "banner"), ("refused", "ads", "banner"), ("refused", "statistics", "banner")]
    event = ConsentEvent.objects.get(service="video")
    assert (event.purpose, event.page, event.control) == ("account_and_service", "/requests/new/", "save")
    assert event.valid_until - event.at == timedelta(days=180)
    text = ConsentEvent.objects.select_related("text").first().text
    assert text.key == "cookies.banner"
    for word in ("Your choice about cookies", "Statistics", "Video", "Ads", "[Refuse all]", "[Accept all]"):
        assert word in text.text


def test_a_page_with_a_token_or_reference_is_named_without_it(client, three):
    choose(client, "refuse_all", origin="banner", next="/requests/PR-2222-2222/?x=1")

    assert {event.page for event in ConsentEvent.objects.all()} == {"/requests/…/"}


def test_withdrawing_and_renewing_are_noted_under_the_same_number(client, three):
    choose(client, "save", "video")
    with clock.stopped_at(clock.now() + timedelta(days=1)):
        choose(client, "save", "video")
        choose(client, "refuse_all")
        assert consent_cookie.read(client.cookies["consent"].value).device == ""

    kinds = list(ConsentEvent.objects.filter(service="video").order_by("id").values_list("kind", flat=True))
    assert kinds == ["given", "renewed", "withdrawn"]
    assert ConsentEvent.objects.values("party_hash").distinct().count() == 1


def test_the_same_choice_again_on_the_same_day_writes_nothing(client, three):
    choose(client, "save", "video")
    before = events()

    choose(client, "save", "video")

    assert events() == before


@pytest.mark.obligation("L-02", "H-02")
def test_withdrawing_expires_every_declared_cookie_of_the_service_by_its_path(client, three):
    choose(client, "accept_all")
    client.cookies["_count.7"] = "1"

    answer = choose(client, "refuse_all")

    expired = {name: cookie["path"] for name, cookie in answer.cookies.items() if cookie["max-age"] == 0}
    assert expired == {"visits": "/cookies/", "_count.7": "/", "ads_id": "/"}


def test_what_an_allowed_service_stored_stays(client, three):
    answer = choose(client, "save", "statistics")

    assert {name for name, cookie in answer.cookies.items() if cookie["max-age"] == 0} == {"ads_id"}


def test_storage_keys_of_refused_services_are_named_to_the_script(client, three):
    choose(client, "refuse_all")
    assert 'data-forget="{&quot;local_storage&quot;: [&quot;seen&quot;]}"' in client.get("/").content.decode()

    choose(client, "save", "statistics")
    assert "data-forget" not in client.get("/").content.decode()


def test_a_choice_counts_until_its_day_and_is_then_asked_again(client, three):
    choose(client, "accept_all")

    with clock.stopped_at(clock.now() + timedelta(days=179)):
        assert not is_asked(client)
    with clock.stopped_at(clock.now() + timedelta(days=180)):
        assert is_asked(client)
        assert ticked(client) == set()


def test_staff_may_keep_a_refusal_longer_than_an_acceptance(three):
    save_banner(BannerSettings(**registers.default_banner(), acceptance_days=30, refusal_days=60), actor=SYSTEM)
    refusing, accepting = Client(), Client()
    choose(refusing, "refuse_all")
    choose(accepting, "accept_all")

    with clock.stopped_at(clock.now() + timedelta(days=40)):
        assert is_asked(accepting)
        assert not is_asked(refusing)


def _new_words() -> None:
    service = Service.objects.get(key="video")
    service.title, service.description, service.link = "Films", "Other words.", "https://video.example/2"
    save_service(service, actor=SYSTEM)
    banner = BannerSettings.objects.get()
    banner.title = "Other words"
    save_banner(banner, actor=SYSTEM)


def _new_recipient() -> None:
    service = Service.objects.get(key="video")
    service.recipients = ["service_providers"]
    save_service(service, actor=SYSTEM)


def _new_purpose() -> None:
    service = Service.objects.get(key="video")
    service.purpose_id = "marketing_improvement"
    save_service(service, actor=SYSTEM)


def _longer() -> None:
    item = StorageItem.objects.get(name="visits")
    item.lifetime_seconds = 2 * 86_400
    save_item(item, actor=SYSTEM)


def _one_more() -> None:
    make_service("chat", category=CookieCategory.PREFERENCES, purpose_id="support")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_new_words, ""),
        (_new_recipient, "Video: changed is who gets data"),
        (_new_purpose, "Video: changed is what it is for"),
        (_longer, "Statistics: changed is what it stores, or for how long"),
        (_one_more, "New: Chat"),
    ],
)
@pytest.mark.parametrize("choice", ["accept_all", "refuse_all"])
def test_people_are_asked_again_only_when_something_material_changed_and_told_what(client, three, change, told, choice):
    choose(client, choice)

    change()

    assert is_asked(client) is bool(told)
    assert told in client.get("/").content.decode()


def test_what_did_not_change_stays_as_it_was_chosen(client, three):
    choose(client, "accept_all")

    _new_recipient()

    assert ticked(client) == {"statistics", "ads"}


def test_a_yes_to_something_that_changed_while_it_was_read_is_not_taken(client, three):
    seen = registers.current().fingerprint
    _new_recipient()

    answer = choose(client, "accept_all", seen=seen)
    page = client.get(answer["Location"]).content.decode()

    assert events() == []
    assert "has changed meanwhile" in page
    choose(client, "refuse_all", seen=seen)
    assert {kind for kind, _service, _method in events()} == {"refused"}


@pytest.mark.parametrize(
    ("target", "lands"),
    [
        ("/requests/new/?kind=access", "/requests/new/?kind=access"),
        ("https://evil.example/", "/cookies/"),
        ("//evil.example/", "/cookies/"),
        ("/\\evil.example/", "/cookies/"),
        ("/\t/evil.example/", "/cookies/"),
        ("javascript:alert(1)", "/cookies/"),
        ("/a\r\nSet-Cookie: x=1", "/cookies/"),
        ("/" + "x" * 5000, "/cookies/"),
        ("", "/cookies/"),
    ],
)
def test_one_returns_to_a_page_of_this_site_only(client, three, target, lands):
    assert choose(client, "refuse_all", next=target)["Location"] == lands


def test_a_choice_needs_the_token_of_the_form(three):
    client = Client(enforce_csrf_checks=True)

    assert choose(client, "accept_all").status_code == 403
    assert events() == []


@pytest.mark.parametrize("data", [{}, {"choice": "everything"}, {"choice": "allow:nothing"}, {"choice": "x" * 100_000}, {"choice": "\x00"}])
def test_a_choice_that_can_not_be_read_is_asked_again(client, three, data):
    answer = client.post("/cookies/", data)

    assert answer.status_code == 400
    assert "Please choose again" in answer.content.decode()
    assert events() == []


def test_services_that_do_not_exist_or_are_necessary_can_not_be_chosen(client, three):
    choose(client, "save", "site", "nothing", "video")

    assert {service for _kind, service, _method in events()} == {"statistics", "video", "ads"}
    assert set(consent_cookie.read(client.cookies["consent"].value).said) == {"statistics", "video", "ads"}


def _signed(payload: str) -> str:
    return Signer(salt="cookies.choice").sign(payload)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "1.20000.",
        "1.20000.~video.AAAAAAAAAAAAAAAAAA.1",
        "1.20000.~video.AAAAAAAAAAAAAAAAAA.1:forged",
        _signed("2.20000."),
        _signed("1.20000.~video.short.1"),
        _signed("1.20000.~video.AAAAAAAAAAAAAAAAAA.2"),
        _signed("1.999999.~video.AAAAAAAAAAAAAAAAAA.1"),
        _signed("1.²."),
        "x" * 100_000,
        "\x00",
        "é",
    ],
)
def test_a_forged_damaged_or_oversized_cookie_is_ignored(client, three, value):
    client.cookies["consent"] = value

    assert client.get("/").status_code == 200
    assert is_asked(client)
    assert ticked(client) == set()


def test_a_signed_cookie_with_unknown_services_or_necessary_off_changes_nothing(client, three):
    today = (clock.now().date().toordinal()) - consent_cookie._EPOCH.toordinal()
    client.cookies["consent"] = _signed(f"1.{today}.~nothing.AAAAAAAAAAAAAAAAAA.1~site.AAAAAAAAAAAAAAAAAA.0")

    assert ticked(client) == set()
    assert client.get("/accounts/login/").cookies["csrf"].value


@given(st.text(max_size=200))
def test_no_text_makes_reading_a_cookie_fail(value):
    assert consent_cookie.read(value) is None
    consent_cookie.read(_signed(value))


def test_a_cookie_is_read_as_it_was_written(client, three):
    choose(client, "save", "video")
    cookie = consent_cookie.read(client.cookies["consent"].value)

    assert consent_cookie.read(consent_cookie.write(cookie)) == cookie
    assert len(client.cookies["consent"].value) < 400


def test_the_script_gets_an_empty_answer_and_stays_on_the_page(client, three):
    answer = choose(client, "refuse_all", HTTP_X_REQUESTED_WITH="cookies")

    assert (answer.status_code, answer.content) == (204, b"")
    assert not is_asked(client)


def test_too_many_acceptances_of_one_network_have_to_wait_but_a_refusal_never(client, three, monkeypatch):
    monkeypatch.setattr(views, "CHOICES_PER_MINUTE", 2)
    known = Client()
    with clock.stopped_at(clock.now().replace(second=0)):
        statuses = [choose(known, "accept_all").status_code for _ in range(3)]
        before = ConsentEvent.objects.count()
        refused = choose(client, "refuse_all")
        after = ConsentEvent.objects.count()
        choose(known, "refuse_all")

    assert statuses == [303, 303, 429]
    assert refused.status_code == 303
    assert not is_asked(client)
    assert after == before  # nobody could be shown to have refused
    assert ticked(known) == set()
    assert ConsentEvent.objects.filter(kind="withdrawn").count() == 3  # of a browser that had agreed


def test_pages_cost_no_query_for_the_choice(client, three, django_assert_num_queries):
    choose(client, "refuse_all")
    user = make_account()
    refused, agreed = signed_in(user), signed_in(user)
    choose(refused, "refuse_all")
    client.get("/cookies/")

    with django_assert_num_queries(0):
        client.get("/cookies/")
    for signed in (refused, agreed):
        signed.get("/cookies/")
    with django_assert_num_queries(3):  # session, user, person
        refused.get("/cookies/")
    with django_assert_num_queries(4):  # and what the account said
        agreed.get("/cookies/")
