"""The shape of the code: floors, local imports, file lengths, words that don't belong into a repository."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from django.apps import apps

from tests.guards.tree import PACKAGES, ROOT, calls, files, name_of, parsed, product_modules

REASONS = ("slow import", "optional dependency", "thin method", "app ready")
LONGEST_FILE = 500
TEXT = {".py", ".md", ".html", ".txt", ".css", ".js", ".mjs", ".json", ".toml", ".sh", ".yaml", ".yml", ""}


def test_every_room_stands_on_its_floor():
    done = subprocess.run([Path(sys.executable).with_name("lint-imports"), "--no-cache"], cwd=ROOT, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert re.search(r"Contracts: [1-9]\d* kept, 0 broken", done.stdout)


def test_every_room_is_in_the_contract_of_the_floors():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    floors = next(contract for contract in contracts if contract["name"] == "Floors")["layers"]

    named = {room.strip() for floor in floors for room in floor.split("|")}
    rooms = {config.name for config in apps.get_app_configs() if config.name.partition(".")[0] in PACKAGES}

    assert rooms
    assert named == rooms


def _imported(path: Path) -> set[str]:
    """The modules that a file imports at its top level, `from x import y` also as x.y."""
    names: set[str] = set()
    for node in parsed(path).body:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_verbs_and_reads_know_nothing_of_requests_forms_and_pages():
    inner = [path for path in product_modules() if path.stem in {"domain", "queries", "models"} or path.parent.name in {"domain", "models"}]
    outer = re.compile(r"django\.(http|forms|shortcuts|contrib\.admin)\b|(\w+\.)*(views|forms|admin|api|tasks)$")

    found = {name_of(path): sorted(filter(outer.match, _imported(path))) for path in inner}

    assert len(inner) > 10
    assert {name: modules for name, modules in found.items() if modules} == {}


def test_a_local_import_says_why_it_is_one():
    local, unexplained = 0, []
    for path in product_modules():
        lines = path.read_text(encoding="utf-8").splitlines()
        functions = [node for node in ast.walk(parsed(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        imports = {node.lineno for function in functions for node in ast.walk(function) if isinstance(node, ast.Import | ast.ImportFrom)}
        local += len(imports)
        unexplained += [f"{name_of(path)}:{line}" for line in sorted(imports) if not any(reason in lines[line - 1] for reason in REASONS)]

    assert local
    assert unexplained == [], f"end the line with one of {REASONS} in a comment, or move the import up"


def test_no_file_outgrows_its_room():
    modules = [*product_modules(), *files("tests", "*.py"), *files("deploy", "*.py")]
    long = {name_of(path): count for path in modules if (count := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE}

    assert len(modules) > 50
    assert long == {}, "make it a folder of the same name"


def test_nothing_is_left_for_later():
    words = re.compile("TO" + r"DO|FIX" + "ME|X" + r"XX\b|raise NotImplemented" + "Error|pragma: no " + "cover")
    texts = [
        path for path in (*product_modules(), *files("tests", "*.py"), *files("templates"), *files("static/js")) if path.suffix in TEXT
    ]

    found = [name_of(path) for path in texts if words.search(path.read_text(encoding="utf-8"))]

    assert texts
    assert found == []


def test_no_file_names_the_machine_it_was_written_on():
    # In pieces, so that this file does not find itself.
    machine = re.compile(
        r"(?<![\w}])/(?:wo" + r"rk|ro" + r"ot|ho" + r"me/\w+)/|registry\.npm" + r"js|files\.python" + "hosted|--index-" + "url"
    )
    texts = [path for path in files() if path.suffix in TEXT and path.name != "LICENSE" and "vendor" not in path.parts]

    found = [name_of(path) for path in texts if machine.search(path.read_text(encoding="utf-8", errors="replace"))]

    assert len(texts) > 100
    assert found == []


def test_the_lock_file_names_no_host():
    lock = (ROOT / "package-lock.json").read_text()

    assert '"node_modules/oidc-provider"' in lock
    assert '"resolved"' not in lock


def test_the_product_never_prints():
    modules = product_modules()

    assert modules
    assert [f"{name_of(path)}:{node.lineno}" for path, node in calls(modules, "print") if isinstance(node.func, ast.Name)] == []


def test_the_clock_is_asked_in_one_place():
    direct = {"now", "utcnow", "today"}
    found = []
    for path, node in calls(product_modules(), *direct):
        owner = node.func.value if isinstance(node.func, ast.Attribute) else None
        if isinstance(owner, ast.Name) and owner.id in {"datetime", "date", "timezone"} and path.name != "clock.py":
            found.append(f"{name_of(path)}:{node.lineno}")

    assert found == [], "ask privacycenter.kernel.clock.now()"


def test_no_test_pauses_or_asserts_nothing():
    idle = re.compile(r"time\.sle" + r"ep\(|assert Tr" + r"ue\b|mark\.sk" + r"ip\b|unittest\.mo" + r"ck|Magic" + "Mock")
    tests = files("tests", "test_*.py")

    assert tests
    assert [name_of(path) for path in tests if idle.search(path.read_text(encoding="utf-8"))] == []
