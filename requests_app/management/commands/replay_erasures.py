"""replay_erasures: erase again, after a restore, whom the erasure ledger knows as erased."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacycenter.kernel.actor import Actor
from requests_app.erasure.ledger import BrokenChain
from requests_app.erasure.replay import CannotReplay, Replayed, replay
from requests_app.erasure.rewrite import rewrite_ledger

FAILED, UNFIT = 1, 2
_REASONS = {
    "ledger_missing": "The database knows erasures, and there is no ledger at ERASURE_LEDGER. Put it back.",
    "ledger_behind": "The ledger is an older copy: the database knows later erasures. Put the newest one back.",
    "ledger_broken": "The ledger was changed, or it is not the one of this database.",
    "ledger_unreachable": "The ledger can't be reached.",
    "unknown_key": "The ledger is hashed under a key that HASH_KEYS lacks. Put the key back behind the newest one.",
}
_DOING = {"looked_at": "people and addresses compared", "erased": "entries erased again"}


class Command(BaseCommand):
    help = (
        "After a restore: erase again everybody whom the erasure ledger knows as erased and this database still holds; until then nobody "
        "is served. Run it as often as you like. Exit codes: 0 done; 1 somebody could not be erased; 2 the ledger does not fit. "
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only find and count")
        parser.add_argument(
            "--connectors", action="store_true", help="erase in connected databases as well, because those were restored too"
        )
        parser.add_argument(
            "--rewrite-ledger",
            action="store_true",
            help="first write the ledger anew from what this database knows of it, because it was lost; never with a restored database",
        )
        parser.add_argument("--json", action="store_true", dest="as_json", help="answer as one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        actor = Actor.system("operator")
        try:
            if options["rewrite_ledger"] and not options["dry_run"]:
                rewrite_ledger(actor=actor)
            result = replay(
                connectors=options["connectors"],
                dry_run=options["dry_run"],
                progress=(lambda what, count: None) if options["as_json"] else self._progress,
                actor=actor,
            )
        except (CannotReplay, BrokenChain) as error:
            reason = error.reason if isinstance(error, CannotReplay) else "ledger_broken"
            if options["as_json"]:
                self.stdout.write(json.dumps({"replayed": False, "reason": reason}))
                raise SystemExit(UNFIT) from error
            raise CommandError(_REASONS[reason], returncode=UNFIT) from error
        if options["as_json"]:
            told = {"replayed": not result.failed, "dry_run": options["dry_run"], **asdict(result), "erased": result.erased._asdict()}
            self.stdout.write(json.dumps(told))
        else:
            self._tell(result, dry_run=options["dry_run"])
        if result.failed:
            raise SystemExit(FAILED)

    def _progress(self, what: str, count: int) -> None:
        if what == "looked_at" or count % 100 == 0:
            self.stdout.write(f"  {count} {_DOING[what]}")
            self.stdout.flush()

    def _tell(self, result: Replayed, *, dry_run: bool) -> None:
        done = "Would be erased again" if dry_run else "Erased again"
        self.stdout.write(
            f"Entries of the ledger that were new to this database: {result.entries}. {done}: people {result.people}, addresses without a "
            f"person {result.addresses}; records removed {result.erased.removed}, made anonymous {result.erased.anonymised}."
        )
        if result.bundles:
            self.stdout.write(f"Bundles shredded because their days were over: {result.bundles}.")
        if result.left:
            self.stdout.write(
                f"Look at these entries of the ledger: {', '.join(map(str, result.left))}. An address of theirs is proven by somebody who "
                "was not erased, so it was left alone."
            )
        if result.failed:
            entries = ", ".join(f"entry {number} ({code})" for number, code in sorted(result.failed.items()))
            self.stderr.write(f"Not erased: {entries}. The log says where it failed; nobody is served until it is mended.")
        elif not dry_run:
            self.stdout.write(self.style.SUCCESS("The database fits the ledger: people may be served."))
