"""A worker that erases slowly, for the test that kills it: between two sources there is time to die."""

from __future__ import annotations

import time
from typing import Any

from tests.requests_app.victim import app, registry  # first: it starts Django, with the real jobs and short leases

# isort: split
from tests.requests_app.erasure.slow_sources import SlowSource

__all__ = ["app"]


class Slowly(SlowSource):
    def erase(self, locator: Any, treatment: Any) -> Any:
        time.sleep(0.15)
        return super().erase(locator, treatment)


for _key in ("tests.slow_one", "tests.slow_two"):
    registry.register(Slowly(_key))
