"""The rules of the gate, in their order. Each looks at facts and answers, or says nothing."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from privacycenter.datamap.enums import LegalBasis
from privacycenter.datamap.models import Purpose, Recipient
from privacycenter.preferences.enums import OWN_REASONS, POSITIVE, Channel, EventKind, PartyKind, SuppressionReason
from privacycenter.preferences.gate.answers import Decision, Question, Rule
from privacycenter.preferences.gate.facts import Facts, Listed, Said
from privacycenter.preferences.gate.quiet import quiet_until
from privacycenter.preferences.parties import Party
from privacycenter.preferences.scopes import GPC, PARTNERS, Scope
from privacycenter.preferences.standing import deciding

# Needed whatever somebody chooses. A restriction stops these too, as far as they ask: what the law wants to be sent does not.
_ESSENTIAL = frozenset({LegalBasis.CONTRACT, LegalBasis.LEGAL_OBLIGATION, LegalBasis.VITAL_INTERESTS})
_OWED = frozenset({LegalBasis.LEGAL_OBLIGATION, LegalBasis.VITAL_INTERESTS})
# Kinds of identifiers that a channel reaches; a bounce says something about one of them only.
_REACHES = {Channel.EMAIL: PartyKind.EMAIL, Channel.SMS: PartyKind.PHONE, Channel.PHONE: PartyKind.PHONE, Channel.PUSH: PartyKind.DEVICE}

_NO_PURPOSE = Decision(False, _("The data map has no such purpose."), Rule.UNKNOWN)
_NO_TOPIC = Decision(False, _("There is no such topic, or it is no longer offered."), Rule.UNKNOWN)
_OTHER_PURPOSE = Decision(False, _("The topic belongs to another purpose."), Rule.UNKNOWN)
_OTHER_CHANNEL = Decision(False, _("The topic is not sent this way."), Rule.UNKNOWN)
_NO_CHANNEL = Decision(False, _("There is no such way to reach people."), Rule.UNKNOWN)
_NO_RECIPIENT = Decision(False, _("The data map has no such recipient."), Rule.UNKNOWN)
_RESTRICTED = Decision(False, _("The use of this person's data is restricted at present."), Rule.RESTRICTION)
_PART_RESTRICTED = Decision(False, _("The use of this part of the person's data is restricted at present."), Rule.RESTRICTION)
_OBJECTED = Decision(False, _("The person objected to this."), Rule.OBJECTION)
_NOT_CONSENTED = Decision(False, _("The person has not agreed to this."), Rule.CONSENT)
_CHOSEN_OFF = Decision(False, _("The person chose not to have this."), Rule.CONSENT)
_DECLINED = Decision(False, _("The person chose not to deal with this recipient."), Rule.PARTNER)
_SIGNALLED = Decision(False, _("The person's browser asks not to sell or share their data (Global Privacy Control)."), Rule.GPC)
_CHILD = Decision(False, _("The person is a child."), Rule.AGE)
_CONSENTED = Decision(True, _("The person agreed to this."), Rule.CONSENT)
_BASES = {
    LegalBasis.CONTRACT: Decision(True, _("It is needed for a contract with the person."), Rule.LEGAL_BASIS),
    LegalBasis.LEGAL_OBLIGATION: Decision(True, _("The law requires it."), Rule.LEGAL_BASIS),
    LegalBasis.VITAL_INTERESTS: Decision(True, _("It protects somebody's life."), Rule.LEGAL_BASIS),
    LegalBasis.LEGITIMATE_INTERESTS: Decision(True, _("A legitimate interest allows it, and the person did not object."), Rule.LEGAL_BASIS),
}
_SUPPRESSED = {
    reason: Decision(False, words, Rule.SUPPRESSION, kind=reason)
    for reason, words in (
        (SuppressionReason.CHOICE, _("The person does not want these messages.")),
        (SuppressionReason.OBJECTION, _("The person objected to direct marketing.")),
        (SuppressionReason.COMPLAINT, _("The person reported our messages as spam.")),
        (SuppressionReason.HARD_BOUNCE, _("Messages to this address come back.")),
        (SuppressionReason.STAFF, _("We put this person on the list of people we don't write to.")),
        (SuppressionReason.LAW, _("The law forbids to write to this person.")),
    )
}


def decide(question: Question, party: Party, facts: Facts) -> Decision:
    """The answer to one question. Nothing that is not known is allowed."""
    purpose = facts.purposes.get(question.purpose)
    if purpose is None:
        return _NO_PURPOSE
    recipient = facts.recipients.get(question.recipient)
    unknown = _unknown(question, purpose, recipient, facts)
    if unknown is not None:
        return unknown
    person = party.person
    if person is not None and person.restricted_at is not None and person.restricted_at <= facts.now:
        return _RESTRICTED
    if person is not None and facts.restricted and (person.id, question.source) in facts.restricted:
        return _PART_RESTRICTED
    states = facts.states_of(party)
    if purpose.legal_basis in _ESSENTIAL:
        declined = purpose.legal_basis not in _OWED and _declined(recipient, states, facts)
        return _DECLINED if declined else _BASES[LegalBasis(purpose.legal_basis)]
    return _ask_non_essential(question, party, purpose, recipient, states, facts)


def _ask_non_essential(
    question: Question, party: Party, purpose: Purpose, recipient: Recipient | None, states: dict[Scope, Said], facts: Facts
) -> Decision:
    scope = Scope(question.purpose, question.topic, question.channel, "", question.recipient)
    said = deciding(states, scope, facts.now) if states else None
    needs_consent = purpose.legal_basis == LegalBasis.CONSENT
    is_message = bool(question.channel or question.topic or purpose.is_direct_marketing)
    if said is not None and said.kind == EventKind.OBJECTED:
        return _OBJECTED
    if is_message and (row := _suppression(question, party, said, facts)) is not None:
        return _SUPPRESSED[SuppressionReason(row.reason)]
    if said is not None and said.kind not in POSITIVE:
        return _CHOSEN_OFF
    if needs_consent and said is None:
        return _NOT_CONSENTED
    if _declined(recipient, states, facts):
        return _DECLINED
    shares = purpose.honours_gpc or (recipient is not None and recipient.is_partner)
    if shares and states and _says_no(states, Scope(GPC), facts):
        return _SIGNALLED
    if party.person is not None and party.person.is_child and (needs_consent or purpose.is_direct_marketing):
        return _CHILD
    waiting = _wait(question, party, facts) if is_message else None
    if waiting is not None:
        return waiting
    return _CONSENTED if said is not None else _BASES[LegalBasis(purpose.legal_basis)]


def _unknown(question: Question, purpose: Purpose, recipient: Recipient | None, facts: Facts) -> Decision | None:
    if question.recipient and recipient is None:
        return _NO_RECIPIENT
    if question.channel and question.channel not in _CHANNELS:
        return _NO_CHANNEL
    if not question.topic:
        return None
    topic = facts.topics.get(question.topic)
    if topic is None or not topic.is_active:
        return _NO_TOPIC
    if topic.purpose_id != purpose.key:
        return _OTHER_PURPOSE
    return _OTHER_CHANNEL if question.channel and question.channel not in topic.channels else None


_CHANNELS = frozenset(Channel.values)


def _says_no(states: dict[Scope, Said], scope: Scope, facts: Facts) -> bool:
    said = deciding(states, scope, facts.now)
    return said is not None and said.kind not in POSITIVE


def _declined(recipient: Recipient | None, states: dict[Scope, Said], facts: Facts) -> bool:
    """Whether the person chose not to deal with this recipient (S-03)."""
    return recipient is not None and recipient.is_partner and _says_no(states, Scope(PARTNERS, recipient=recipient.key), facts)


def _suppression(question: Question, party: Party, said: Said | None, facts: Facts) -> Listed | None:
    """The suppression that answers the question, or None."""
    bounced: set[str] = set()
    for row in facts.suppressions_of(party):
        if row.topic not in ("", question.topic) or row.channel not in ("", question.channel):
            continue
        if row.reason == SuppressionReason.HARD_BOUNCE:
            bounced.add(row.party_hash)
            if _reaches_nothing_else(question, party, bounced):
                return row
        elif not (row.reason in OWN_REASONS and said is not None and _outweighs(said, row)):
            return row
    return None


def _outweighs(said: Said, row: Listed) -> bool:
    """Whether a yes was said after the person's own no, and is about a part of it."""
    topic, channel = row.about
    is_part = topic in ("", said.scope.topic) and channel in ("", said.scope.channel)
    return said.kind in POSITIVE and is_part and said.at is not None and said.at > row.said_at


def _reaches_nothing_else(question: Question, party: Party, bounced: set[str]) -> bool:
    """Whether every address that the message could go to has bounced. Another address of the same person is none of it."""
    if party.writes_to.kind != PartyKind.SUBJECT:
        return any(hashed.digest in bounced for hashed in party.own)
    kind = _REACHES.get(Channel(question.channel)) if question.channel else None
    reached = [group for group in party.contact_groups if kind is None or group[0].kind == kind]
    return all(any(hashed.digest in bounced for hashed in group) for group in reached)


def _wait(question: Question, party: Party, facts: Facts) -> Decision | None:
    """The answer where waiting helps: a pause, quiet hours, a limit that is reached."""
    delivery = facts.delivery_of(party) if facts.delivery else None
    if delivery is None:
        return None
    if delivery.pause_until is not None and delivery.pause_until > facts.now:
        return Decision(False, _("The person paused these messages."), Rule.PAUSE, delivery.pause_until)
    if delivery.quiet_from is not None and delivery.quiet_until is not None and question.channel != Channel.POST:
        zone = zone_named(party.person.time_zone if party.person is not None else "")
        if (until := quiet_until(facts.now, zone, delivery.quiet_from, delivery.quiet_until)) is not None:
            return Decision(False, _("The person has quiet hours now."), Rule.QUIET_HOURS, until)
    if delivery.frequency is not None and question.channel in ("", Channel.EMAIL):
        period = timedelta(days=delivery.frequency.days)
        sent = [moment for moment in facts.sent_to(party) if moment > facts.now - period]
        over = len(sent) - delivery.frequency.messages
        if over >= 0:
            reason = _("The person has had as many messages as they want for now.")
            return Decision(False, reason, Rule.FREQUENCY, sent[over] + period)
    return None


@lru_cache(maxsize=600)
def zone_named(name: str) -> ZoneInfo:
    """A person's zone; the operator's where they told us none."""
    return ZoneInfo(name or settings.TIME_ZONE)
