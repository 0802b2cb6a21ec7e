"""Log-in providers from the environment: what allauth needs, and which origins and hosts that implies. Imports no models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
LINKEDIN_SERVER = "https://www.linkedin.com/oauth"
GOOGLE_ISSUER = "https://accounts.google.com"
MICROSOFT_ORIGIN = "https://login.microsoftonline.com"


@dataclass
class LoginProviders:
    """`settings` for allauth, `origins` a log-in may redirect the browser to, `hosts` the server itself talks to."""

    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    origins: list[str] = field(default_factory=list)
    hosts: list[str] = field(default_factory=list)


def login_providers(
    *,
    google: tuple[str, str],
    microsoft: tuple[str, str],
    microsoft_tenant: str,
    linkedin: tuple[str, str],
    oidc: list[Mapping[str, Any]],
    outbound_allow: list[str],
) -> LoginProviders:
    """Turn client ids and secrets into provider settings. Each provider with a client id is offered.

    Raises ImproperlyConfigured for an OpenID provider that lacks a key, has the id of another, or speaks http to a host
    that is not on loopback and named in `outbound_allow`.
    """
    found = LoginProviders()
    if google[0]:
        found.settings["google"] = {
            "APPS": [{"client_id": google[0], "secret": google[1]}],
            "SCOPE": ["openid", "profile", "email"],
            "OAUTH_PKCE_ENABLED": True,
        }
        _add(found, GOOGLE_ISSUER, "oauth2.googleapis.com", "www.googleapis.com")
    if microsoft[0]:
        found.settings["microsoft"] = {
            "APPS": [{"client_id": microsoft[0], "secret": microsoft[1], "settings": {"tenant": microsoft_tenant}}],
            "OAUTH_PKCE_ENABLED": True,
        }
        _add(found, MICROSOFT_ORIGIN, "login.microsoftonline.com", "graph.microsoft.com")
    apps = [_openid_app(entry, outbound_allow) for entry in oidc]
    if linkedin[0]:
        apps.insert(0, _app("linkedin", "LinkedIn", LINKEDIN_SERVER, *linkedin))
    if len({app["provider_id"] for app in apps} | {"google", "microsoft"}) != len(apps) + 2:
        raise ImproperlyConfigured("OIDC_PROVIDERS: every id stands once, and none is google, microsoft or linkedin")
    if apps:
        found.settings["openid_connect"] = {"APPS": apps, "OAUTH_PKCE_ENABLED": True}
    for app in apps:
        server = urlsplit(app["settings"]["server_url"])
        _add(found, f"{server.scheme}://{server.netloc}", server.netloc)
        if app["provider_id"] == "linkedin":
            found.hosts.append("api.linkedin.com")
    return found


def _add(found: LoginProviders, origin: str, *hosts: str) -> None:
    found.origins.append(origin)
    found.hosts.extend(hosts)


def _openid_app(entry: Mapping[str, Any], outbound_allow: list[str]) -> dict[str, Any]:
    missing = [key for key in ("id", "name", "server_url", "client_id") if not entry.get(key)]
    if missing:
        raise ImproperlyConfigured(f"OIDC_PROVIDERS: an entry lacks {', '.join(missing)}")
    server = urlsplit(entry["server_url"])
    is_named_loopback = server.hostname in LOOPBACK and bool({server.hostname, server.netloc} & set(outbound_allow))
    if server.scheme != "https" and not (server.scheme == "http" and is_named_loopback):
        raise ImproperlyConfigured(
            "OIDC_PROVIDERS: server_url must be https://; http:// only on loopback, and only when OUTBOUND_ALLOW names that host"
        )
    return _app(entry["id"], entry["name"], entry["server_url"].rstrip("/"), entry["client_id"], entry.get("client_secret", ""))


def _app(provider_id: str, name: str, server_url: str, client_id: str, secret: str) -> dict[str, Any]:
    return {
        "provider_id": provider_id,
        "name": name,
        "client_id": client_id,
        "secret": secret,
        "settings": {"server_url": server_url, "oauth_pkce_enabled": True},
    }
