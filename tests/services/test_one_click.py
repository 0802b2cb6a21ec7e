"""One-click (RFC 8058) from end to end: a message that went through a real mail server, a real web server, and nothing but curl."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable

import pytest

from tests.services.parts import MailServer, cannot_run
from tests.services.stack import Stack

pytestmark = [pytest.mark.services, pytest.mark.slow, pytest.mark.obligation("D-05")]

# A person who wants the news, and a message of a kind of our own, sent by this process over SMTP.
SEND = """
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.mail import kinds
from privacycenter.mail.domain import queue_message
from privacycenter.mail.kinds import MessageKind
from privacycenter.preferences import texts
from privacycenter.preferences.domain import Presented, choose
from privacycenter.preferences.enums import Method
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.subjects.domain import subject_for_proven
system = Actor.system("test")
subject = subject_for_proven(kind="email", value="ada@example.com", source="test", actor=system)
Topic.objects.get_or_create(key="curl_news", defaults=dict(title="News", description="What is new.", purpose_id="news_and_offers"))
presented = Presented(texts.shown("test", "News?", language="en"), Method.FORM)
choose(party_of(subject), on=[Scope("news_and_offers", "curl_news", "email")], presented=presented, actor=Actor(ActorKind.PERSON, "1"))
kind = MessageKind("test.news", "News", essential=False, template="preferences/link", purpose="news_and_offers", topic="curl_news")
with kinds.temporarily(kind):
    for _ in range({count}):
        queue_message("test.news", to="ada@example.com", context={{"link": "x"}}, subject_key=str(subject.public_id), actor=system)
    run_until_idle()
"""
ASK = """
from privacycenter.preferences import gate
from privacycenter.preferences.models import ConsentEvent, Suppression
allowed = gate.may(("email", "ada@example.com"), "news_and_offers", topic="curl_news", channel="email").allowed
print("ANSWER", allowed, Suppression.objects.count(), ConsentEvent.objects.filter(method="one_click").count())
"""


def _curl(*arguments: str) -> tuple[int, str, str]:
    """Status, head and body of what curl gets; it follows no redirect and knows no cookie."""
    done = subprocess.run(["curl", "--silent", "--include", *arguments], capture_output=True, text=True, timeout=60, check=True)
    head, _, body = done.stdout.replace("\r\n", "\n").partition("\n\n")
    return int(head.split(" ")[1]), head, body


def _answer(stack: Stack) -> list[str]:
    [line] = re.findall(r"^ANSWER (.*)$", stack.manage("shell", "--command", ASK).stdout, re.MULTILINE)
    return str(line).split()


def test_a_delivered_message_is_unsubscribed_from_with_nothing_but_curl(
    make_stack: Callable[..., Stack], smtp_server: MailServer, postgresql_database: str
) -> None:
    if shutil.which("curl") is None:
        cannot_run("curl is not installed")
    stack = make_stack(EMAIL_URL=smtp_server.url, DATABASE_URL=postgresql_database)
    stack.manage("migrate", "--verbosity", "0")
    stack.manage("createcachetable")
    stack.start_web()
    stack.manage("shell", "--command", SEND.format(count=2))

    [(_first, raw), (_second, other)] = smtp_server.received
    links = []
    for message in (raw, other):
        head = message.partition(b"\r\n\r\n")[0].decode("ascii")  # every header is plain ASCII
        assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in head
        [url] = re.findall(r"^List-Unsubscribe: <(http://localhost:\d+/u/[A-Za-z0-9_-]{22})>\r?$", head, re.MULTILINE)
        links.append(url)
    assert _answer(stack)[0] == "True"

    # what scanners and preview panes do
    assert _curl(links[0])[0] == 200
    assert _curl("--head", links[0])[0] == 200
    assert _answer(stack) == ["True", "0", "0"]

    status, head, body = _curl("--data", "List-Unsubscribe=One-Click", links[0])
    assert status == 200
    assert "set-cookie" not in head.lower()
    assert "location:" not in head.lower()
    assert "You get no more News by e-mail" in body
    assert _answer(stack) == ["False", "1", "1"]

    # again, as a form with parts, with nothing at all, and by the link of the other message
    assert _curl("--form", "List-Unsubscribe=One-Click", links[0])[0] == 200
    assert _curl("--request", "POST", links[1])[0] == 200
    assert _answer(stack) == ["False", "1", "1"]

    # what was cut off on its way leads nowhere, calmly
    assert _curl("--data", "List-Unsubscribe=One-Click", links[0][:-1])[0] == 404
