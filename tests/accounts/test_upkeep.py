"""What happens by itself: lapsed things go, keys rotate, and nothing of it needs a person."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core.cache import cache
from django.test import Client

from accounts.client import Client as Browser
from accounts.client import browser_family, network_of
from accounts.domain import clear_lapsed, issue_code, set_photo
from accounts.enums import CodePurpose
from accounts.models import EmailCode, ProfilePhoto
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.encryption import decrypt, key_id_of
from privacycenter.kernel.rotation import rotate
from tests.accounts.test_profile import picture
from tests.factories.accounts import PASSWORD, TOTP_SECRET, add_totp, make_account

ACTOR = Actor.system("tests")


@pytest.mark.django_db
def test_lapsed_codes_and_sessions_go_and_live_ones_stay() -> None:
    cache.clear()
    user, client = make_account(username="ada"), Client()
    client.post("/accounts/login/", {"login": "ada", "password": PASSWORD})
    issue_code("one", purpose=CodePurpose.STEP_UP, address="ada@example.com", user=user, client_address="", actor=ACTOR)

    kept = clear_lapsed(actor=ACTOR)
    with clock.stopped_at(clock.now() + timedelta(days=3)):
        gone = clear_lapsed(actor=ACTOR)

    assert set(kept.values()) == {0}
    assert (gone["codes"], gone["session_notes"]) == (1, 1)
    assert not EmailCode.objects.exists()
    assert not UserSession.objects.exists()


@pytest.mark.django_db
def test_photos_and_secrets_of_factors_move_to_a_new_key(settings: Any) -> None:
    user = make_account()
    set_photo(user, content=picture(), client=Browser(), actor=ACTOR)
    add_totp(user)
    settings.DATA_KEYS = {"newest": secrets.token_bytes(32), **settings.DATA_KEYS}

    outcome = {rotated.column: rotated.resealed for rotated in rotate()}

    photo, factor = ProfilePhoto.objects.get(), Authenticator.objects.get()
    assert sum(outcome.values()) == 2
    assert key_id_of(bytes(photo.sealed)) == key_id_of(base64.b64decode(factor.data["secret"])) == "newest"
    assert decrypt(bytes(photo.sealed), context=photo.context).startswith(b"\xff\xd8\xff")
    assert get_adapter().decrypt(factor.data["secret"]) == TOTP_SECRET


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("", ""),
        ("unix", ""),
    ],
)
def test_addresses_are_shortened(address: str, network: str) -> None:
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("agent", "family"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge"),
        ("Mozilla/5.0 (Macintosh) AppleWebKit/605 Version/19.0 Safari/605", "Safari"),
        ("Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome"),
        ("curl/8.0", "Other"),
        ("", ""),
    ],
)
def test_browsers_are_named_by_family_only(agent: str, family: str) -> None:
    assert browser_family(agent) == family
