"""Documents name only what exists, and what exists and people rely on is documented."""

from __future__ import annotations

import re
import subprocess
from importlib import metadata
from pathlib import Path

from django.core.management import get_commands

from tests.guards.tree import PACKAGES, ROOT, files, name_of, product_modules

LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
PATH = re.compile(r"`((?:privacycenter|accounts|requests_app|templates|static|tests|docs|deploy)/[\w./-]+)`")
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
TARGET = re.compile(r"`?make ([a-z-]+)")
READ = re.compile(r"""env\.\w+\(\s*["']([A-Z_]+)["']""")


def _documents() -> list[Path]:
    return [*ROOT.glob("*.md"), *files("docs", "*.md")]


def test_links_and_paths_in_documents_lead_somewhere():
    broken, seen = [], 0
    for document in _documents():
        text = document.read_text(encoding="utf-8")
        for target in LINK.findall(text):
            if "://" not in target and not target.startswith("mailto:"):
                seen += 1
                if not (document.parent / target).exists():
                    broken.append(f"{name_of(document)}: {target}")
        for path in PATH.findall(text):
            seen += 1
            if not (ROOT / path).exists():
                broken.append(f"{name_of(document)}: {path}")

    assert seen > 20
    assert broken == []


def test_commands_and_targets_in_documents_exist():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named_commands, named_targets = set(), set()
    for document in _documents():
        text = document.read_text(encoding="utf-8")
        named_commands.update(COMMAND.findall(text))
        named_targets.update(TARGET.findall(" ".join(re.findall(r"`make [^`]+`|^make [a-z]+", text, re.MULTILINE))))

    assert {"demo", "test"} <= named_targets <= targets
    assert named_commands
    assert named_commands - set(get_commands()) == set()


def test_every_command_of_ours_explains_itself():
    own = {name for name, app in get_commands().items() if str(app).partition(".")[0] in PACKAGES}
    sources = {path.stem: path.read_text(encoding="utf-8") for path in product_modules() if path.parent.name == "commands"}

    assert own
    assert [name for name in sorted(own) if "help = " not in sources[name]] == []


def test_every_setting_is_documented_and_every_documented_one_is_read():
    documented_text = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    documented = {name for row in re.findall(r"^\| (`[^|]+) \|", documented_text, re.MULTILINE) for name in re.findall(r"`([A-Z_]+)`", row)}
    read = set(READ.findall((ROOT / "privacycenter/settings.py").read_text(encoding="utf-8"))) | {"VAR_DIR"}

    assert documented
    assert documented == read


def test_the_example_environment_names_settings_that_exist():
    example = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)

    assert example
    assert set(example) <= set(READ.findall((ROOT / "privacycenter/settings.py").read_text(encoding="utf-8")))


def test_every_decision_is_in_the_index():
    index = (ROOT / "docs/decisions/README.md").read_text(encoding="utf-8")
    decisions = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))

    assert decisions
    assert [name for name in decisions if name not in index] == []
    numbers = [name[:4] for name in decisions]
    assert len(set(numbers)) == len(numbers)


def _lines(requirements: str) -> list[str]:
    return [line for line in (ROOT / requirements).read_text().splitlines() if line and not line.startswith(("#", "-"))]


def test_every_dependency_is_pinned_decided_and_used():
    decided = (ROOT / "docs/decisions/0002-third-party-parts.md").read_text(encoding="utf-8").lower()
    sources = "\n".join(path.read_text(encoding="utf-8") for path in (*product_modules(), *files("deploy", "*.py"), ROOT / "Procfile"))
    by_distribution: dict[str, set[str]] = {}
    for module, distributions in metadata.packages_distributions().items():
        for distribution in distributions:
            by_distribution.setdefault(distribution.lower(), set()).add(module)
    # Used through another part, not imported: password hasher, broker client, parser of phone numbers.
    through_others = {"argon2-cffi", "redis", "phonenumberslite", "psycopg"}

    pinned = [re.split(r"[\[=]", line)[0] for line in _lines("requirements.txt")]
    assert len(pinned) > 20
    assert [
        line for line in (ROOT / "requirements.txt").read_text().splitlines() if line and line[0] not in "#-" and "==" not in line
    ] == []
    assert [name for name in pinned if name.lower() not in decided] == []
    unused = [
        name
        for name in pinned
        if name not in through_others
        and not any(re.search(rf"\b{re.escape(module)}\b", sources) for module in by_distribution.get(name.lower(), {name}))
    ]
    assert unused == []


def test_what_the_set_up_installs_is_what_is_needed():
    setup = (ROOT / "deploy/setup").read_text()

    assert subprocess.run(["bash", "-n", ROOT / "deploy/setup"]).returncode == 0
    for package in ("libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0", "fonts-noto-core", "fonts-noto-cjk"):
        assert package in setup
