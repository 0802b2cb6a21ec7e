"""A real Chromium that notices what a person would not: console errors, refused resources, requests to others."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.services.parts import ROOT, cannot_run

_QUIET = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# axe reads imported stylesheets by putting them into the page, which our policy refuses and the console reports. Only Django's
# forms.css imports one; there the two rules that need it (orientation, sound that plays by itself) are left out.
_AXE = """async () => (await axe.run(document, {
  resultTypes: ['violations'], preload: !document.querySelector('link[href*="admin/css/forms"]'),
})).violations"""

# Animations end, or two seconds are over: one that is paused, or in a window that draws nothing, never ends.
_SETTLED = """() => Promise.race([
  Promise.allSettled(document.getAnimations().map(animation => animation.finished)), new Promise(done => setTimeout(done, 2000)),
])"""


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """Debian's Chromium, driven by Playwright, one for all tests of this process."""
    executable = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if not executable:
        cannot_run("needs Chromium (deploy/setup --dev)")
    from playwright.sync_api import sync_playwright  # slow import

    # Playwright's loop runs in this thread; the tests' own use of the database is still one call after the other.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    sandbox = [] if os.geteuid() else ["--no-sandbox"]  # Chromium refuses to sandbox root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=[*_QUIET, *sandbox])
        yield browser
        browser.close()


class Visitor:
    """One person's browser window. What it must never meet is collected in `problems`."""

    def __init__(self, chromium: Any, base_url: str, *, also_allowed: tuple[str, ...], **options: Any) -> None:
        self.base_url = base_url
        self.problems: list[str] = []
        self.expected: list[str] = []
        self._allowed = {urlsplit(url).netloc for url in (base_url, *also_allowed)}
        self.context = chromium.new_context(base_url=base_url, accept_downloads=True, **options)
        self.context.set_default_timeout(20_000)
        self.context.on("request", self._note_request)
        self.context.on("console", self._note_console)
        self.context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))
        self.page = self.context.new_page()
        self._leave_by, self.page.goto = self.page.goto, self._goto

    def _goto(self, url: str, **options: Any) -> Any:
        """Go to a page, once more where this page just renewed itself: a request's page does when its state changes, and Chromium
        then gives up the other step of the same instant."""
        try:
            return self._leave_by(url, **options)
        except Exception as error:
            if "ERR_ABORTED" not in str(error):
                raise
            self.page.wait_for_load_state("load")
            return self._leave_by(url, **options)

    def expect_problem(self, text: str) -> None:
        """Problems that contain `text` belong to what is tested, like the 404 of a page that must not be found."""
        self.expected.append(text)

    def remaining_problems(self) -> list[str]:
        return [problem for problem in self.problems if not any(text in problem for text in self.expected)]

    def check_accessibility(self) -> None:
        """Run axe on the page as it stands, in both colour schemes; any violation fails, with what and where."""
        script = ROOT / "node_modules" / "axe-core" / "axe.min.js"
        if not script.exists():
            cannot_run("needs npm's axe-core (deploy/setup --dev)")
        self.page.wait_for_load_state("load")  # a press only waits for the next page to begin, not for its stylesheets
        for scheme in ("light", "dark"):
            # Colours on their way from one scheme to the other belong to neither.
            self.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            self.page.evaluate(_SETTLED)
            self.page.evaluate(f"{script.read_text(encoding='utf-8')}; undefined")
            violations = self.page.evaluate(_AXE)
            found = [
                f"{violation['id']}: {violation['help']}: {node['target']} {node['failureSummary']}"
                for violation in violations
                for node in violation["nodes"]
            ]
            assert found == [], f"{self.page.url} ({scheme}):\n" + "\n".join(found)

    def picture(self, path: Path) -> None:
        """Save the whole page as a PNG."""
        self.page.screenshot(path=path, full_page=True)

    def _note_request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in {"data", "blob", "about"} and parts.netloc not in self._allowed:
            self.problems.append(f"request to others: {request.url}")

    def _note_console(self, message: Any) -> None:
        if message.type in {"error", "warning"}:
            self.problems.append(f"console {message.type}: {message.text} ({message.location.get('url', '')})")


@pytest.fixture
def visit(chromium: Any, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """Open a window: `visit(stack.url)`. After the test every window must have met no problem."""
    visitors: list[Visitor] = []
    failed_before = request.session.testsfailed

    def open_window(base_url: str, *, also_allowed: tuple[str, ...] = (), **options: Any) -> Visitor:
        visitor = Visitor(chromium, base_url, also_allowed=also_allowed, **options)
        visitors.append(visitor)
        return visitor

    yield open_window
    if request.session.testsfailed > failed_before:
        for visitor in visitors:
            print(f"{visitor.page.url}\n{visitor.page.inner_text('body')[:1500]}\n")
    problems = [problem for visitor in visitors for problem in visitor.remaining_problems()]
    for visitor in visitors:
        visitor.context.close()
    assert problems == []
