"""A small OpenID provider on loopback, with just enough of the protocol, and knobs for answers that should be refused."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt

CLIENT_ID, CLIENT_SECRET = "privacy-center", "a secret between the two"


@dataclass
class OpenIDServer:
    """`claims` is who signs in next; the others change single parts of the answer."""

    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "42", "name": "Ada Lovelace", "email": "ada@example.com"})
    issuer_path: str = ""
    userinfo_sub: str = ""
    auth_time: int | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.answer({"/.well-known/openid-configuration": outer.discovery, "/userinfo": outer.userinfo})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                self.answer({"/token": lambda: outer.token({key: value[0] for key, value in parse_qs(body).items()})})

            def answer(self, pages: dict[str, Any]) -> None:
                page = pages.get(urlsplit(self.path).path)
                content = json.dumps(page() if page else {}).encode()
                self.send_response(200 if page else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *args: Any) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def issuer(self) -> str:
        return self.url + self.issuer_path

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    def sign_in(self, location: str) -> str:
        """What the browser and the person do at the provider: returns the address it sends the browser back to."""
        asked = {key: value[0] for key, value in parse_qs(urlsplit(location).query).items()}
        self.asked.append(asked)
        code = secrets.token_urlsafe(8)
        self._codes[code] = asked
        back = urlsplit(asked["redirect_uri"])
        return f"{back.path}?{urlencode({'code': code, 'state': asked['state']})}"

    def discovery(self) -> dict[str, Any]:
        pages = {f"{name}_endpoint": f"{self.url}/{name}" for name in ("authorization", "token", "userinfo")}
        methods = {"token_endpoint_auth_methods_supported": ["client_secret_post"]}
        return {"issuer": self.issuer, "jwks_uri": f"{self.url}/jwks"} | pages | methods

    def token(self, sent: dict[str, str]) -> dict[str, Any]:
        asked = self._codes.pop(sent["code"])
        challenge = base64.urlsafe_b64encode(hashlib.sha256(sent.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if asked.get("code_challenge_method") != "S256" or challenge != asked.get("code_challenge"):
            self.problems.append("no proof key (RFC 7636)")
        if (sent.get("client_id"), sent.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
            self.problems.append("wrong client")
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 60, "sub": self.claims["sub"]}
        if self.auth_time is not None:
            claims["auth_time"] = self.auth_time
        token = jwt.encode(claims, "not checked: it came straight from the provider", algorithm="HS256")
        return {"access_token": "access-token-of-the-provider", "token_type": "Bearer", "id_token": token}

    def userinfo(self) -> dict[str, Any]:
        return self.claims | ({"sub": self.userinfo_sub} if self.userinfo_sub else {})
