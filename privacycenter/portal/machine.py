"""Pages for machines: is it alive, is it ready, how is it doing, whom to tell about a hole, where passwords are changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from privacycenter.kernel import clock

SECURITY_TXT_DAYS = 180  # RFC 9116 2.5.5: less than a year ahead


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches neither database nor cache, so that it says only that."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether work can be done: 200, or 503 with the names of the parts that can't be reached. Never a reason in words: it may hold secrets."""
    failing = [name for name, is_ready in READINESS if not _holds(is_ready)]
    return JsonResponse({"ready": not failing, "failing": failing}, status=503 if failing else 200)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Gauges in the Prometheus text format, for who holds METRICS_TOKEN. Without a token set there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(status=404)
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if not secrets.compare_digest(given.encode(), settings.METRICS_TOKEN.encode()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse("".join(f"{line}\n" for line in _gauges()), content_type="text/plain; version=0.0.4; charset=utf-8")


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """RFC 9116. `Expires` moves along, so that a running privacy center never shows a stale one."""
    expires = (clock.now() + timedelta(days=SECURITY_TXT_DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: mailto:{settings.OPERATOR_CONTACT}",
        f"Expires: {expires.isoformat().replace('+00:00', 'Z')}",
        f"Preferred-Languages: {', '.join(code for code, _name in settings.LANGUAGES)}",
        f"Canonical: {settings.SITE_URL}{reverse('portal:security_txt')}",
    )
    return HttpResponse("".join(f"{line}\n" for line in lines), content_type="text/plain; charset=utf-8")


@require_safe
def change_password(request: HttpRequest) -> HttpResponse:
    """Where password managers send people (W3C, "A well-known URL for changing passwords")."""
    return HttpResponseRedirect(reverse("account_change_password"))


def _database() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _migrations() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def _cache() -> bool:
    mark = secrets.token_hex(8)
    cache.set("readyz", mark, 60)
    return cache.get("readyz") is not None


READINESS: tuple[tuple[str, Callable[[], bool]], ...] = (("database", _database), ("migrations", _migrations), ("cache", _cache))


def _holds(check: Callable[[], bool]) -> bool:
    """Any failure of a part is "not ready"; which kind is in the logs of that part, not on a public page."""
    try:
        return check()
    except (DatabaseError, OSError, ValueError):
        return False


def _gauges() -> Iterator[str]:
    yield "# TYPE privacycenter_ready gauge"
    for name, is_ready in READINESS:
        yield f'privacycenter_ready{{part="{name}"}} {int(_holds(is_ready))}'
