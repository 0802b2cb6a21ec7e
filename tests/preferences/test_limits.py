"""How often at most: one wording, in order."""

from __future__ import annotations

from privacycenter.preferences.limits import limit_words, offered


def test_the_stored_limit_stands_among_the_others_from_most_to_fewest():
    assert [limit_words(*limit) for limit in offered((2, 7))] == [
        "3 messages in 7 days",
        "2 messages in 7 days",
        "1 message in 7 days",
        "1 message in 14 days",
        "1 message in 30 days",
    ]
    assert offered((1, 7)) == offered(None)
