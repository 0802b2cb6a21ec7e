"""The banner as people meet it: with and without scripts, by keyboard alone, on a phone; and what is in the browser afterwards."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.browser.fixtures import Visitor
from tests.browser.journeys import sign_in
from tests.services.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

BANNER = "#cookie-banner"
VIDEO = "https://framatube.org"
ORIGINS = (VIDEO, "https://www.openstreetmap.org", "https://social.example")  # of the demo's services
SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => { for (const entry of list.getEntries()) sum += entry.value; })
    .observe({type: 'layout-shift', buffered: true});
  requestAnimationFrame(() => requestAnimationFrame(() => done(sum)));
})"""
KEYS = """async () => [
  ...Object.keys(localStorage), ...Object.keys(sessionStorage), ...(await indexedDB.databases()).map(each => each.name),
]"""
VISITOR_WALK = (
    "/",
    "/requests/",
    "/requests/new/",
    "/requests/new/?kind=access",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
    "/cookies/",
    "/no-such-page/",
)
PERSON_WALK = ("/dashboard/", "/dashboard/data/", "/dashboard/activity/", "/accounts/profile/", "/accounts/2fa/", "/requests/", "/cookies/")
STAFF_WALK = ("/admin/", "/admin/requests_app/request/", "/admin/preferences/service/", "/admin/mail/outboxmessage/")


def declared(visitor: Visitor) -> list[re.Pattern[str]]:
    """What the public register names, as people read it."""
    visitor.page.goto("/cookies/")
    names = visitor.page.locator(".cookie-items code").all_text_contents()
    assert "session" in names
    return [re.compile(".*".join(map(re.escape, name.split("*")))) for name in names]


def cookie_names(visitor: Visitor) -> set[str]:
    return {cookie["name"] for cookie in visitor.context.cookies()}


def undeclared(visitor: Visitor, names: list[re.Pattern[str]]) -> set[str]:
    """Cookies and storage keys in the browser that no name of the register fits."""
    found = cookie_names(visitor) | set(visitor.page.evaluate(KEYS))
    return {name for name in found if not any(pattern.fullmatch(name) for pattern in names)}


def on(visitor: Visitor) -> set[str]:
    """The services that are on, as the page about cookies shows them."""
    visitor.page.goto("/cookies/")
    return set(visitor.page.locator("input[name=service]:checked").evaluate_all("boxes => boxes.map(box => box.value)"))


def embedding(visit: Any, stack: Stack, **options: Any) -> tuple[Visitor, list[str]]:
    """A window in which what is embedded is answered here, without a network, and the list of what it asked for."""
    visitor: Visitor = visit(stack.url, also_allowed=ORIGINS, **options)
    asked: list[str] = []

    def answer(route: Any) -> None:
        asked.append(route.request.url)
        route.fulfill(body="<!doctype html><html lang=en><title>Film</title><main><h1>Film</h1></main>", content_type="text/html")

    for origin in ORIGINS:
        visitor.context.route(f"{origin}/**", answer)
    return visitor, asked


def press(visitor: Visitor, name: str) -> None:
    visitor.page.locator(BANNER).get_by_role("button", name=name).click()


def box(visitor: Visitor, selector: str) -> dict[str, float]:
    found: dict[str, float] = visitor.page.locator(selector).bounding_box()
    return found


@pytest.mark.obligation("H-02")
@pytest.mark.parametrize(("width", "height"), [(320, 640), (1280, 800)])
def test_the_banner_is_modest_fair_and_moves_nothing(live_stack: Stack, visit, width: int, height: int):
    visitor = visit(live_stack.url, viewport={"width": width, "height": height})
    page = visitor.page
    page.goto("/")

    shown = box(visitor, BANNER)
    refuse, accept = (page.locator(BANNER).get_by_role("button", name=name) for name in ("Refuse all", "Accept all"))
    looks = "each => { const style = getComputedStyle(each); return [style.color, style.backgroundColor, style.borderColor, style.font] }"

    assert shown["height"] <= height / 3
    assert shown["y"] + shown["height"] == height
    assert refuse.evaluate(looks) == accept.evaluate(looks)
    sizes = [(found["width"], found["height"], found["y"]) for found in (refuse.bounding_box(), accept.bounding_box())]
    assert sizes[0] == sizes[1]
    assert page.evaluate(SHIFTS) == 0
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") == 0
    visitor.check_accessibility()
    # the page is usable before a choice, down to its last line
    page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
    footer = box(visitor, ".site-footer")
    assert footer["y"] + footer["height"] <= box(visitor, BANNER)["y"] + 1
    page.get_by_role("link", name="Cookies", exact=True).click()
    assert page.locator("h1").inner_text() == "Choose what may be stored in your browser"


@pytest.mark.obligation("H-02", "C-08")
def test_refusing_with_scripts_leaves_the_page_and_what_was_typed_as_they_are(live_stack: Stack, visit):
    visitor = visit(live_stack.url)
    page = visitor.page
    page.goto("/accounts/signup/")
    page.fill("[name=full_name]", "Nora Vaszary")

    press(visitor, "Refuse all")
    page.locator(BANNER).get_by_text("Your choice about cookies is saved").wait_for()

    assert page.input_value("[name=full_name]") == "Nora Vaszary"
    assert page.evaluate("document.activeElement.innerText").startswith("Your choice about cookies is saved")
    visitor.check_accessibility()
    page.goto("/")
    assert page.locator(BANNER).count() == 0
    assert on(visitor) == set()
    assert cookie_names(visitor) <= {"consent", "csrf", "messages"}


@pytest.mark.obligation("H-02", "L-02")
def test_every_choice_works_without_scripts_and_is_withdrawn_in_two_actions(live_stack: Stack, visit):
    visitor, _asked = embedding(visit, live_stack, java_script_enabled=False)
    page = visitor.page
    page.goto("/requests/new/?kind=access")

    press(visitor, "Accept all")
    assert page.url.endswith("/requests/new/?kind=access")
    assert "Your choice about cookies is saved" in page.inner_text("main")
    assert page.locator(BANNER).count() == 0
    visitor.context.add_cookies([{"name": "visits", "value": "1", "url": live_stack.url, "httpOnly": True}])

    page.get_by_role("contentinfo").get_by_role("link", name="Cookies").click()
    page.get_by_role("button", name="Refuse all").click()

    assert "visits" not in cookie_names(visitor)
    assert page.locator("input[name=service]:checked").count() == 0
    page.get_by_label("Videos").check()
    page.get_by_role("button", name="Save what is ticked").click()
    assert page.locator("input[name=service]:checked").evaluate_all("boxes => boxes.map(box => box.value)") == ["video"]
    page.get_by_role("button", name="Refuse Preferences and content").click()
    assert page.locator("input[name=service]:checked").count() == 0


@pytest.mark.obligation("H-02")
def test_everything_is_reached_by_keyboard_and_nothing_traps(live_stack: Stack, visit):
    visitor, _asked = embedding(visit, live_stack, viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    page = visitor.page
    page.goto("/")
    where = "document.activeElement.innerText.trim()"

    passed = []
    for _ in range(6):
        page.keyboard.press("Tab")
        passed.append(page.evaluate(where))
    assert passed[:4] == ["Skip to content", "Refuse all", "Accept all", "Choose"]
    assert passed[4].startswith("Synorex")
    assert page.evaluate("window.scrollY") == 0

    for _ in range(4):
        page.keyboard.press("Shift+Tab")
    assert page.evaluate(where) == "Refuse all"
    page.keyboard.press("Enter")
    page.locator(BANNER).get_by_text("Your choice about cookies is saved").wait_for()
    assert page.evaluate("window.scrollY") == 0
    page.keyboard.press("Tab")
    assert page.evaluate(where).startswith("Synorex")

    page.goto("/cookies/")
    page.get_by_label("Maps").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Save what is ticked").focus()
    page.keyboard.press("Enter")
    page.get_by_role("main").get_by_text("Your choice about cookies is saved").wait_for()
    assert on(visitor) == {"map"}


def test_what_is_focused_is_never_below_the_banner(live_stack: Stack, visit):
    visitor = visit(live_stack.url, viewport={"width": 320, "height": 640}, reduced_motion="reduce")
    page = visitor.page
    page.goto("/accounts/signup/")
    fields = page.locator("main :is(input:not([type=hidden]), select, button)")
    below = []

    for number in range(fields.count()):
        fields.nth(number).focus()
        shown, banner = fields.nth(number).bounding_box(), box(visitor, BANNER)
        if shown["y"] + shown["height"] > banner["y"]:
            below.append(fields.nth(number).get_attribute("name"))

    assert fields.count() > 5
    assert below == []


@pytest.mark.obligation("H-02", "L-02")
def test_a_withdrawal_removes_what_scripts_stored_and_cookies_they_can_not_see(live_stack: Stack, visit):
    visitor, _asked = embedding(visit, live_stack)
    page = visitor.page
    page.goto("/")
    press(visitor, "Accept all")
    page.locator(BANNER).get_by_text("Your choice about cookies is saved").wait_for()
    visitor.context.add_cookies([{"name": "visits", "value": "1", "url": live_stack.url, "httpOnly": True}])
    page.evaluate("localStorage.setItem('visits.pages', '[]'); localStorage.setItem('kept', '1')")
    page.goto("/requests/")
    assert page.evaluate("Object.keys(localStorage).sort()") == ["kept", "visits.pages"]

    page.get_by_role("contentinfo").get_by_role("link", name="Cookies").click()
    page.get_by_role("button", name="Refuse all").click()
    page.wait_for_load_state()

    assert page.evaluate("Object.keys(localStorage)") == ["kept"]
    assert "visits" not in cookie_names(visitor)


@pytest.mark.obligation("G-06", "C-08")
def test_nothing_embedded_loads_before_it_is_asked_for(live_stack: Stack, visit):
    visitor, asked = embedding(visit, live_stack)
    page = visitor.page
    page.goto("/cookies/")
    visitor.check_accessibility()
    film = page.locator(".widget", has_text="Videos")
    assert asked == []

    film.get_by_role("button", name="Show this time").click()
    page.locator("iframe").wait_for()
    page.frame_locator("iframe").get_by_role("heading", name="Film").wait_for()
    visitor.check_accessibility()
    page.get_by_role("link", name="Back to where you were").click()
    assert page.locator("iframe").count() == 0
    seen = len(asked)

    page.locator(".widget", has_text="Videos").get_by_role("button", name="Show always").click()
    page.locator("iframe").scroll_into_view_if_needed()
    page.frame_locator("iframe").get_by_role("heading", name="Film").wait_for()
    assert len(asked) == seen + 1
    page.get_by_role("main").get_by_role("button", name="Refuse all").click()
    page.wait_for_load_state()
    assert page.locator("iframe").count() == 0
    assert {url.startswith(f"{VIDEO}/videos/embed/") for url in asked} == {True}


@pytest.mark.obligation("S-02", "G-03")
def test_the_signal_of_the_browser_is_honoured_and_shown(live_stack: Stack, visit):
    visitor, _asked = embedding(visit, live_stack, extra_http_headers={"Sec-GPC": "1"})
    page = visitor.page
    page.goto("/")

    words = page.locator(BANNER).inner_text()
    assert "Share buttons" not in words
    assert "Marketing stays off" in words
    visitor.check_accessibility()
    press(visitor, "Accept all")
    page.locator(BANNER).get_by_text("Your choice about cookies is saved").wait_for()
    assert on(visitor) == {"map", "statistics", "video"}
    assert "we honour it" in page.inner_text("main")
    assert page.get_by_label("Share buttons").is_disabled()
    visitor.check_accessibility()


@pytest.mark.obligation("C-08")
def test_a_walk_over_the_pages_leaves_only_what_is_declared_and_asks_nobody_else(live_stack: Stack, visit):
    """Requests to others fail the walk by themselves: the window collects them."""
    (visitor, asked), jonas, dpo = embedding(visit, live_stack), visit(live_stack.url), visit(live_stack.url)
    visitor.expect_problem("404")
    names = declared(visitor)
    found = {}

    for path in VISITOR_WALK:
        visitor.page.goto(path)
        found[path] = undeclared(visitor, names)
    assert asked == []
    visitor.page.goto("/")
    press(visitor, "Accept all")
    visitor.page.locator(BANNER).get_by_text("Your choice about cookies is saved").wait_for()
    for path in VISITOR_WALK:
        visitor.page.goto(path)
        found[f"{path} accepted"] = undeclared(visitor, names)
    sign_in(jonas, "jonas")
    for path in PERSON_WALK:
        jonas.page.goto(path)
        found[f"{path} signed in"] = undeclared(jonas, names)
    sign_in(dpo, "dpo", to="/admin/")
    for path in STAFF_WALK:
        dpo.page.goto(path)
        found[f"{path} staff"] = undeclared(dpo, names)
    toggle = dpo.page.locator("#toggle-nav-sidebar")
    if toggle.count():
        toggle.click()
        found["the desk's list of rooms"] = undeclared(dpo, names)

    assert {path: kept for path, kept in found.items() if kept} == {}
    # The walk would have noticed: here is a stranger.
    visitor.page.evaluate("localStorage.setItem('stranger', '1')")
    assert undeclared(visitor, names) == {"stranger"}
