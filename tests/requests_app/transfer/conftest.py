"""A receiver on this machine, over TLS, with an authority that is trusted for the test alone."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from requests_app.bundle.signing import public_keys
from requests_app.models import Receiver
from requests_app.transfer import sending
from tests.factories.transfers import make_receiver
from tests.factories.tus_receiver import TusReceiver, make_certificates, receiving


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificates(tmp_path_factory.mktemp("certificates"), "localhost")


@pytest.fixture
def content() -> bytes:
    return random.Random(20).randbytes(300_000)


@pytest.fixture
def their_side(certificates: tuple[Path, Path], settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[TusReceiver]:
    """The other service. Pieces are small, so that a copy takes five."""
    trusted, served = certificates
    settings.TRANSFER_ALLOW_LOOPBACK = True
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    monkeypatch.setattr(sending, "PIECE", 65_536)
    with receiving(served, public_keys()) as receiver:
        yield receiver
        assert receiver.problems == []


@pytest.fixture
def acme(their_side: TusReceiver) -> Receiver:
    """The other service as an approved receiver."""
    return make_receiver(url=their_side.url)
