"""How much the browser loads for the cookie banner and the choices about cookies: script and styles, gzipped as they are served.

The baseline is the bound itself; the ratio is the part of it that is used.
"""

from __future__ import annotations

import gzip
from typing import Any

from tests.benchmarks.run import ROOT

BOUNDS = (("script", "static/js/cookies.js", 6_000, 3_000), ("styles", "static/css/cookies.css", 3_000, 2_000))


def run(*, quick: bool = False) -> list[dict[str, Any]]:
    """Rows for the table, in bytes."""
    rows = []
    for what, path, at_most, aim in BOUNDS:
        size = len(gzip.compress((ROOT / path).read_bytes(), 6))
        rows.append(
            {
                "name": f"{what} of the cookie banner, bytes of gzip",
                "ours": size,
                "baseline": at_most,
                "ratio": round(size / at_most, 2),
                "target": "<= 1",
                "aim": f"<= {aim / at_most:.2f}",
            }
        )
    return rows
