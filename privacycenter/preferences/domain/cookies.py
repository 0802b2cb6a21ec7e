"""Choices about cookies and storage, the browser's objection, and the register that people are asked about."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.tokens import new_token
from privacycenter.preferences import standing, texts
from privacycenter.preferences.cookies import register as registers
from privacycenter.preferences.cookies.choice import account_events
from privacycenter.preferences.cookies.consent_cookie import ConsentCookie, Said
from privacycenter.preferences.cookies.register import Banner, Register
from privacycenter.preferences.domain.ledger import Choice, Presented, record_choice, record_choices
from privacycenter.preferences.enums import POSITIVE, EventKind, Method, PartyKind
from privacycenter.preferences.models import BannerSettings, ConsentEvent, Service, StorageItem
from privacycenter.preferences.parties import Party, hashes_of, party_of
from privacycenter.preferences.scopes import GPC, Scope
from privacycenter.preferences.signals import TEXT
from privacycenter.subjects.errors import StaffOnly
from privacycenter.subjects.models import Subject

AnyRow = TypeVar("AnyRow", Service, StorageItem, BannerSettings)


def choose_cookies(
    decisions: Mapping[str, bool],
    *,
    register: Register,
    cookie: ConsentCookie | None,
    subject: Subject | None,
    presented: Presented,
    actor: Actor,
    is_noted: bool = True,
) -> ConsentCookie:
    """Note what somebody decided about services, and answer what their browser is to remember.

    `decisions` says yes or no by service key; keys that need no consent or don't exist are ignored, services without a decision keep
    theirs. Events go under the person when somebody is signed in, and under the browser's device id when it has one. A visitor who
    refuses everything has none: the refusal is noted under a random hash that leads nowhere, and the browser remembers no number.
    The same decision again on the same day writes nothing, nor does any decision that is not to be noted.
    """
    wanted = {service.key: bool(decisions[service.key]) for service in register.asked if service.key in decisions}
    kept = {service.key: cookie.said[service.key] for service in register.asked if cookie and cookie.counts(service.key, register.banner)}
    said = kept | {service.key: Said(service.print, wanted[service.key]) for service in register.asked if service.key in wanted}
    today = clock.now().date()
    # What is kept was said earlier: the choice as a whole is then as old as its oldest part.
    made_on = cookie.made_on if cookie and set(kept) - set(wanted) else today
    account = account_events(subject, register) if subject else {}
    before_account = {service.key: _was_on(account, service.scope) for service in register.asked}
    before_device = {key: was.is_on for key, was in cookie.said.items()} if cookie else {}

    chosen = ConsentCookie(made_on, said)
    device = (cookie.device if cookie else "") or ("" if subject and chosen.accepts_something else new_token())
    chosen = ConsentCookie(made_on, said, device if chosen.accepts_something else "")
    account_knows = subject is None or all(before_account[key] is is_on for key, is_on in wanted.items())
    if cookie == chosen and account_knows:
        return cookie
    if not is_noted:
        return chosen
    with transaction.atomic():
        if subject:
            record_choices(party_of(subject), _choices(wanted, before_account, register), presented=presented, actor=actor)
        if not subject or (cookie and cookie.device):
            record_choices(device_party(device), _choices(wanted, before_device, register), presented=presented, actor=actor)
    return chosen


def note_signal(party: Party, *, page: str, actor: Actor, anew: bool = False) -> ConsentEvent | None:
    """Note the browser's objection (Sec-GPC: 1) for a person or device, once per change: nothing where it stands already.

    Nor where the person took it back: a signal sent without a thought does not undo what they chose for their account. Only they raise
    it there again (`anew`); the browser that sends it is treated as it asks in any case.
    """
    with transaction.atomic():
        if party.subject:  # two pages of one browser come in at once
            Subject.objects.select_for_update().filter(pk=party.subject.pk).first()
        newest = ConsentEvent.objects.filter(party_hash__in=party.digests, purpose=GPC).defer("evidence").order_by("-id").first()
        if newest is not None and (newest.kind == EventKind.OBJECTED or not anew):
            return None
        presented = Presented(texts.registered(TEXT), Method.SIGNAL, control="Sec-GPC", page=page)
        return record_choice(party, Choice(Scope(purpose=GPC), EventKind.OBJECTED), presented=presented, actor=actor)


def device_party(device: str) -> Party:
    """The party of a browser with this random id."""
    own = hashes_of(PartyKind.DEVICE, device)
    return Party(own[0], own, own=own)


def person(user_key: Any) -> Actor:
    """The actor of a choice about one's own browser: staff make theirs as people, too."""
    return Actor(ActorKind.PERSON, str(user_key)) if user_key else Actor(ActorKind.ANONYMOUS)


def save_service(service: Service, *, changed: Iterable[str] = (), actor: Actor) -> Service:
    """Save a service. Raises ValidationError for one that could not lawfully be used as it is described."""
    return _save(service, "preferences.cookie_service_saved", changed, actor, key=service.key)


def save_item(item: StorageItem, *, changed: Iterable[str] = (), actor: Actor) -> StorageItem:
    """Save a cookie or storage key of a service. Raises ValidationError."""
    return _save(item, "preferences.cookie_item_saved", changed, actor, key=item.service.key)


def delete_service(service: Service, *, actor: Actor) -> None:
    """Take a service and what it stores out of the register: from then on what it sets is refused."""
    _delete(service, "preferences.cookie_service_deleted", actor, key=service.key)


def delete_item(item: StorageItem, *, actor: Actor) -> None:
    """Take a cookie or storage key out of the register."""
    _delete(item, "preferences.cookie_item_deleted", actor, key=item.service.key)


def save_banner(banner: BannerSettings, *, changed: Iterable[str] = (), actor: Actor) -> BannerSettings:
    """Save how people are asked. Raises ValidationError for what would make their answer no consent."""
    banner.pk = 1
    return _save(banner, "preferences.cookie_banner_saved", changed, actor)


def _save(row: AnyRow, verb: str, changed: Iterable[str], actor: Actor, **parameters: str) -> AnyRow:
    _require_staff(actor)
    row.full_clean(validate_unique=not isinstance(row, BannerSettings))  # of which there is one
    with transaction.atomic():
        row.save()
        record(verb, actor=actor, fields=tuple(changed), **parameters)
    registers.forget()
    return row


def _delete(row: Any, verb: str, actor: Actor, **parameters: str) -> None:
    _require_staff(actor)
    with transaction.atomic():
        record(verb, actor=actor, **parameters)
        row.delete()
    registers.forget()


def _require_staff(actor: Actor) -> None:
    if not actor.is_staff and actor.kind is not ActorKind.SYSTEM:
        raise StaffOnly


def _was_on(events: Mapping[Scope, Any], scope: Scope) -> bool | None:
    event = standing.deciding(events, scope, clock.now())
    return None if event is None else event.kind in POSITIVE


def _choices(wanted: Mapping[str, bool], before: Mapping[str, bool | None], register: Register) -> list[Choice]:
    """One event a service: given or renewed, refused or withdrawn, each with the day until which it counts."""
    choices = []
    for service in register.asked:
        if service.key in wanted:
            is_on, was_on = wanted[service.key], before.get(service.key)
            kind = (EventKind.RENEWED if was_on else EventKind.GIVEN) if is_on else (EventKind.WITHDRAWN if was_on else EventKind.REFUSED)
            choices.append(Choice(service.scope, kind, valid_until=clock.now() + _validity(register.banner, is_on=is_on)))
    return choices


def _validity(banner: Banner, *, is_on: bool) -> timedelta:
    return timedelta(days=banner.acceptance_days if is_on else banner.refusal_days)
