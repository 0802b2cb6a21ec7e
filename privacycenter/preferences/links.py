"""Links that are mailed to people: short, random, and stored as a digest only.

A token is 128 random bits in 22 signs. Its row bears the keyed hash of the address it was mailed to, so that it goes on working
after a key rotation, after the account is closed and after the topic was renamed. Links to opt out never expire.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse

from privacycenter.kernel import clock
from privacycenter.kernel.tokens import digest, new_token
from privacycenter.preferences import among  # noqa: F401 - registers the look-up
from privacycenter.preferences.enums import Channel, LinkKind
from privacycenter.preferences.models import LinkToken
from privacycenter.preferences.parties import Party
from privacycenter.subjects.models import Identifier

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")
_BATCH = 2_000


@dataclass(frozen=True)
class NewLink:
    """A link to be made; see `make_link`. Whose address it is, where the party tells, is noted without being named here."""

    party: Party
    kind: LinkKind
    topic: str = ""
    channel: str = Channel.EMAIL
    campaign: str = ""
    subject_key: str = ""
    expires_at: datetime | None = None
    takes_back: tuple[int, ...] = ()


def make_link(
    party: Party,
    *,
    kind: LinkKind,
    topic: str = "",
    channel: str = Channel.EMAIL,
    campaign: str = "",
    subject_key: str = "",
    expires_at: datetime | None = None,
) -> str:
    """Make a link that acts for `party.writes_to` and answer its path: /u/<token> to unsubscribe, /p/<token>/ for all else.

    `topic` empty: all marketing. `campaign` is the mailing it was made for, `subject_key` the public id of the person, by which a
    confirmation finds their address; by default the one the party tells. `expires_at` is for links that can switch something on.
    One INSERT.
    """
    link = NewLink(party, kind, topic, channel, campaign, subject_key, expires_at)
    [path] = make_links([link])
    return path


def make_links(wanted: Iterable[NewLink]) -> list[str]:
    """The paths of many new links, in order; one INSERT for thousands."""
    return [path_of(row.kind, token) for row, token in new_rows(wanted)]


def new_rows(wanted: Iterable[NewLink]) -> list[tuple[LinkToken, str]]:
    """Store new links; each row with its token, which is nowhere else."""
    now = clock.now()
    made = [(link, new_token()) for link in wanted]
    rows = [
        LinkToken(
            **link.party.writes_to.columns(),
            digest=digest(token),
            kind=link.kind,
            topic=link.topic,
            channel=link.channel,
            campaign=link.campaign,
            subject_key=link.subject_key or link.party.subject_key,
            created_at=now,
            expires_at=link.expires_at,
            takes_back=list(link.takes_back),
        )
        for link, token in made
    ]
    stored = LinkToken.objects.bulk_create(rows, batch_size=_BATCH)
    return list(zip(stored, (token for _, token in made), strict=True))


def owner_keys(kind: str, values: Iterable[str]) -> dict[str, str]:
    """Public ids of the people who have proven these normalised values, for `NewLink.subject_key`. One query for thousands."""
    rows = Identifier.objects.proven().filter(kind=kind, value__among=sorted(set(values)))
    return {value: str(public_id) for value, public_id in rows.values_list("value", "subject__public_id")}


def path_of(kind: str, token: str) -> str:
    """Where a link leads."""
    return reverse("preferences:unsubscribe" if kind == LinkKind.UNSUBSCRIBE else "preferences:link", args=[token])


def absolute(path: str) -> str:
    """The address of a path for a mail, always built from SITE_URL."""
    return f"{settings.SITE_URL}{path}"


def token_digest(token: str) -> str:
    """The digest by which a token is stored; empty for what can't be one, so that nothing is looked up."""
    return digest(token) if _TOKEN.fullmatch(token) else ""


def link_with(token: str) -> LinkToken | None:
    """The link with this token, of any kind, used or not; None for anything else. One query, none for what can't be a token."""
    wanted = token_digest(token)
    return LinkToken.objects.filter(digest=wanted).first() if wanted else None
