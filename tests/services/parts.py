"""Real parts for tests, each over a real connection on loopback: SMTP, S3, an OpenID provider, PostgreSQL, Redis."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as modern_policy
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]


def cannot_run(reason: str) -> NoReturn:
    """Skip the test because this machine lacks a part; with STRICT=1 (as in CI) that is a failure."""
    if os.environ.get("STRICT") == "1":
        pytest.fail(f"can't run, and STRICT=1 lets nothing be skipped: {reason}", pytrace=False)
    pytest.skip(reason)


def free_port() -> int:
    """A port on loopback that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder with real data sets that may stand beside the repository."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("../shared/data is absent")
    return folder


# --- SMTP ------------------------------------------------------------------------------------------------------------


@dataclass
class MailServer:
    """A mail server that keeps what it accepts. `refuse` maps a recipient to the answer it gets instead, once per entry."""

    port: int = 0
    received: list[tuple[list[str], bytes]] = field(default_factory=list)
    refuse: dict[str, list[str]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def messages_to(self, address: str) -> list[EmailMessage]:
        return [message_from_bytes(raw, policy=modern_policy) for to, raw in self.received if address in to]  # type: ignore[misc]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.refuse.get(address):
            return self.refuse[address].pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.received.append((list(envelope.rcpt_tos), bytes(envelope.original_content)))
        return "250 Message accepted"


@pytest.fixture
def smtp_server() -> Iterator[MailServer]:
    """aiosmtpd on a port of its own."""
    from aiosmtpd.controller import Controller  # slow import

    server = MailServer(port=free_port())
    controller = Controller(server, hostname="127.0.0.1", port=server.port)
    controller.start()
    yield server
    controller.stop()


# --- S3 --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ObjectStore:
    """An S3 endpoint with one bucket. `environment` is what a process needs to reach it."""

    endpoint: str
    bucket: str

    @property
    def url(self) -> str:
        return f"s3://{self.bucket}/bundles?endpoint={quote(self.endpoint, safe='')}"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "BUNDLE_STORAGE": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "eu-central-1",
            "OUTBOUND_ALLOW": urlsplit(self.endpoint).netloc,
        }

    def client(self) -> Any:
        import boto3  # slow import

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            region_name="eu-central-1",
        )

    def names(self) -> list[str]:
        return [entry["Key"] for entry in self.client().list_objects_v2(Bucket=self.bucket).get("Contents", [])]


@pytest.fixture
def s3_server() -> Iterator[ObjectStore]:
    """moto's server with an empty bucket."""
    from moto.server import ThreadedMotoServer  # slow import

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    store = ObjectStore(f"http://{host}:{port}", f"privacy-{secrets.token_hex(4)}")
    store.client().create_bucket(Bucket=store.bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    yield store
    server.stop()


# --- OpenID provider -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class OpenIDProvider:
    """A running provider and the client it knows. Identities: see tests/services/oidc-provider.mjs."""

    issuer: str
    client_id: str
    client_secret: str

    def setting(self, provider_id: str = "company", name: str = "Company sign-in") -> str:
        """The value of OIDC_PROVIDERS that makes this provider known."""
        return json.dumps(
            [
                {
                    "id": provider_id,
                    "name": name,
                    "server_url": self.issuer,
                    "client_id": self.client_id,
                    "client_secret": self.client_secret,
                }
            ]
        )


@pytest.fixture
def start_oidc_provider() -> Iterator[Callable[[str], OpenIDProvider]]:
    """Start npm's oidc-provider for the redirect address that is given."""
    node = shutil.which("node")
    if not node or not (ROOT / "node_modules" / "oidc-provider").is_dir():
        cannot_run("needs Node.js and npm's oidc-provider (deploy/setup --dev)")
    running: list[subprocess.Popen[str]] = []

    def start(redirect_uri: str) -> OpenIDProvider:
        port = free_port()
        provider = OpenIDProvider(f"http://localhost:{port}", "privacy-center", secrets.token_hex(16))
        environment = {
            "PATH": os.environ["PATH"],
            "PORT": str(port),
            "CLIENT_ID": provider.client_id,
            "CLIENT_SECRET": provider.client_secret,
            "REDIRECT_URI": redirect_uri,
        }
        process = subprocess.Popen(
            [node, str(ROOT / "tests/services/oidc-provider.mjs")],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        assert process.stdout is not None
        said = []
        for line in process.stdout:
            if line.startswith("ready"):
                threading.Thread(target=process.stdout.read, daemon=True).start()  # a full pipe would stop it
                return provider
            said.append(line)
        pytest.fail(f"the OpenID provider did not start: {''.join(said)}")

    yield start
    for process in running:
        process.terminate()
        process.wait(timeout=10)
        assert process.stdout is not None
        process.stdout.close()


# --- PostgreSQL and Redis --------------------------------------------------------------------------------------------


@pytest.fixture
def postgresql_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database that is dropped afterwards."""
    import psycopg  # slow import

    server = os.environ.get("TEST_POSTGRESQL_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
    name = f"privacycenter_test_{secrets.token_hex(4)}"
    try:
        connection = psycopg.connect(server, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        cannot_run("needs a PostgreSQL server (TEST_POSTGRESQL_URL, or 127.0.0.1:5432 with user postgres)")
    with connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield f"{server.rpartition('/')[0]}/{name}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def redis_database() -> Iterator[str]:
    """The URL of an empty Redis database, emptied again afterwards."""
    import redis  # slow import

    server = os.environ.get("TEST_REDIS_URL", "redis://127.0.0.1:6379")
    for number in range(15, 0, -1):
        url = f"{server.rstrip('/')}/{number}"
        client = redis.Redis.from_url(url)
        try:
            # Whoever sets the mark first has the database; one with anything else in it is somebody else's.
            if client.dbsize() == 0 and client.set("privacycenter-test", "1", nx=True, ex=3600) and client.dbsize() == 1:
                break
        except redis.ConnectionError:
            cannot_run("needs a Redis server (TEST_REDIS_URL, or 127.0.0.1:6379)")
        finally:
            client.close()
    else:
        cannot_run("needs an empty Redis database")
    yield url
    client = redis.Redis.from_url(url)
    client.flushdb()
    client.close()
