from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from privacycenter.mail import decorators, kinds
from privacycenter.mail.decorators import Decoration
from privacycenter.mail.guards import Outgoing
from privacycenter.mail.kinds import MessageKind


def way_out(outgoing: Outgoing) -> Decoration:
    """The least that a non-essential message needs."""
    return Decoration({"List-Unsubscribe": "<http://localhost:8000/u/token>"})


@pytest.fixture(autouse=True)
def _kinds(settings: Any) -> Iterator[None]:
    """Kinds of messages of our own, with templates of our own."""
    folders = [Path(__file__).parent / "templates", *settings.TEMPLATES[0]["DIRS"]]
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": folders}]
    with (
        kinds.temporarily(MessageKind("test.hello", "A greeting", essential=True)),
        kinds.temporarily(MessageKind("test.news", "News", essential=False, template="test/hello", purpose="news_and_offers")),
        decorators.temporarily(way_out),
        kinds.temporarily(MessageKind("test.no_subject", "Broken", essential=True)),
        kinds.temporarily(MessageKind("test.no_body", "Broken", essential=True)),
    ):
        yield
