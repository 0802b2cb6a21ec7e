"""Another controller on this machine: a tus receiver over TLS that checks every signature with the published keys alone.

It shares no code with the sender beyond the library of RFC 9421, and can be told to cut, refuse and lie.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import ipaddress
import json
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.x509.oid import NameOID
from http_message_signatures import HTTPMessageVerifier, MappingKeyResolver, algorithms

NEEDED = {
    "POST": {
        '"@method"',
        '"@target-uri"',
        '"content-digest"',
        '"upload-length"',
        '"upload-metadata"',
        '"idempotency-key"',
        '"tus-resumable"',
    },
    "HEAD": {'"@method"', '"@target-uri"', '"tus-resumable"'},
    "DELETE": {'"@method"', '"@target-uri"', '"tus-resumable"'},
    "PATCH": {
        '"@method"',
        '"@target-uri"',
        '"content-digest"',
        '"content-type"',
        '"upload-offset"',
        '"upload-checksum"',
        '"tus-resumable"',
    },
}


def make_certificates(folder: Path, *names: str) -> tuple[Path, Path]:
    """An authority of its own, and a certificate of it for some names: (the authority, key and certificate of the server)."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Receivers' test authority")])
    now = dt.datetime.now(dt.UTC)

    def begin(subject: x509.Name, public_key: Any) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number())
        return builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=2))

    usage = x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=True,
        crl_sign=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    authority = begin(issuer, authority_key.public_key()).add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    identifier = x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key())
    authority = authority.add_extension(usage, critical=True).add_extension(identifier, critical=False)
    server = begin(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])]), server_key.public_key()).add_extension(
        x509.SubjectAlternativeName([_name(name) for name in names]), critical=False
    )
    folder.mkdir(parents=True, exist_ok=True)
    trusted, served = folder / "authority.pem", folder / "server.pem"
    trusted.write_bytes(authority.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    served.write_bytes(
        server_key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + server.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    )
    return trusted, served


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


@dataclass
class Upload:
    size: int
    metadata: dict[str, str]
    data: bytearray = field(default_factory=bytearray)
    has: int = 0  # also where the receiver counts only

    def add(self, piece: bytes, *, keeps: bool) -> None:
        self.has += len(piece)
        if keeps:
            self.data += piece


@dataclass
class TusReceiver:
    """What it has, what it was asked, and how it is to behave."""

    keys: dict[str, bytes]  # public keys by id, as the JWKS has them
    url: str = ""
    uploads: dict[str, Upload] = field(default_factory=dict)
    by_key: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    nonces: set[str] = field(default_factory=set)
    given_up: list[str] = field(default_factory=list)
    cuts: list[int] = field(default_factory=list)  # bytes of a piece after which the next connections are cut
    answers: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)  # by method: what to say instead
    location: str = ""
    before_piece: Any = None  # called when a piece begins
    pause: float = 0.0
    keeps: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def only(self) -> Upload:
        (upload,) = self.uploads.values()
        return upload

    def methods(self) -> list[str]:
        return [method for method, _path in self.asked]


@contextmanager
def receiving(served: Path, keys: dict[str, bytes], *, host: str = "localhost") -> Iterator[TusReceiver]:
    """Run a receiver while the block runs."""
    receiver = TusReceiver(keys)

    class Handler(_Handler):
        its = receiver

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(served)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.url = f"https://{host}:{server.server_address[1]}/takeover/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@dataclass
class _Seen:
    method: str
    url: str
    headers: dict[str, str]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    its: TusReceiver

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def do_POST(self) -> None:
        body = self._body()
        if not self._began(body):
            return
        key = self.headers["Idempotency-Key"]
        name = self.its.by_key.get(key) or secrets.token_hex(8)
        if name not in self.its.uploads:
            pairs = (pair.split(" ") for pair in self.headers["Upload-Metadata"].split(","))
            metadata = {label: base64.b64decode(value).decode() for label, value in pairs}
            self.its.uploads[name] = Upload(int(self.headers["Upload-Length"]), metadata)
            self.its.by_key[key] = name
        self._say(201, {"Location": self.its.location or f"/takeover/{name}"})

    def do_HEAD(self) -> None:
        upload = self._upload() if self._began(None) else None
        if upload is not None:
            self._say(200, {"Upload-Offset": str(upload.has), "Upload-Length": str(upload.size), **self._receipt(upload)})

    def do_PATCH(self) -> None:
        if self.its.before_piece is not None:
            self.its.before_piece()
        if self.its.cuts:
            return self._cut(self.its.cuts.pop(0))
        body = self._body()
        is_whole = len(body) == int(self.headers["Content-Length"])
        if not self._began(body if is_whole else None):
            return None
        upload = self._upload()
        if upload is None:
            return None
        algorithm, _space, digest = self.headers["Upload-Checksum"].partition(" ")
        if is_whole and (algorithm != "sha256" or base64.b64decode(digest) != hashlib.sha256(body).digest()):
            return self._say(460)
        if self.its.pause:
            threading.Event().wait(self.its.pause)
        with self.its.lock:
            if int(self.headers["Upload-Offset"]) != upload.has:
                return self._say(409)
            upload.add(body, keeps=self.its.keeps)
        return self._say(204, {"Upload-Offset": str(upload.has), **self._receipt(upload)})

    def do_DELETE(self) -> None:
        if self._began(None) and self._upload() is not None:
            self.its.given_up.append(self.path)
            del self.its.uploads[self._id()]
            self._say(204)

    def _cut(self, after: int) -> None:
        """Keep what came so far, as a receiver does, and be gone."""
        upload = self.its.uploads[self._id()]
        upload.add(self.rfile.read(after), keeps=self.its.keeps)
        self.its.asked.append((self.command, self.path))
        self.close_connection = True
        self.connection.close()

    def _began(self, body: bytes | None) -> bool:
        """Note and verify what was asked; answer what the test wants said instead."""
        self.its.asked.append((self.command, self.path))
        try:
            self._verify(body)
        except Exception as error:
            self.its.problems.append(f"{self.command}: {type(error).__name__}: {error}")
            self._say(401)
            return False
        wanted = self.its.answers.get(self.command)
        if wanted:
            status, headers = wanted.pop(0)
            self._say(status, headers)
            return False
        return True

    def _verify(self, body: bytes | None) -> None:
        keys = {name: Ed25519PublicKey.from_public_bytes(raw) for name, raw in self.its.keys.items()}
        verifier = HTTPMessageVerifier(
            signature_algorithm=algorithms.ED25519, key_resolver=MappingKeyResolver(public_keys=keys, private_keys={})
        )
        origin = self.its.url.split("/takeover/")[0]
        seen = _Seen(self.command, origin + self.path, dict(self.headers.items()))
        (result,) = verifier.verify(seen, max_age=dt.timedelta(minutes=5), expect_tag="privacy-transfer")
        covered = set(result.covered_components)
        assert covered >= NEEDED[self.command], f"not signed: {NEEDED[self.command] - covered}"
        assert result.parameters["nonce"] not in self.its.nonces, "a signature came twice"
        self.its.nonces.add(result.parameters["nonce"])
        if body is not None:
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            assert f"sha-256=:{digest}:" in self.headers["Content-Digest"], "the digest is of other bytes"

    def _upload(self) -> Upload | None:
        upload = self.its.uploads.get(self._id())
        if upload is None:
            self._say(404)
        return upload

    def _id(self) -> str:
        return self.path.rpartition("/")[2]

    def _receipt(self, upload: Upload) -> dict[str, str]:
        return {"Transfer-Receipt": f"R-{hashlib.sha256(upload.data).hexdigest()[:8]}"} if upload.has == upload.size else {}

    def _body(self) -> bytes:
        """What was announced, or as much as came before the sender died."""
        missing, pieces = int(self.headers.get("Content-Length") or 0), []
        with suppress(OSError):
            while missing and (piece := self.rfile.read1(min(missing, 65_536))):
                pieces.append(piece)
                missing -= len(piece)
        return b"".join(pieces)

    def finish(self) -> None:
        with suppress(OSError):  # the sender is gone
            super().finish()

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()

    def _say(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Tus-Resumable": "1.0.0", **(headers or {})}.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", "0")
        self.end_headers()


def keys_of(jwks: bytes) -> dict[str, bytes]:
    """Public keys by id from the published document."""
    found = json.loads(jwks)["keys"]
    return {key["kid"]: base64.urlsafe_b64decode(key["x"] + "=" * (-len(key["x"]) % 4)) for key in found}
