"""Every path that mails, takes data in or passes it on asks the gate; nobody finds a way around it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from privacycenter.mail import guards, kinds
from privacycenter.mail.guards import Outgoing
from privacycenter.preferences import gate, mail_guard
from privacycenter.records.models import PersonRecord
from tests.guards.tree import ROOT, calls, name_of, parsed, product_modules

# What talks to other machines, and why it passes on nobody's data for a purpose of ours, or who asks for it.
TALKERS = {
    "privacycenter/mail/delivery.py": "hands over what the outbox holds, after asking the guards",
    "privacycenter/mail/rendering.py": "builds the message that delivery hands over",
    "privacycenter/preferences/webhooks.py": "reads what mail services report; sends nothing",
    "requests_app/domain/webhooks.py": "tells a system that filed a request where it stands, by its reference; nothing of anybody",
    "requests_app/transfer/wire.py": "carries what sending hands it, which asks requests_app/transfer/leave.py before each piece",
    "accounts/adapters/providers.py": "asks the provider with whom the person signs in, for that person",
}
TALKING = ("smtplib", "http.client", "urllib.request", "requests", "urllib3", "httpx", "aiohttp", "ftplib", "django.core.mail", "anymail")
WRITING = {"create", "bulk_create", "get_or_create", "update_or_create", "save"}
ASKING = {"may", "may_all"}


def imported(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def talks(path: Path) -> bool:
    return any(name == each or name.startswith(f"{each}.") for name in imported(path) for each in TALKING)


def asks_the_gate(path: Path) -> bool:
    """Whether a module calls gate.may or gate.may_all."""
    return any(
        isinstance(call.func, ast.Attribute) and getattr(call.func.value, "id", "") == "gate" for _, call in calls((path,), *ASKING)
    ) and ("privacycenter.preferences.gate" in imported(path))


def test_only_the_outbox_and_those_who_ask_talk_to_other_machines():
    talkers = {name_of(path) for path in product_modules() if talks(path)}

    assert "privacycenter/mail/delivery.py" in talkers
    assert {name for name in talkers if name not in TALKERS and not asks_the_gate(ROOT / name)} == set()
    assert set(TALKERS) <= talkers  # no excuse outlives its reason


def test_nothing_leaves_the_outbox_before_its_guards_were_asked():
    source = parsed(ROOT / "privacycenter/mail/delivery.py")
    senders = []
    for function in [node for node in ast.walk(source) if isinstance(node, ast.FunctionDef)]:
        called = sorted((call.lineno, _called(call)) for call in ast.walk(function) if isinstance(call, ast.Call))
        if "send" in [name for _, name in called]:
            senders.append(function.name)
            names = [name for _, name in called]
            assert "_may_leave" in names, function.name
            assert names.index("_may_leave") < names.index("send"), function.name

    assert senders
    decider = next(node for node in ast.walk(source) if isinstance(node, ast.FunctionDef) and node.name == "_may_leave")
    assert "may_leave" in {_called(call) for call in ast.walk(decider) if isinstance(call, ast.Call)}


@pytest.mark.obligation("H-01")
@pytest.mark.django_db
def test_every_message_that_is_not_essential_is_refused_to_somebody_who_never_agreed():
    others = [kind for kind in kinds.all_kinds().values() if not kind.essential]

    assert mail_guard.allows in guards._guards
    assert others
    for kind in others:
        assert kind.purpose, kind.key
        if gate.may(("email", "nobody@example.com"), kind.purpose, channel="email").allowed:
            continue  # a legitimate interest: an objection stops it
        assert not guards.may_leave(Outgoing(kind.key, "nobody@example.com", "", kind.purpose, kind.topic)), kind.key


@pytest.mark.django_db
def test_a_message_of_an_unknown_purpose_or_topic_is_refused():
    assert not mail_guard.allows(Outgoing("x.y", "nobody@example.com", ""))
    assert not mail_guard.allows(Outgoing("x.y", "nobody@example.com", "", "selling"))
    assert not mail_guard.allows(Outgoing("x.y", "nobody@example.com", "", "service_messages", "no_such_topic"))


def test_whoever_takes_in_what_is_said_about_people_asks_the_gate():
    models = {model.__name__ for model in PersonRecord.__subclasses__()}
    writers = {name_of(path) for path, call in calls(product_modules(), *WRITING) if _names(path) & {*models, "PersonRecord"}}
    # the demo writes made-up people on a new database
    writers = {name for name in writers if not name.endswith("/demo.py")}

    assert models
    assert "privacycenter/records/domain.py" in writers
    assert {name for name in writers if not asks_the_gate(ROOT / name)} == set()


def test_whoever_passes_data_on_asks_the_gate():
    """A verb that notes a disclosure stands where data goes to a recipient."""
    passing = {
        name_of(path)
        for path in product_modules()
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef) and node.name.startswith(("disclose", "record_disclosure", "pass_on"))
    }

    assert {name for name in passing if not asks_the_gate(ROOT / name)} == set()


def test_the_guard_would_find_a_way_around(tmp_path: Path):
    around = tmp_path / "around.py"
    around.write_text("import smtplib\nfrom privacycenter.preferences import gate\n")
    asking = tmp_path / "asking.py"
    asking.write_text("from privacycenter.preferences import gate\ngate.may(someone, 'news_and_offers')\n")

    assert talks(around)
    assert not asks_the_gate(around)
    assert asks_the_gate(asking)


def _called(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _names(path: Path) -> set[str]:
    return {node.id for node in ast.walk(parsed(path)) if isinstance(node, ast.Name)}
