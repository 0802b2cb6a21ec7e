"""Links: short, random, stored as digests only; what can't be one is nothing."""

from __future__ import annotations

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from privacycenter.kernel import tokens
from privacycenter.preferences.enums import LinkKind
from privacycenter.preferences.links import NewLink, absolute, link_with, make_link, make_links
from privacycenter.preferences.models import LinkToken
from privacycenter.preferences.parties import party_of

pytestmark = pytest.mark.django_db


def token_of(path: str) -> str:
    return path.strip("/").split("/")[1]


def test_a_link_is_short_and_bears_128_random_bits_that_nobody_can_read_from_the_database() -> None:
    path = make_link(party_of(("email", "ada@example.com")), kind=LinkKind.UNSUBSCRIBE, topic="product_news", campaign="C-1")
    row = LinkToken.objects.get()

    assert re.fullmatch(r"/u/[A-Za-z0-9_-]{22}", path)
    assert row.digest == tokens.digest(token_of(path))
    assert token_of(path) not in str([row.__dict__])
    assert "ada" not in str(row.__dict__)
    assert (row.topic, row.channel, row.campaign, row.expires_at, row.used_at) == ("product_news", "email", "C-1", None, None)


def test_all_but_unsubscribing_opens_the_page_of_choices() -> None:
    party = party_of(("email", "ada@example.com"))

    assert make_link(party, kind=LinkKind.UNSUBSCRIBE).startswith("/u/")
    for kind in (LinkKind.PREFERENCES, LinkKind.UNDO, LinkKind.CONFIRM):
        assert re.fullmatch(r"/p/[A-Za-z0-9_-]{22}/", make_link(party, kind=kind))


def test_thousands_of_links_cost_a_few_statements_and_are_all_different() -> None:
    party = party_of(("email", "ada@example.com"))
    with CaptureQueriesContext(connection) as captured:
        paths = make_links(NewLink(party, LinkKind.UNSUBSCRIBE, topic="product_news") for _ in range(4_000))

    assert len(set(paths)) == len(paths) == 4_000
    # on SQLite a statement takes fewer parameters than on PostgreSQL
    assert len(captured) < 80


def test_the_link_is_found_by_its_token_and_by_nothing_else() -> None:
    path = make_link(party_of(("email", "Ada@EXAMPLE.com")), kind=LinkKind.UNSUBSCRIBE)
    token = token_of(path)
    found = link_with(token)

    assert found is not None
    assert found.party_hash == party_of(("email", "ada@example.com")).writes_to.digest
    with CaptureQueriesContext(connection) as captured:
        for wrong in (token[:-1], f"{token}a", token.swapcase() + "!", "", "a" * 5000, "../" * 8, f"{token}\n", "ä" * 22, found.digest):
            assert link_with(wrong) is None
    assert len(captured) == 0
    assert link_with("A" * 22) is None


def test_absolute_addresses_are_built_from_the_setting(settings) -> None:
    settings.SITE_URL = "https://privacy.example.com"

    assert absolute("/u/x") == "https://privacy.example.com/u/x"
