"""A bundle made at once by an operator, outside of any request: the same sources, the same file, nothing of it kept here."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import Source
from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import SealedReader
from privacycenter.kernel.tokens import new_token
from privacycenter.subjects.models import Subject
from requests_app.bundle.assemble import AssembledBundle, assemble
from requests_app.bundle.step_output import StepOutput
from requests_app.enums import StepStatus
from requests_app.errors import SourcesFailed
from requests_app.fulfilment.collect import FAILED_REASON, key_of, run_step
from requests_app.fulfilment.facts import bundle_facts
from requests_app.fulfilment.plan import sources_for
from requests_app.models import Bundle, Request, Step

REMOVE_DAYS = 1  # far longer than an export takes


def export_directly(
    subject: Subject, *, kind: str, path: Path, despite_failure: str = "", on_source: Callable[[Step], None] | None = None, actor: Actor
) -> tuple[str, AssembledBundle]:
    """Write the bundle of one person to `path` (which must not exist), readable by its owner alone. Answers reference and bundle.

    The audit entry is committed before anything is read. Rows of a request are made in memory only, so that facts and form
    are those of any other bundle; sealed objects lie in storage while it runs and are removed in any case.
    Raises SourcesFailed when a source failed and no reason was given for going on, FileExistsError.
    """
    request = Request(kind=kind, subject=subject, language=subject.language or "en", received_at=clock.now())
    key = base64.b64encode(secrets.token_bytes(32)).decode()
    moment = clock.now().replace(microsecond=0)
    bundle = Bundle(request=request, prefix=f"bundles/{new_token()}", key=key, created_at=moment, failure_reason=despite_failure)
    with transaction.atomic():
        # Nothing else knows of these objects: should this process be killed, they are removed a day later.
        enqueue(
            "requests.remove_objects",
            key=bundle.prefix,
            payload={"prefix": bundle.prefix},
            run_at=clock.now() + timedelta(days=REMOVE_DAYS),
        )
        record("requests.exported_by_operator", actor=actor, subject=str(subject.public_id), ticket=request.ref, kind=kind)
    try:
        outputs: dict[str, StepOutput | None] = {}
        steps = []
        for position, source in enumerate(sources_for(kind), start=1):
            step, outputs[source.describe().key] = _run(bundle, position, source, subject)
            steps.append(step)
            if on_source:
                on_source(step)
        failed = [step.source_key for step in steps if step.status == StepStatus.FAILED]
        if failed and not despite_failure:
            raise SourcesFailed(", ".join(failed))
        made = assemble(bundle_facts(bundle, steps, outputs), key=key_of(bundle), name=f"{bundle.prefix}/file")
        _copy(made, bundle, path)
    finally:
        storage().delete_folder(bundle.prefix)
    return request.ref, made


def _run(bundle: Bundle, position: int, source: Source, subject: Subject) -> tuple[Step, StepOutput | None]:
    description = source.describe()
    step = Step(pk=position, bundle=bundle, position=position, source_key=description.key, title=description.title)
    try:
        is_known = bool(source.locate(subject))
    except Exception:
        is_known = True  # run_step meets the same error, and writes it down
    if not is_known:
        step.status = StepStatus.NOTHING_HELD
        return step, None
    result = run_step(step, bundle=bundle, subject=subject, beat=lambda _count: None)
    if result.output is None:
        step.status, step.error_code, step.reason = StepStatus.FAILED, result.error_code, FAILED_REASON
    else:
        step.status = StepStatus(result.output.status)
    return step, result.output


def _copy(made: AssembledBundle, bundle: Bundle, path: Path) -> None:
    store = storage()
    reader = SealedReader(lambda start, length: store.read_range(made.object_name, start, length), made.sealed_size, key_of(bundle))
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as target:
            for piece in reader.iter():
                target.write(piece)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
