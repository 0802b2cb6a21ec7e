"""POST unsubscribe-links/: for a mailer outside, what our own mails bear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.response import Response

from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.preferences.api.base import ClientView
from privacycenter.preferences.api.items import Fault, Item, items_in, read_each
from privacycenter.preferences.api.scopes import LINKS
from privacycenter.preferences.api.serializers import KEY, LinksIn, LinksOut
from privacycenter.preferences.enums import Channel, LinkKind
from privacycenter.preferences.errors import UnknownTopic
from privacycenter.preferences.links import NewLink, absolute, make_links, owner_keys
from privacycenter.preferences.mail_headers import list_headers
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import Party, PartyHash, hashes_of

CAMPAIGN = 60
_CHANNELS = {IdentifierKind.EMAIL: Channel.EMAIL, IdentifierKind.PHONE: Channel.SMS}


class UnsubscribeLinksView(ClientView):
    scope = LINKS

    @extend_schema(operation_id="unsubscribe_links", request=LinksIn, responses=LinksOut, tags=["links"])
    def post(self, request: Any) -> Response:
        """Make an unsubscribe link and a preference link for each recipient of a mailing, and the headers that go with them.

        A link acts for its address, works for years and can only switch off. Make new ones for each mailing, and put them into that
        recipient's message only.
        """
        topics = frozenset(Topic.objects.values_list("key", flat=True))

        def read_one(item: Item) -> NewLink:
            kind, value = item.identifier()
            channel = _CHANNELS.get(IdentifierKind(kind))
            if channel is None:
                raise Fault("not_an_address", "identifier", "kind", words=_("Links are made for e-mail addresses and phone numbers."))
            topic = item.text("topic", most=KEY)
            if topic and topic not in topics:
                raise Fault(UnknownTopic.code, "topic", words=UnknownTopic.message)
            own = hashes_of(kind, value)  # by its own hashes alone: the link acts for this address
            party = Party(own[0], own, own[:1])
            values[own[0]] = value
            return NewLink(party, LinkKind.UNSUBSCRIBE, topic=topic, channel=channel, campaign=item.text("campaign", most=CAMPAIGN))

        values: dict[PartyHash, str] = {}
        read = read_each(items_in(request.data, "links"), read_one)
        owners = _owners(values)
        wanted = [replace(each, subject_key=owners.get(each.party.writes_to, "")) for each in read if not isinstance(each, Fault)]
        paths = iter(make_links(link for each in wanted for link in (each, replace(each, kind=LinkKind.PREFERENCES))))
        answers = [
            each.answer("links", index) if isinstance(each, Fault) else _made(each, next(paths), next(paths))
            for index, each in enumerate(read)
        ]
        return Response({"links": answers})


def _owners(values: Mapping[PartyHash, str]) -> dict[PartyHash, str]:
    """Public ids of the people whose addresses these are: opting out by a link is confirmed to them. One query for each kind."""
    known = {kind: owner_keys(kind, [value for own, value in values.items() if own.kind == kind]) for kind in {own.kind for own in values}}
    return {own: known[own.kind][value] for own, value in values.items() if value in known[own.kind]}


def _made(link: NewLink, unsubscribe: str, preferences: str) -> dict[str, Any]:
    made: dict[str, Any] = {"unsubscribe_url": absolute(unsubscribe), "preferences_url": absolute(preferences)}
    if link.channel == Channel.EMAIL:
        made["headers"] = list_headers(link.topic, unsubscribe)
    return made
