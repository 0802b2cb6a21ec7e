"""Clients with a token, and calls as another system makes them."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

import orjson
import pytest
from allauth.idp.oidc.adapter import get_adapter
from allauth.idp.oidc.models import Token
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.tokens import new_token
from privacycenter.preferences.api.scopes import all_scopes
from privacycenter.preferences.domain.api_clients import create_client

STAFF = Actor.system("tests")


def get_token(client_id: str, secret: str, **parameters: str) -> Any:
    """The answer of the token endpoint."""
    basic = b64encode(f"{client_id}:{secret}".encode()).decode()
    body = {"grant_type": "client_credentials", **parameters}
    return Client().post("/identity/o/api/token", body, headers={"Authorization": f"Basic {basic}"})


class Caller:
    """Another system with a token."""

    def __init__(self, *scopes: str) -> None:
        self.client, self.secret = create_client(name="Shop", scopes=scopes or list(all_scopes()), actor=STAFF)
        self.token = new_token()  # as the endpoint would give it, without the time that comparing a secret takes
        Token.objects.create(
            type=Token.Type.ACCESS_TOKEN,
            hash=get_adapter().hash_token(self.token),
            client=self.client,
            scopes=self.client.scopes,
            expires_at=clock.now() + timedelta(hours=1),
        )

    def post(self, path: str, body: Any, **headers: str) -> Any:
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        headers = {"Authorization": f"Bearer {self.token}", **headers}
        return Client().post(f"/api/v1/{path}", data, content_type=headers.pop("Content-Type", "application/json"), headers=headers)


@pytest.fixture
def caller(db) -> Caller:
    """A client that may do everything."""
    return Caller()


def email(address: str) -> dict[str, str]:
    """An e-mail address as the API takes it."""
    return {"kind": "email", "value": address}


def queries_of(caller: Caller, path: str, body: Any) -> int:
    """How many queries a call takes."""
    with CaptureQueriesContext(connection) as captured:
        assert caller.post(path, body).status_code == 200
    return len(captured)
