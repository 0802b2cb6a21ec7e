"""Check a bundle: is it whole, unchanged and ours?"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from requests_app.bundle.signing import keys_from_jwks, public_keys
from requests_app.bundle.verification import NotABundle, Report, verify

CHANGED, UNREADABLE = 1, 2
_LARGEST_KEY_FILE = 1024 * 1024


class Command(BaseCommand):
    help = (
        "Check a bundle offline: structure, checksums, signature, schema and counts. Needs no database and no secret when --keys "
        "names a saved /.well-known/privacy-bundle-keys.json. Exit code 0: genuine; 1: changed or not ours; 2: can't be checked."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="the ZIP file")
        parser.add_argument("--keys", type=Path, help="public keys as a JWKS; without it those of BUNDLE_SIGNING_KEYS")
        parser.add_argument("--json", action="store_true", dest="as_json", help="machine-readable output")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            keys = self._keys(options["keys"])
            report = verify(options["file"], keys=keys)
        except OSError as error:
            raise CommandError(f"The file can't be read: {error.strerror or 'unknown reason'}.", returncode=UNREADABLE) from error
        except NotABundle as error:
            raise CommandError(f"Not a bundle: {error}.", returncode=UNREADABLE) from error
        if options["as_json"]:
            self.stdout.write(json.dumps(asdict(report) | {"valid": report.is_valid}, indent=2))
        else:
            self._tell(report)
        if not report.is_valid:
            sys.exit(CHANGED)

    def _keys(self, path: Path | None) -> dict[str, bytes]:
        if path is None:
            keys = public_keys()
        else:
            with path.open("rb") as stream:
                data = stream.read(_LARGEST_KEY_FILE)
            try:
                keys = keys_from_jwks(json.loads(data))
            except ValueError as error:
                raise CommandError("The key file is no JWKS.", returncode=UNREADABLE) from error
        if not keys:
            raise CommandError(
                "There is no key to check with: name a saved /.well-known/privacy-bundle-keys.json with --keys.", returncode=UNREADABLE
            )
        return keys

    def _tell(self, report: Report) -> None:
        self.stdout.write(f"Bundle {report.reference or '?'}, made {report.created or '?'}")
        for check in report.checks:
            self.stdout.write(f"  ok     {check}")
        for error in report.errors:
            self.stdout.write(f"  WRONG  {error}")
        if report.is_valid:
            sources = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in sorted(report.sources.items()))
            self.stdout.write(f"  {report.records} records, {report.files} files, {report.problems} problems; sources: {sources or 'none'}")
            self.stdout.write(self.style.SUCCESS("Genuine: this is, to the byte, what was put together and signed."))
        else:
            self.stdout.write(self.style.ERROR("Not genuine, or damaged. Do not rely on it."))
