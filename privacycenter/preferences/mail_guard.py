"""What the outbox asks before a non-essential message leaves. What can't be decided is not sent."""

from __future__ import annotations

from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.mail import guards
from privacycenter.mail.guards import NotYet, Outgoing
from privacycenter.preferences import gate
from privacycenter.preferences.enums import Channel
from privacycenter.preferences.models import Topic
from privacycenter.preferences.parties import Party, party_of
from privacycenter.subjects.queries import person_with

ADDRESSES = "subjects.identifiers"


def allows(outgoing: Outgoing) -> bool:
    """Whether the gate lets this message leave now, for its address and for the person it was written to.

    Raises NotYet where only quiet hours are against it: they end within a day, and the message may wait for that.
    """
    purpose = _purpose(outgoing)
    if not purpose:
        return False
    # What a message uses is the address, whichever purpose it serves.
    questions = [gate.Question(party, purpose, outgoing.topic, Channel.EMAIL, source=ADDRESSES) for party in _parties(outgoing)]
    against = [decision for decision in gate.may_all(questions) if not decision.allowed]
    ends = [decision.until for decision in against if decision.rule is gate.Rule.QUIET_HOURS and decision.until is not None]
    if against and len(ends) == len(against):
        raise NotYet(max(ends))
    return not against


def _purpose(outgoing: Outgoing) -> str:
    """That of the topic, where the message is about one: a kind like a campaign serves topics of several purposes."""
    if not outgoing.topic:
        return outgoing.purpose
    topic = Topic.objects.filter(key=outgoing.topic).first()
    return str(topic.purpose_id) if topic else ""


def _parties(outgoing: Outgoing) -> list[Party]:
    """The address, and the person where the address leads to nobody or to somebody else."""
    by_address = party_of((IdentifierKind.EMAIL, outgoing.address))
    if not outgoing.subject_key or by_address.subject_key == outgoing.subject_key:
        return [by_address]
    person = person_with(outgoing.subject_key)
    return [by_address] if person is None or str(person.public_id) == by_address.subject_key else [by_address, party_of(person)]


guards.register(allows)
