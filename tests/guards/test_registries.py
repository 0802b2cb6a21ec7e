"""What is registered is used, and what is used is registered: audit events, kinds of mail, kinds of jobs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from django.template.loader import get_template

from privacycenter.audit import events
from privacycenter.jobs import registry as jobs
from privacycenter.mail import kinds as mails
from tests.guards.tree import ROOT, calls, name_of, parsed, product_modules

REGISTERING = {"audit_events.py", "mail_kinds.py", "job_kinds.py"}
REGISTRIES = {
    "audit events": lambda: events.all_kinds(),
    "kinds of mail": lambda: mails.all_kinds(),
    "kinds of jobs": lambda: jobs.all_kinds(),
}


def _constants(path: Path) -> dict[str, str]:
    """Names that a module gives to texts: NAME = "text"."""
    return {
        node.targets[0].id: node.value.value
        for node in parsed(path).body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def _said(modules: Iterable[Path]) -> tuple[set[str], tuple[str, ...]]:
    """Every text that these modules hold, directly or by the name of a constant, and beginnings of composed ones."""
    modules = list(modules)
    named = {name: text for path in product_modules() for name, text in _constants(path).items()}
    texts: set[str] = set()
    beginnings: set[str] = set()
    for path in modules:
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.add(node.value)
            elif isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                beginnings.add(str(node.values[0].value))
            elif isinstance(node, ast.Name) and node.id in named:
                texts.add(named[node.id])
            elif isinstance(node, ast.Attribute) and node.attr in named:
                texts.add(named[node.attr])
    return texts, tuple(beginning for beginning in beginnings if re.fullmatch(r"[a-z_]+\.", beginning))


@pytest.mark.parametrize("what", REGISTRIES)
def test_everything_registered_has_words_and_a_use(what):
    registered = REGISTRIES[what]()
    texts, beginnings = _said(path for path in product_modules() if path.name not in REGISTERING)
    # What a periodic entry names is used by the schedule.
    scheduled = (call.args[2] for _, call in calls(product_modules(), "register") if len(call.args) == 3)
    texts |= {target.value for target in scheduled if isinstance(target, ast.Constant)}

    assert registered
    assert [key for key, kind in registered.items() if hasattr(kind, "label") and not str(kind.label).strip()] == []
    assert [key for key in registered if key not in texts and not key.startswith(beginnings)] == []


@pytest.mark.parametrize(("verb", "what"), [("record", "audit events"), ("queue_message", "kinds of mail"), ("enqueue", "kinds of jobs")])
def test_everything_used_is_registered(verb, what):
    registered = REGISTRIES[what]()
    found = list(calls(product_modules(), verb))
    literal = {
        (name_of(path), node.args[0].value)
        for path, node in found
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    }

    assert found
    assert {place for place in literal if place[1] not in registered} == set()


def test_every_mail_has_a_template_with_a_subject_that_names_nobody():
    kinds = mails.all_kinds()
    personal = re.compile(r"email|address|name|phone|username", re.IGNORECASE)

    assert kinds
    for kind in kinds.values():
        source = (ROOT / "templates" / kind.template_name).read_text(encoding="utf-8")
        get_template(kind.template_name)
        subject = re.search(r"Subject: (.*)", source)
        assert subject, kind.key
        variables = re.findall(r"\{\{\s*([\w.]+)", subject[1])
        assert [variable for variable in variables if personal.search(variable)] == [], kind.key
