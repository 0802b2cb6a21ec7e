"""A campaign of ten thousand: whoever opts out, at whatever moment, gets nothing after that; and over a real mail server."""

from __future__ import annotations

import random
import secrets
import threading
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import close_old_connections, connection

from privacycenter.jobs.domain import run_due, run_until_idle
from privacycenter.kernel import clock
from privacycenter.preferences.enums import CampaignState
from privacycenter.preferences.models import Campaign, ConsentEvent, Suppression
from privacycenter.subjects.models import Identifier
from tests.factories.subscribers import SCOPE, make_approved, make_subscribers, opt_out, opt_out_by_link
from tests.services.parts import MailServer

PEOPLE = 10_000
OPT_OUTS = 60


class Interrupted(BaseEmailBackend):
    """Delivers into a list; when as many mails have left as a moment says, what is planned for it happens first."""

    delivered: list[str]
    moments: dict[int, Any]

    def send_messages(self, messages: Sequence[EmailMessage]) -> int:
        for message in messages:
            if (happens := self.moments.pop(len(self.delivered), None)) is not None:
                happens(message.to[0])
            self.delivered.append(message.to[0])
        return len(messages)


@pytest.mark.slow(seconds=120)
@pytest.mark.sqlite_only  # moments are made by hand, so one engine is enough; below are real threads on PostgreSQL
@pytest.mark.django_db(transaction=True)
@pytest.mark.obligation("H-01", "L-02", "R-06")
def test_an_opt_out_at_any_moment_of_a_campaign_of_ten_thousand_is_never_followed_by_a_mail(settings: Any) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # shown when it fails
    chance = random.Random(seed)
    people = make_subscribers(PEOPLE)
    addresses = dict(Identifier.objects.filter(kind="email").values_list("subject_id", "value"))
    gone_at: dict[str, int] = {}

    def leaves(person: Any) -> Any:
        way = chance.choice(["page", "link", "everything"])

        def happens(being_handed_over: str) -> None:
            address = addresses[person.pk]
            if address == being_handed_over:
                return  # their mail is on the wire at this very moment
            if way == "page":
                opt_out(person, SCOPE)
            else:
                opt_out_by_link(address, everything=way == "everything")
            gone_at[address] = len(Interrupted.delivered)

        return happens

    moments = chance.sample(range(PEOPLE - OPT_OUTS), OPT_OUTS)
    Interrupted.delivered = []
    Interrupted.moments = {moment: leaves(person) for moment, person in zip(moments, chance.sample(people, OPT_OUTS), strict=True)}
    settings.EMAIL_BACKEND = f"{__name__}.Interrupted"

    campaign = make_approved()
    run_until_idle(limit=5 * PEOPLE)

    sent = [address for address in Interrupted.delivered if address != "marketing@example.org"]
    too_late = {address: place for place, address in enumerate(Interrupted.delivered) if place >= gone_at.get(address, 2 * PEOPLE)}
    assert too_late == {}
    assert len(sent) == len(set(sent)), "somebody got it twice"
    spared = {address for address in gone_at if address not in set(sent)}
    assert set(sent) == set(addresses.values()) - spared
    assert len(gone_at) >= OPT_OUTS - 2
    assert spared, "every opt-out came after its mail: the test has shown nothing"
    assert Campaign.objects.get(pk=campaign.pk).state == CampaignState.SENT


@pytest.mark.services
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.postgresql_only
@pytest.mark.obligation("H-01", "L-02")
def test_people_who_opt_out_beside_two_workers_get_no_mail_that_began_after_it(settings: Any, smtp_server: MailServer) -> None:
    """Real threads, real connections, a real mail server: a mail to somebody who left began to leave before the commit."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", urlsplit(smtp_server.url).port
    people = make_subscribers(150)
    addresses = dict(Identifier.objects.filter(kind="email").values_list("subject_id", "value"))
    leaving = random.Random(7).sample(people, 40)
    make_approved()
    gone: dict[str, int] = {}
    errors: list[BaseException] = []

    def guarded(work: Any) -> None:
        try:
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    def leave() -> None:
        close_old_connections()
        for person in leaving:
            opt_out(person, SCOPE)
            # One mail per worker may be between the gate's yes and the server's receipt.
            gone[addresses[person.pk]] = len(smtp_server.received)

    workers = [threading.Thread(target=guarded, args=(lambda: run_due(seconds=60),)) for _ in range(2)]
    leaver = threading.Thread(target=guarded, args=(leave,))
    for thread in (*workers, leaver):
        thread.start()
    for thread in (leaver, *workers):
        thread.join(120)
    run_until_idle()

    assert errors == []
    places = {to[0]: place for place, (to, _raw) in enumerate(smtp_server.received)}
    assert len(places) == len(smtp_server.received), "somebody got it twice"
    arrived = {address: places[address] for address in gone if address in places}
    late = {address: place for address, place in arrived.items() if place > gone[address] + len(workers)}
    assert late == {}
    assert len(gone) == 40
    assert Suppression.objects.filter(lifted_at=None).count() >= 40
    assert ConsentEvent.objects.filter(at__lte=clock.now()).count() >= 190
