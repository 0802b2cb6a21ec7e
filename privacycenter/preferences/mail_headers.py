"""What every non-essential mail bears: the headers by which mail programs unsubscribe, and the same ways out in its footer.

RFC 2369 (List-Unsubscribe, List-Help, List-Owner), RFC 8058 (List-Unsubscribe-Post: one POST, nothing else), RFC 2919 (List-Id).
No mailto address stands in List-Unsubscribe: nobody reads the mail that would come, and a way out that leads nowhere is worse
than none. Whoever signs our mail with DKIM must let the signature cover both unsubscribe headers (RFC 8058, section 4).
"""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from privacycenter.mail.decorators import Decoration, FooterLine
from privacycenter.mail.guards import Outgoing
from privacycenter.mail.site import wire_address, wire_host
from privacycenter.preferences.enums import LinkKind, PartyKind
from privacycenter.preferences.links import NewLink, absolute, make_links
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import Party, hashes_of


def ways_out(outgoing: Outgoing) -> Decoration:
    """The decorator of this room: an unsubscribe link and a preference link of their own for each message."""
    party = address_party(outgoing.address)
    unsubscribe, preferences = make_links(
        NewLink(party, kind, topic=outgoing.topic, campaign=outgoing.campaign, subject_key=outgoing.subject_key)
        for kind in (LinkKind.UNSUBSCRIBE, LinkKind.PREFERENCES)
    )
    topic = Topic.objects.filter(key=outgoing.topic).first() if outgoing.topic else None
    return Decoration(
        headers={
            **list_headers(outgoing.topic, unsubscribe),
            "List-Help": f"<{wire_address(reverse('preferences:preferences'))}>",
            "List-Owner": f"<mailto:{settings.OPERATOR_CONTACT}>",
        },
        footer=(
            FooterLine(
                _("Unsubscribe from %(topic)s") % {"topic": topic.title} if topic else _("Unsubscribe from all marketing"),
                absolute(unsubscribe),
            ),
            FooterLine(_("Choose what we may send you, or pause it"), absolute(preferences)),
        ),
    )


def list_headers(topic: str, unsubscribe: str) -> dict[str, str]:
    """The headers that stop messages of a topic: `unsubscribe` is the path of a link made for their one recipient."""
    return {
        "List-Unsubscribe": f"<{wire_address(unsubscribe)}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"<{list_id(topic)}>",
    }


def address_party(address: str) -> Party:
    """A normalised e-mail address as a party, by its own hashes alone and without a query: what a link acts for."""
    own = hashes_of(PartyKind.EMAIL, address)
    return Party(own[0], own, own[:1])


def list_id(topic: str) -> str:
    """The identifier of a topic's list (RFC 2919): it stays the same whatever the topic is called.

    127.0.0.1 and the like are no domains; "localhost" is what the RFC has for lists without one.
    """
    host = wire_host()
    domain = "localhost" if ":" in host or host.replace(".", "").isdigit() else host
    return f"{topic or 'marketing'}.lists.{domain}"
