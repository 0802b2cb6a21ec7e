"""A Celery app with a kind of job whose effect can be counted, for tests that kill workers.

Each job leaves one audit entry that names it, in the transaction that ends the job. Run as a program it is manage.py.
"""

from __future__ import annotations

import hashlib
import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacycenter.settings")
django.setup()

from django.core.management import execute_from_command_line
from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.celery import app
from privacycenter.jobs import registry
from privacycenter.jobs.claims import Claim
from privacycenter.kernel.actor import Actor

__all__ = ["app"]

ONE_BY_ONE, IN_BATCHES, FOR_EVER = "victim.one", "victim.batch", "victim.for_ever"


def leave_traces(claims: list[Claim]) -> None:
    for claim in claims:
        hashlib.pbkdf2_hmac("sha256", b"work", b"", 60_000)  # some 30 ms in which it may be killed
        with transaction.atomic():
            record("jobs.job_retried", actor=Actor.system("victim"), ticket=claim.key, kind=claim.kind, job=claim.payload["number"])
            claim.finish()


def never_end(claims: list[Claim]) -> None:
    sys.stdout.write("claimed\n")
    sys.stdout.flush()
    while True:
        hashlib.pbkdf2_hmac("sha256", b"work", b"", 1_000)


registry.register(ONE_BY_ONE, leave_traces, lease_seconds=2)
registry.register(IN_BATCHES, leave_traces, lease_seconds=2, max_batch=10)
registry.register(FOR_EVER, never_end, lease_seconds=1)

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
