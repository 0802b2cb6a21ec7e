"""When a copy is looked through for other people: at once where it is small, else by a worker."""

from __future__ import annotations

import zipfile

from django.db import transaction

from privacycenter.jobs.claims import Claim
from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from requests_app.fulfilment.reading import entry_size
from requests_app.models import Bundle, BundleScan
from requests_app.redaction.candidates import Found, find_candidates, mail_bytes

AT_ONCE_BYTES = 8 * 1024 * 1024
JOB = "requests.scan_bundle"


def see_to_scan(bundle: Bundle) -> Found | None:
    """What was found in a finished copy; None while a worker still looks through it."""
    scan = BundleScan.objects.filter(bundle=bundle).first()
    if scan is not None:
        return Found.from_json(scan.found) if scan.found else None
    size = entry_size(bundle, "personal-data.json")
    if size <= AT_ONCE_BYTES and size + mail_bytes(bundle) <= AT_ONCE_BYTES:
        found = find_candidates(bundle)
        _keep(bundle, found)
        return found
    with transaction.atomic():
        BundleScan.objects.get_or_create(bundle=bundle, defaults={"ordered_at": clock.now()})
        enqueue(JOB, key=str(bundle.pk), payload={"bundle": bundle.pk})
    return None


def scan_bundle(claim: Claim) -> None:
    """Look through a copy that staff check. One that went meanwhile is left alone."""
    bundle = (
        Bundle.objects.select_related("request__subject").filter(pk=claim.payload["bundle"], shredded_at=None, released_at=None).first()
    )
    found = None
    if bundle is not None and bundle.assembled_at is not None:
        try:
            found = find_candidates(bundle)
        except (OSError, zipfile.BadZipFile, KeyError):
            if Bundle.objects.filter(pk=bundle.pk, shredded_at=None).exists():
                raise
    with transaction.atomic():
        claim.finish()
        if bundle is not None and found is not None:
            _keep(bundle, found)


def _keep(bundle: Bundle, found: Found) -> None:
    now = clock.now()
    with transaction.atomic():
        # The lock keeps a copy that is shredded at this moment from getting a row that would outlive it.
        if Bundle.objects.select_for_update().filter(pk=bundle.pk, shredded_at=None, released_at=None).exists():
            values = {"found": found.to_json(), "ordered_at": now, "finished_at": now}
            BundleScan.objects.update_or_create(bundle=bundle, defaults=values)
