"""The history in sentences, with the names that things had when it happened."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacycenter.datamap.models import PurposeVersion, Recipient
from privacycenter.datamap.queries import PurposeHistory
from privacycenter.kernel.actor import ActorKind
from privacycenter.mail import kinds as mail_kinds
from privacycenter.mail.errors import UnknownMessageKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.preferences.enums import POSITIVE, Channel, DeliveryKind, EventKind, Method, SuppressionReason
from privacycenter.preferences.limits import limit_words
from privacycenter.preferences.models import ConsentEvent, DeliveryChoice, Service, Topic
from privacycenter.preferences.receipt_words import method_words
from privacycenter.preferences.scopes import GPC, PARTNERS

_YOU = {
    EventKind.REQUESTED: gettext_lazy("We asked you about %(what)s"),
    EventKind.GIVEN: gettext_lazy("You said yes to %(what)s"),
    EventKind.RENEWED: gettext_lazy("You said yes again to %(what)s"),
    EventKind.REFUSED: gettext_lazy("You said no to %(what)s"),
    EventKind.WITHDRAWN: gettext_lazy("You switched off %(what)s"),
    EventKind.EXPIRED: gettext_lazy("Your yes to %(what)s ran out"),
    EventKind.INVALIDATED: gettext_lazy("We declared your yes to %(what)s invalid"),
    EventKind.OBJECTED: gettext_lazy("You objected to %(what)s"),
    EventKind.OBJECTION_LIFTED: gettext_lazy("You took back your objection to %(what)s"),
}
_STAFF = {
    EventKind.GIVEN: gettext_lazy("Our staff noted that you said yes to %(what)s"),
    EventKind.RENEWED: gettext_lazy("Our staff noted that you said yes again to %(what)s"),
    EventKind.REFUSED: gettext_lazy("Our staff noted that you said no to %(what)s"),
    EventKind.WITHDRAWN: gettext_lazy("Our staff switched off %(what)s for you"),
    EventKind.OBJECTED: gettext_lazy("Our staff noted your objection to %(what)s"),
    EventKind.OBJECTION_LIFTED: gettext_lazy("Our staff noted that you took back your objection to %(what)s"),
}
_PARTNER = {
    True: gettext_lazy("You chose that %(what)s may get your data"),
    False: gettext_lazy("You chose not to deal with %(what)s"),
}
_SIGNAL = {
    True: gettext_lazy("Your browser asked us not to sell or share your data, or use it for targeting (Global Privacy Control)"),
    False: gettext_lazy("The objection by Global Privacy Control was taken back"),
}
_BY_CHANNEL = {
    Channel.EMAIL: gettext_lazy("%(what)s by e-mail"),
    Channel.SMS: gettext_lazy("%(what)s by text message"),
    Channel.PHONE: gettext_lazy("%(what)s by phone"),
    Channel.PUSH: gettext_lazy("%(what)s by push message"),
    Channel.POST: gettext_lazy("%(what)s by letter"),
}
_STOPPED = {
    SuppressionReason.CHOICE: gettext_lazy("We were told that you do not want %(what)s"),
    SuppressionReason.OBJECTION: gettext_lazy("We were told that you object to %(what)s"),
    SuppressionReason.COMPLAINT: gettext_lazy("Your mail service told us that a message was reported as spam. We stopped %(what)s"),
    SuppressionReason.HARD_BOUNCE: gettext_lazy("Mail to an address of yours came back. We stopped %(what)s to it"),
    SuppressionReason.STAFF: gettext_lazy("Our staff stopped %(what)s"),
    SuppressionReason.LAW: gettext_lazy("We stopped %(what)s because a law wants it"),
}


class Words:
    """Sentences for a page of rows. What they name is read at once: four queries at most, however many rows there are."""

    def __init__(self, rows: Iterable[Any], *, account_id: int) -> None:
        self._account = str(account_id)
        rows = list(rows)
        self._events = [row for row in rows if isinstance(row, ConsentEvent)]
        messages: list[OutboxMessage] = [row for row in rows if isinstance(row, OutboxMessage)]
        stops = [row for row in rows if isinstance(row, Mapping)]
        topics = (*(row.topic for row in self._events), *(row.topic for row in messages), *(row["topic"] for row in stops))
        self._topic_keys = set(filter(None, topics))
        self._purpose_keys = {row.purpose for row in self._events if row.purpose not in ("", GPC, PARTNERS)}

    @cached_property
    def _topics(self) -> dict[str, str]:
        return dict(Topic.objects.filter(key__in=self._topic_keys).values_list("key", "title"))

    @cached_property
    def _services(self) -> dict[str, str]:
        return dict(Service.objects.filter(key__in={row.service for row in self._events if row.service}).values_list("key", "title"))

    @cached_property
    def _recipients(self) -> dict[str, str]:
        return dict(Recipient.objects.filter(key__in={row.recipient for row in self._events if row.recipient}).values_list("key", "name"))

    @cached_property
    def _purposes(self) -> PurposeHistory:
        return PurposeHistory(self._purpose_keys)

    def purpose_of(self, event: ConsentEvent) -> PurposeVersion | None:
        """The purpose of an event as it read then; None for purposes that the data map does not have (signals, partners)."""
        return self._purposes.at(event.purpose, event.at) if event.purpose in self._purpose_keys else None

    def what(self, event: ConsentEvent) -> str:
        """What an event is about, by the names of that time: "Product news by e-mail"."""
        if event.purpose == GPC:
            return _("Global Privacy Control")
        if event.recipient:
            name = self._recipients.get(event.recipient, event.recipient)
        elif event.service:
            name = self._services.get(event.service, event.service)
        elif event.topic:
            name = self._topics.get(event.topic, event.topic)
        else:
            purpose = self.purpose_of(event)
            name = purpose.title if purpose else event.purpose
        return _by(name, event.channel)

    def event(self, event: ConsentEvent) -> str:
        """What happened, as a sentence without its full stop."""
        kind = EventKind(event.kind)
        if event.purpose == GPC:
            return str(_SIGNAL[kind == EventKind.OBJECTED])
        if event.purpose == PARTNERS:
            sentence = _PARTNER[kind in POSITIVE]
        elif self._is_staffs(event) and kind in _STAFF:
            sentence = _STAFF[kind]
        else:
            sentence = _YOU[kind]
        return str(sentence) % {"what": self.what(event)}

    def how(self, row: ConsentEvent | DeliveryChoice) -> str:
        """By which way it came in."""
        words = method_words(row.method)
        until = getattr(row, "valid_until", None)
        return _("%(how)s, valid until %(date)s") % {"how": words, "date": _day(until)} if until else words

    def icon(self, event: ConsentEvent) -> str:
        """The icon that stands beside an event."""
        if event.purpose == GPC or event.method == Method.SIGNAL:
            return "globe"
        return {True: "circle-check", False: "x"}[event.kind in POSITIVE or event.kind == EventKind.OBJECTION_LIFTED]

    def delivery(self, row: DeliveryChoice) -> str:
        """What was set about when and how often."""
        value = row.value
        if row.kind == DeliveryKind.PAUSE:
            if not value:
                return _("You ended the pause of optional messages")
            return _("You paused optional messages until %(date)s") % {"date": _day(datetime.fromisoformat(value["until"]))}
        if row.kind == DeliveryKind.QUIET_HOURS:
            return str(_("You set quiet hours from %(from)s to %(until)s") % value) if value else _("You removed the quiet hours")
        if not value:
            return _("You removed the limit on optional messages")
        return _("You set how often we may write, at most: %(limit)s") % {"limit": limit_words(value["messages"], value["days"])}

    def stop(self, row: Mapping[str, Any], *, is_lifted: bool) -> str:
        """A stop that the person did not say in this center, or its end."""
        what = _by(self._topics.get(row["topic"], row["topic"]) if row["topic"] else _("optional messages"), row["channel"])
        if is_lifted:
            return _("We may send %(what)s again") % {"what": what}
        return str(_STOPPED[SuppressionReason(row["reason"])]) % {"what": what}

    def message(self, row: OutboxMessage) -> str:
        """That a message was sent, and of which kind."""
        label = self._topics.get(row.topic, row.topic) if row.topic else mail_kinds.label_of(row.kind)
        return _("We sent you: %(kind)s") % {"kind": label}

    def why_sent(self, row: OutboxMessage) -> str:
        """Why a message was sent: because it is needed, or because it was wanted."""
        try:
            kind = mail_kinds.get(row.kind)
        except UnknownMessageKind:  # of a room that is no longer installed
            return ""
        return str(kind.why) if kind.essential else _("It was switched on when we sent it")

    def _is_staffs(self, event: ConsentEvent) -> bool:
        return event.method == Method.STAFF or (event.actor_kind == ActorKind.STAFF and event.actor_ref != self._account)


def _by(name: str, channel: str) -> str:
    return str(_BY_CHANNEL[Channel(channel)]) % {"what": name} if channel in Channel.values else name


def _day(moment: datetime) -> str:
    return formats.date_format(timezone.localtime(moment), "j F Y")
