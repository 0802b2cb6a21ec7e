"""Templates and assets under the policy that lets a page load and run nothing but our own files."""

from __future__ import annotations

import hashlib
import re

from django.conf import settings

from tests.guards.tree import ROOT, files, name_of

# Templates of PDFs and of the bundle's start page are read without the site around them.
STANDALONE = ("templates/pdf", "templates/bundle", "templates/mail", "requests_app/pdf", "requests_app/bundle")
INLINE = {
    "inline style": re.compile(r"<style[\s>]|[\s\"']style\s*=", re.IGNORECASE),
    "inline script": re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.IGNORECASE),
    "event handler": re.compile(r"\son[a-z]+\s*=\s*[\"']", re.IGNORECASE),
    "javascript: link": re.compile(r"javascript:", re.IGNORECASE),
}
REMOTE_IN_HTML = re.compile(
    r"<(?:script|link|img|iframe|source|video|audio|embed|object)\b[^>]*(?:src|href|data|srcset)=[\"']\s*(?:https?:)?//", re.IGNORECASE
)
REMOTE_IN_CSS = re.compile(r"(?:url\(\s*[\"']?|@import\s+(?:url\()?[\"']?)\s*(?:https?:)?//", re.IGNORECASE)
NOT_HTML = re.compile(r"\{#.*?#\}|\{%\s*comment\b.*?%\}.*?\{%\s*endcomment\s*%\}|<!--.*?-->|/\*.*?\*/|\{%.*?%\}|\{\{.*?\}\}", re.DOTALL)


def _page_templates():
    return [path for path in files("templates", "*.html") if not name_of(path).startswith(STANDALONE)]


def test_no_page_has_inline_style_or_script():
    templates = _page_templates()
    found = []
    for path in templates:
        text = NOT_HTML.sub("", path.read_text(encoding="utf-8"))
        found += [f"{name_of(path)}: {what}" for what, pattern in INLINE.items() if pattern.search(text)]

    assert templates
    assert found == []


def test_no_page_or_stylesheet_loads_from_elsewhere():
    templates, styles = files("templates", "*.html"), files("static", "*.css")
    found = [name_of(path) for path in templates if REMOTE_IN_HTML.search(NOT_HTML.sub("", path.read_text(encoding="utf-8")))]
    found += [name_of(path) for path in styles if REMOTE_IN_CSS.search(NOT_HTML.sub("", path.read_text(encoding="utf-8")))]

    assert templates
    assert styles
    assert found == []


def test_the_policy_lets_a_page_load_only_what_is_ours():
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]

    assert directives["default-src"] == ["'none'"]
    for name in ("script-src", "style-src", "font-src", "connect-src"):
        assert directives[name] == ["'self'"], name
    assert directives["frame-ancestors"] == directives["base-uri"] == ["'none'"]


def test_every_file_of_others_is_listed_with_its_licence_and_hash():
    """README.md of static/fonts and static/vendor has a line for each file: path, package and version, licence, SHA-256."""
    folders = [folder for folder in (ROOT / "static/fonts", ROOT / "static/vendor") if folder.is_dir() and any(folder.iterdir())]
    checked = 0
    for folder in folders:
        listed = (folder / "README.md").read_text(encoding="utf-8").splitlines()
        for path in files(folder.relative_to(ROOT).as_posix()):
            if path.name == "README.md" or path.name.startswith("LICENSE"):
                continue
            row = next((line for line in listed if f"`{path.relative_to(folder).as_posix()}`" in line), "")
            assert row, f"{name_of(path)} is not listed"
            assert hashlib.sha256(path.read_bytes()).hexdigest() in row, name_of(path)
            checked += 1

    assert checked
