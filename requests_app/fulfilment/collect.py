"""Running one source and writing down what came of it."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from django.db import connection, models

from privacycenter.jobs.errors import LostLease, Permanent
from privacycenter.kernel import clock
from privacycenter.kernel.sources import Locator, UnknownSource, registry
from privacycenter.subjects.models import Subject
from requests_app.bundle.outputs import export_source, sealed
from requests_app.bundle.step_output import StepOutput
from requests_app.enums import StepStatus
from requests_app.models import Bundle, Step
from requests_app.redaction.loading import hider_for

log = structlog.get_logger("privacycenter.requests")

# What is printed of a source that failed; the code says more to staff.
FAILED_REASON = "This source could not be read when the bundle was made."
LOST_WORKER = "worker_lost"


@dataclass
class Result:
    """What came of one try: an output, or an error code."""

    step: Step
    output: StepOutput | None = None
    error_code: str = ""
    is_permanent: bool = False


def run_step(step: Step, *, bundle: Bundle, subject: Subject | None, beat: Callable[[int], None]) -> Result:
    """Export one source into an output. Whatever a source raises ends in the result; only a lost lease gets out."""
    try:
        source = registry.get(step.source_key)
        locator: Locator = json.loads(step.locator) if step.locator else source.locate(subject)
        prefix = f"{work_folder(bundle)}/{step.position}"
        hider = hider_for(bundle, step.source_key)
        return Result(step, export_source(source, locator, key=key_of(bundle), name_prefix=prefix, on_progress=beat, hider=hider))
    except LostLease:
        raise
    except UnknownSource:
        return Result(step, error_code="unknown_source", is_permanent=True)
    except Permanent as error:
        return Result(step, error_code=error.code, is_permanent=True)
    except Exception as error:
        # The text of an exception may hold data; its class is enough to find it.
        code = str(getattr(error, "code", "") or type(error).__name__)[:64]
        log.warning("source_failed", source=step.source_key, step=step.pk, error=type(error).__name__)
        return Result(step, error_code=code)


def note_success(results: Sequence[Result]) -> int:
    """Write the outputs of many steps, sealed, with one statement; a step that has ended meanwhile is left alone. Answers how many."""
    kept = [(result.step, sealed(result.output, key=key_of(result.step.bundle))) for result in results if result.output is not None]
    rows = [
        {
            "id": step.pk,
            "status": output.status,
            "count": output.count,
            "problem_count": len(output.problems),
            "output": output.to_json(),
            "inline": output.inline,
        }
        for step, output in kept
    ]
    return _update_steps(rows, finished_at=clock.now()) if rows else 0


def write_finished(steps: Sequence[Step], results: Sequence[Result]) -> None:
    """Insert steps that were planned and run in one go, as they ended and without their contents: the file is made already."""
    moment = clock.now()
    outputs = {result.step.position: result.output for result in results}
    for step in steps:
        output = outputs.get(step.position)
        step.locator = None
        if output is not None:
            step.status, step.count, step.problem_count = StepStatus(output.status), output.count, len(output.problems)
            step.finished_at = moment
    _insert_without_contents(steps)


def note_retry(result: Result) -> None:
    """Count a failed try of a step that will be tried again."""
    waiting = Step.objects.filter(pk=result.step.pk, status__in=[StepStatus.PENDING, StepStatus.RUNNING])
    waiting.update(status=StepStatus.PENDING, attempts=models.F("attempts") + 1, error_code=result.error_code)


def note_failure(step_id: int, *, code: str) -> None:
    """Give a step up: it is shown to staff, who retry it or complete the request with a reason."""
    waiting = Step.objects.filter(pk=step_id, status__in=[StepStatus.PENDING, StepStatus.RUNNING])
    waiting.update(
        status=StepStatus.FAILED,
        attempts=models.F("attempts") + 1,
        error_code=code[:64],
        reason=FAILED_REASON,
        finished_at=clock.now(),
    )


def output_of(step: Step) -> StepOutput | None:
    """The output that a finished step has kept."""
    return StepOutput.from_json(step.output, inline=bytes(step.inline) if step.inline is not None else None) if step.output else None


def key_of(bundle: Bundle) -> bytes:
    """The bytes of a living bundle's key."""
    return base64.b64decode(bundle.key or "")


def work_folder(bundle: Bundle) -> str:
    """Where step outputs and volumes of a bundle lie; removed as a whole when the file is finished."""
    return f"{bundle.prefix}/work"


def _insert_without_contents(steps: Sequence[Step]) -> None:
    """Insert steps that have nothing encrypted in them.

    On PostgreSQL as one JSON value: bulk_create writes out each of 15 columns of each row, and takes a quarter of the time that
    reading all the sources takes.
    """
    if connection.vendor != "postgresql":
        Step.objects.bulk_create(steps)
        return
    fields = [field for field in Step._meta.concrete_fields if not (field.primary_key or isinstance(field, models.BinaryField))]
    rows = [{field.column: getattr(step, field.attname) for field in fields} for step in steps]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO requests_app_step ({columns}) "  # noqa: S608 - names are ours
            f"SELECT {columns} FROM json_populate_recordset(NULL::requests_app_step, %s)",
            [orjson.dumps(rows, default=str).decode()],
        )


_COLUMNS = ("status", "count", "problem_count", "output", "inline")


def _update_steps(rows: Sequence[dict[str, Any]], *, finished_at: datetime) -> int:
    """UPDATE … FROM (VALUES …): one short statement, where bulk_update would write a CASE per column and row.

    Both databases name the columns of VALUES column1, column2 and so on. PostgreSQL needs casts, because a column of
    nothing but NULL has no type; SQLite takes what comes.
    """
    fields = {field.name: field for field in Step._meta.concrete_fields}
    assignments = []
    for number, name in enumerate(_COLUMNS, start=2):
        value = f"v.column{number}"
        if connection.vendor == "postgresql":
            value = f"CAST({value} AS {fields[name].db_type(connection)})"
        assignments.append(f'"{name}" = {value}')
    values = ", ".join(["(" + ", ".join(["%s"] * (len(_COLUMNS) + 1)) + ")"] * len(rows))
    parameters: list[Any] = [fields["finished_at"].get_db_prep_save(finished_at, connection)]
    for row in rows:
        parameters.append(row["id"])
        parameters += [fields[name].get_db_prep_save(row[name], connection) for name in _COLUMNS]
    statement = (
        f"UPDATE requests_app_step SET finished_at = %s, error_code = '', {', '.join(assignments)} "  # noqa: S608 - names are ours
        f"FROM (VALUES {values}) AS v WHERE requests_app_step.id = v.column1 AND requests_app_step.status IN ('pending', 'running')"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return int(cursor.rowcount)
