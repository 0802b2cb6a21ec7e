"""People with accounts, and clients that are signed in as them."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.test import Client

from accounts.models import User
from accounts.stepup import FRESH_KEY
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.subjects.domain import add_identifier

PASSWORD = "correct horse battery staple"
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
_numbers = count(1)


@cache
def _hash_of_password() -> str:
    """Hashing takes its time on purpose; once is enough for all people of the tests."""
    return make_password(PASSWORD)


def make_account(*, username: str = "", email: str = "", password: str | None = PASSWORD, confirmed: bool = True, **fields: Any) -> User:
    """An account as registration leaves it: with a person, an address and (unless `confirmed` is false) its proof."""
    number = next(_numbers)
    username = username or f"person{number}"
    email = email or f"{username}@example.com"
    fields = {"full_name": f"Person {number}", "phone": "+60321234567", "company": "Example", "country": "MY"} | fields
    user = User.objects.create_user(username=username, email=email, password=None if password == PASSWORD else password, **fields)
    if password == PASSWORD:
        user.password = _hash_of_password()
        user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=email, verified=confirmed, primary=True)
    add_identifier(
        user.subject, kind=IdentifierKind.EMAIL, value=email, source="accounts.registration", proven=confirmed, actor=Actor.system("tests")
    )
    return user


def make_staff(*, factor: bool = True, **fields: Any) -> User:
    """A member of staff, with a second factor unless told otherwise: the admin opens with one only."""
    user = make_account(is_staff=True, **fields)
    if factor:
        add_totp(user)
    return user


def add_totp(user: User) -> Authenticator:
    """An authenticator app with a known secret."""
    return Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": get_adapter().encrypt(TOTP_SECRET)})


def signed_in(user: User, *, fresh: bool = False) -> Client:
    """A client with a session of `user`; `fresh`: as if they had just proven themselves."""
    client = Client()
    client.force_login(user)
    if fresh:
        make_fresh(client)
    return client


def make_fresh(client: Client) -> None:
    """Let the client's session count as freshly proven, by the clock as it stands."""
    session = client.session
    session[FRESH_KEY] = clock.now().timestamp()
    session.save()
