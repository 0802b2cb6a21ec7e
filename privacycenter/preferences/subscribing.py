"""Mails that somebody asks for by typing an address: the link to the preferences, and the confirmation of a subscription.

Both do the same work and get the same answer whoever's address it is: a job, or the owner of the address, finds out the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.hashing import keyed_hash
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.mail.domain import queue_message
from privacycenter.preferences.domain import Choice, Presented, choose
from privacycenter.preferences.domain.ledger import new_event
from privacycenter.preferences.enums import AskedFor, Channel, EventKind, LinkKind, Method
from privacycenter.preferences.errors import TooManyAsked
from privacycenter.preferences.links import NewLink, absolute, new_rows, path_of
from privacycenter.preferences.mail_headers import address_party
from privacycenter.preferences.models import AskedMail, ConsentEvent, LinkToken, PendingSubscription, Suppression, Topic
from privacycenter.preferences.parties import Party, party_of
from privacycenter.preferences.scopes import Scope
from privacycenter.preferences.texts import ShownText
from privacycenter.preferences.undo import use
from privacycenter.subjects.domain import subject_for_proven
from privacycenter.subjects.queries import is_known

SEND_LINK = "preferences.send_link"
PER_ADDRESS_A_DAY = 5
PER_CLIENT_AN_HOUR = 20
CONFIRM_DAYS = 7
KEEP_ASKED_HOURS = 24
SOURCE = "preferences.subscription"
_SOMEBODY = Actor(ActorKind.ANONYMOUS)
_OWNER = Actor(ActorKind.ANONYMOUS, "confirmation link")
_LINKS = Actor.system("preferences.links")


def ask_for_link(address: str, *, client: str, language: str, actor: Actor) -> None:
    """Order a mail with a link to the preferences. Whether anything is sent, a job decides.

    `client` is the network that asks. Raises InvalidIdentifier and TooManyAsked, which say nothing about whose address it is.
    """
    normal = normalise(IdentifierKind.EMAIL, address)
    with transaction.atomic():
        asked, is_over = _count(AskedFor.LINK, normal, client=client, language=language)
        if not is_over:
            enqueue(SEND_LINK, key=str(asked.pk), payload={"asked": asked.pk})


def send_links(claims: list[Claim]) -> None:
    """Handler of `preferences.send_link`: mail the link where anything is known about the address; else nothing at all."""
    for claim in claims:
        with transaction.atomic():
            claim.finish()
            asked = AskedMail.objects.select_for_update().filter(pk=claim.payload["asked"], answered_at__isnull=True).first()
            if asked is not None:
                _answer(asked)


def _answer(asked: AskedMail) -> None:
    address = asked.address
    party = party_of((IdentifierKind.EMAIL, address))
    if _knows(party, address):
        link = NewLink(address_party(address), LinkKind.PREFERENCES, subject_key=party.subject_key)
        [(_row, token)] = new_rows([link])
        queue_message(
            "preferences.link",
            to=address,
            context={"link": absolute(path_of(LinkKind.PREFERENCES, token))},
            language=asked.language,
            subject_key=party.subject_key,
            actor=_LINKS,
        )
    AskedMail.objects.filter(pk=asked.pk).update(address="", answered_at=clock.now())


def _knows(party: Party, address: str) -> bool:
    """Whether there is anything to choose about: a person, a choice, a suppression or a mailing."""
    if party.subject is not None or is_known(IdentifierKind.EMAIL, address):
        return True
    here = Q(party_hash__in=party.digests)
    return any(
        rows.exists()
        for rows in (
            ConsentEvent.objects.filter(here).exclude(kind=EventKind.REQUESTED),
            Suppression.objects.filter(here),
            LinkToken.objects.filter(here).exclude(kind=LinkKind.CONFIRM),  # a wish that nobody confirmed makes nobody known
        )
    )


def ask_subscription(
    address: str, *, topics: Sequence[Topic], text: ShownText, client: str, language: str, page: str, actor: Actor
) -> None:
    """Note that somebody wants topics mailed to this address, and order the mail by which its owner confirms.

    Nothing counts before that, and nothing goes into the ledger, which keeps for good what anybody types here. `text` is what the form
    said. Raises InvalidIdentifier and TooManyAsked.
    """
    normal = normalise(IdentifierKind.EMAIL, address)
    party, now = address_party(normal), clock.now()
    with transaction.atomic():
        _asked, is_over = _count(AskedFor.SUBSCRIPTION, normal, client=client, language=language, keep_address=False)
        if is_over:
            return
        expires_at = now + timedelta(days=CONFIRM_DAYS)
        [(link, token)] = new_rows([NewLink(party, LinkKind.CONFIRM, expires_at=expires_at)])
        PendingSubscription.objects.create(
            **party.writes_to.columns(),
            address=normal,
            language=language,
            topics=[topic.key for topic in topics],
            text_id=text.id,
            token=link,
            page=page,
            created_at=now,
            expires_at=expires_at,
        )
        queue_message(
            "preferences.confirm",
            to=normal,
            context={
                "topics": [topic.title for topic in topics],
                "link": absolute(path_of(LinkKind.CONFIRM, token)),
                "days": CONFIRM_DAYS,
            },
            language=language,
            actor=actor,
        )


def pending_of(link: LinkToken) -> PendingSubscription | None:
    """What a confirmation link would confirm; None once it did."""
    return PendingSubscription.objects.select_related("text").filter(token=link).first()


def titles_of(pending: PendingSubscription) -> list[str]:
    """The topics of an unconfirmed subscription, as they are called today."""
    return [topic.title for topic in _topics(pending)]


@transaction.atomic
def confirm_subscription(link: LinkToken, *, page: str) -> list[str]:
    """The owner of the address says yes: from now on it counts. Answers the titles; nothing where the link was used or is over, or
    none of the topics is left, which uses nothing up.

    The ledger learns now that it was asked for, and when. A person comes into being where nobody has proven this address. The
    person's own opting out of these topics is lifted; what the law or an undeliverable address put there stays.
    """
    pending = pending_of(link)
    topics = _topics(pending) if pending is not None else []
    if pending is None or not topics or not use(link):
        return []
    subject_for_proven(kind=IdentifierKind.EMAIL, value=pending.address, source=SOURCE, actor=_OWNER)
    row = pending.text
    text = ShownText(row.pk, row.key, row.version, row.language, row.sha256)
    asked = Presented(text, Method.FORM, "subscribe", pending.page)
    by_address, scopes = address_party(pending.address), _scopes(topics)
    ConsentEvent.objects.bulk_create(
        [new_event(by_address, Choice(scope, EventKind.REQUESTED), asked, _SOMEBODY, pending.created_at) for scope in scopes]
    )
    choose(
        party_of((IdentifierKind.EMAIL, pending.address)),
        on=scopes,
        presented=Presented(text, Method.MAILED_CONFIRMATION, "confirm", page),
        actor=_OWNER,
    )
    pending.delete()
    return [topic.title for topic in topics]


def purge_asked() -> int:
    """Delete subscriptions that nobody confirmed in time, with their links, and mails that were asked for a day ago."""
    now = clock.now()
    expired = PendingSubscription.objects.filter(expires_at__lte=now).values_list("token_id", flat=True)
    count, _each = LinkToken.objects.filter(pk__in=list(expired[:1000])).delete()
    old, _each = AskedMail.objects.filter(created_at__lt=now - timedelta(hours=KEEP_ASKED_HOURS)).delete()
    return count + old


def subscription_text(topics: Sequence[Topic]) -> str:
    """The words of the form under which somebody subscribes: every topic that is offered, as it is described."""
    lines = [f"{topic.title}: {topic.description}" for topic in topics]
    promise = _("We write only after you have confirmed by a link that we mail you, and you can stop it with every mail.")
    return "\n".join([_("Send me by e-mail:"), *lines, promise])


def _topics(pending: PendingSubscription) -> list[Topic]:
    return list(Topic.objects.filter(key__in=pending.topics))


def _scopes(topics: Sequence[Topic]) -> list[Scope]:
    return [Scope(purpose=topic.purpose_id, topic=topic.key, channel=Channel.EMAIL) for topic in topics]


def _count(kind: AskedFor, address: str, *, client: str, language: str, keep_address: bool = True) -> tuple[AskedMail, bool]:
    """Note that somebody asked; also whether this address has had enough, which nobody is told. Raises TooManyAsked for the client."""
    now, client_hash = clock.now(), keyed_hash(client, context="preferences.client").digest
    lately = AskedMail.objects.filter(client_hash=client_hash, created_at__gt=now - timedelta(hours=1))
    if lately.count() >= PER_CLIENT_AN_HOUR:
        raise TooManyAsked
    party = address_party(address)
    # Each kind on its own: nobody uses up somebody else's links to the preferences by subscribing them.
    today = AskedMail.objects.filter(kind=kind, party_hash=party.writes_to.digest, created_at__gt=now - timedelta(hours=KEEP_ASKED_HOURS))
    is_over = today.count() >= PER_ADDRESS_A_DAY
    asked = AskedMail.objects.create(
        **party.writes_to.columns(),
        kind=kind,
        address=address if keep_address and not is_over else "",
        language=language,
        client_hash=client_hash,
        created_at=now,
    )
    return asked, is_over
