"""The plan of an erasure on the person's page: what goes, what stays and why, and until when it can be stopped."""

from __future__ import annotations

from typing import Any

from privacycenter.kernel.sources import Treatment
from requests_app.enums import Kind, Status
from requests_app.erasure.planning import current_plan
from requests_app.models import Request
from requests_app.panels import add_to_person

_SHOWN = (Status.APPROVAL, Status.COOLING, Status.ERASING, Status.ATTENTION, Status.CLOSED)


def _context(request: Request) -> dict[str, Any] | None:
    if request.kind != Kind.ERASURE or request.status not in _SHOWN:
        return None
    plan = current_plan(request)
    if plan is None or (request.status == Status.CLOSED and plan.finished_at is None):
        return None
    copy = request.follows if request.follows is not None and request.follows.kind in Kind.COPIES else None
    steps = [step for step in plan.steps.defer("locator") if step.count or step.removed or step.anonymised or step.retained]
    return {
        "plan": plan,
        "request": request,
        "goes": [step for step in steps if step.treatment != Treatment.RETAIN],
        "stays": [step for step in steps if step.treatment == Treatment.RETAIN],
        "can_stop": request.status == Status.COOLING,
        "is_done": plan.finished_at is not None,
        "copy": copy,
    }


add_to_person("erasure", template="requests_app/erasure_panel.html", context=_context, order=50)
