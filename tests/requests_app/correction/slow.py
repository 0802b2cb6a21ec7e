"""A worker that corrects slowly, for the test that kills it: before and after each change of a source there is time to die."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tests.requests_app.victim import app  # first: it starts Django, with the real jobs and short leases

# isort: split
from privacycenter.datamap.sql.source import SqlSource
from privacycenter.records.personal_data import InteractionSource

__all__ = ["app"]

SECONDS = 0.1


def _slowly(rectify: Callable[..., int]) -> Callable[..., int]:
    def wait_and_wait_again(*given: Any) -> int:
        time.sleep(SECONDS)
        changed = rectify(*given)
        time.sleep(SECONDS)
        return changed

    return wait_and_wait_again


for _source in (SqlSource, InteractionSource):
    _source.rectify = _slowly(_source.rectify)  # type: ignore[method-assign]
