"""Every check that reads the code without running it. `make lint` shows all findings; `make test` runs it first."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
CHECKS = {
    "style": ("ruff", "check", "--quiet", "."),
    "format": ("ruff", "format", "--check", "--quiet", "."),
    "floors": ("lint-imports", "--no-cache"),
    "types": ("mypy", "--no-error-summary"),
    "templates": ("djlint", "templates", "--lint", "--quiet"),
}


def main() -> int:
    failed = []
    for name, (program, *arguments) in CHECKS.items():
        began = time.monotonic()
        done = subprocess.run([BIN / program, *arguments], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        verdict = "ok" if done.returncode == 0 else "FAILED"
        sys.stdout.write(f"lint {name}: {verdict} ({time.monotonic() - began:.1f} s)\n")
        if done.returncode:
            failed.append(name)
            sys.stdout.write(f"{done.stdout}{done.stderr}\n")
        sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
