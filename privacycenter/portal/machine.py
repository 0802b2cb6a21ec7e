"""Pages for machines: is it alive, is it ready, how is it doing, whom to tell about a hole, where passwords are changed."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta

import structlog
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from privacycenter.celery import app
from privacycenter.jobs.queries import depth
from privacycenter.kernel import clock
from privacycenter.kernel.storage import storage
from requests_app.erasure.serving import Standing, standing

log = structlog.get_logger("privacycenter.portal")

JOBS_LATE_SECONDS = 15 * 60
SECURITY_TXT_DAYS = 180  # RFC 9116 2.5.5: less than a year ahead


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Touches neither database nor cache, so that it says only that."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether pages can be served: 200, or 503 with the names of the parts that can't be reached.

    `degraded` names what makes answers slower without making pages fail: durable work waits for its broker, nothing is lost.
    Names only: why a part fails may hold secrets, and this page is public.
    """
    failing = [name for name, holds in READINESS if not _holds(holds)]
    degraded = [name for name, holds in HEALTH if not _holds(holds)]
    return JsonResponse({"ready": not failing, "failing": failing, "degraded": degraded}, status=503 if failing else 200)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """Gauges in the Prometheus text format, for who holds METRICS_TOKEN. Without a token set there is no such page."""
    if not settings.METRICS_TOKEN:
        return HttpResponse(status=404)
    given = request.headers.get("Authorization", "")
    if not secrets.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
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
    cache.set("portal.readyz", True, 60)
    return cache.get("portal.readyz") is True


def _storage() -> bool:
    with suppress(FileNotFoundError):  # that there is no such object is an answer
        storage().size("readyz")
    return True


def _erasures() -> bool:
    """The database holds nobody whom the erasure ledger knows as erased (docs/restore.md)."""
    return standing() is Standing.FIT


def _broker() -> bool:
    with app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=1)
    return True


def _jobs() -> bool:
    queue = depth()
    return not queue.quarantined and queue.oldest_due_seconds < JOBS_LATE_SECONDS


Check = Callable[[], bool]
READINESS: tuple[tuple[str, Check], ...] = (
    ("database", _database),
    ("migrations", _migrations),
    ("cache", _cache),
    ("storage", _storage),
    ("erasures", _erasures),
)
HEALTH: tuple[tuple[str, Check], ...] = (("broker", _broker), ("jobs", _jobs))


def _holds(check: Check) -> bool:
    try:
        return check()
    except Exception as failure:  # every part has errors of its own, and each means: not reachable
        log.warning("part_unreachable", part=check.__name__.strip("_"), error=type(failure).__name__)
        return False


def _gauges() -> Iterator[str]:
    yield "# HELP privacycenter_ready Whether a part answers."
    yield "# TYPE privacycenter_ready gauge"
    for name, holds in (*READINESS, *HEALTH):
        yield f'privacycenter_ready{{part="{name}"}} {int(_holds(holds))}'
    queue = depth()
    yield "# HELP privacycenter_jobs Open jobs by kind and state; due ones are waiting ones whose time has come."
    yield "# TYPE privacycenter_jobs gauge"
    for kind in queue.kinds:
        for state in ("waiting", "due", "running", "quarantined"):
            yield f'privacycenter_jobs{{kind="{kind.kind}",state="{state}"}} {getattr(kind, state)}'
    yield "# HELP privacycenter_jobs_oldest_due_seconds How long the oldest due job has waited."
    yield "# TYPE privacycenter_jobs_oldest_due_seconds gauge"
    yield f"privacycenter_jobs_oldest_due_seconds {queue.oldest_due_seconds:.0f}"
