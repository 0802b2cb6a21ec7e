"""Codes by e-mail: random, hashed, ten minutes, five tries, once. Decided by one row, whatever races."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse

from accounts.enums import CodePurpose
from accounts.errors import TooManyCodes
from accounts.locks import take_turns
from accounts.mail_kinds import ALREADY_REGISTERED, STEP_UP_CODE, VERIFY_EMAIL
from accounts.models import EmailCode, User
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.hashing import candidates, keyed_hash
from privacycenter.kernel.normalise import IdentifierKind, normalise
from privacycenter.kernel.tokens import digest, new_code, same, tidy_code
from privacycenter.mail.domain import queue_message

LIFETIME = timedelta(minutes=10)
MAX_TRIES = 5
WINDOW = timedelta(hours=1)
PER_ADDRESS, PER_CLIENT = 6, 30


def issue_code(reference: str, *, purpose: CodePurpose, address: str, user: User | None, client_address: str, actor: Actor) -> str:
    """Make a code for `reference` (a token that the session holds) and return it for mailing.

    Counts against the limits of the address and of the client whether or not the address belongs to anybody; without a
    `user` no code will ever fit. Raises TooManyCodes.
    """
    now = clock.now()
    address_hash = _address_hash(address)
    client_hash = str(keyed_hash(client_address, context="accounts.code.client")) if client_address else ""
    code = new_code()
    key = digest(reference)
    with transaction.atomic():
        take_turns(f"accounts.code.address:{address_hash}", f"accounts.code.client:{client_hash}")
        lately = EmailCode.objects.filter(created_at__gt=now - WINDOW)
        if lately.filter(address_hash=address_hash).count() >= PER_ADDRESS:
            raise TooManyCodes
        if client_hash and lately.filter(client_hash=client_hash).count() >= PER_CLIENT:
            raise TooManyCodes
        EmailCode.objects.create(
            user=user,
            purpose=purpose,
            reference=key,
            address_hash=address_hash,
            client_hash=client_hash,
            code_hash=str(keyed_hash(code, context=_context(key))) if user else "",
            created_at=now,
            expires_at=now + LIFETIME,
        )
    return code


def use_code(reference: str, *, purpose: CodePurpose, typed: str, actor: Actor) -> bool:
    """Whether `typed` is the code of `reference`; a right one is used up, a wrong one costs a try.

    The try is counted before the comparison and only while tries are left, so that parallel guesses get five together.
    """
    now = clock.now()
    key = digest(reference)
    with transaction.atomic():
        open_codes = EmailCode.objects.filter(reference=key, purpose=purpose, used_at=None, expires_at__gt=now)
        if open_codes.filter(tries__lt=MAX_TRIES).update(tries=F("tries") + 1) != 1:
            return False
        stored = EmailCode.objects.values_list("code_hash", flat=True).get(reference=key)
        fits = [same(str(candidate), stored) for candidate in candidates(tidy_code(typed), context=_context(key))]
        return bool(stored) and any(fits) and open_codes.update(used_at=now) == 1


def _address_hash(address: str) -> str:
    return str(keyed_hash(normalise(IdentifierKind.EMAIL, address), context="accounts.code.address"))


def _context(key: str) -> str:
    return f"accounts.code:{key}"


def send_verification_code(reference: str, *, address: str, user: User, client_address: str, language: str, actor: Actor) -> None:
    """Mail a code that confirms an address. Raises TooManyCodes."""
    _mail_code(VERIFY_EMAIL, CodePurpose.VERIFY_EMAIL, reference, address, user, client_address, language, actor)


def send_step_up_code(reference: str, *, address: str, user: User, client_address: str, language: str, actor: Actor) -> None:
    """Mail a code by which an account without password and factor proves itself. Raises TooManyCodes."""
    _mail_code(STEP_UP_CODE, CodePurpose.STEP_UP, reference, address, user, client_address, language, actor)


def tell_already_registered(reference: str, *, address: str, client_address: str, language: str, actor: Actor) -> None:
    """Tell the owner of a known address that somebody registered with it. Counts like a code, and no code will fit."""
    with transaction.atomic():
        issue_code(reference, purpose=CodePurpose.VERIFY_EMAIL, address=address, user=None, client_address=client_address, actor=actor)
        queue_message(
            ALREADY_REGISTERED,
            to=address,
            context={"link": settings.SITE_URL + reverse("account_login")},
            language=language,
            actor=actor,
        )


def note_unconfirmed_code(reference: str, *, address: str, client_address: str, actor: Actor) -> None:
    """Count a code that is not sent, because the address belongs to an account: the limits must not tell the difference."""
    with suppress(TooManyCodes):
        issue_code(reference, purpose=CodePurpose.VERIFY_EMAIL, address=address, user=None, client_address=client_address, actor=actor)


def _mail_code(
    kind: str, purpose: CodePurpose, reference: str, address: str, user: User, client_address: str, language: str, actor: Actor
) -> None:
    with transaction.atomic():
        code = issue_code(reference, purpose=purpose, address=address, user=user, client_address=client_address, actor=actor)
        queue_message(
            kind,
            to=address,
            context={"code": f"{code[:4]}-{code[4:]}", "minutes": int(LIFETIME.total_seconds() // 60)},
            language=language,
            subject_key=str(user.subject.public_id),
            actor=actor,
        )
