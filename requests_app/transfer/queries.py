"""Who has what from a person because they had it sent there."""

from __future__ import annotations

from privacycenter.subjects.models import Subject
from requests_app.enums import StepStatus
from requests_app.models import Receiver, Step, Transfer


def receivers_of(subject: Subject | None) -> dict[str, list[Receiver]]:
    """The receivers of somebody's data by source: whom a correction must be told (GDPR Art. 19). Two queries.

    A transfer whose copy is forgotten with its request names no sources any more.
    """
    if subject is None:
        return {}
    began = Transfer.objects.filter(request__subject=subject, begun_at__isnull=False, bundle__isnull=False).select_related("receiver")
    by_bundle: dict[int, list[Receiver]] = {}
    for transfer in began.order_by("pk"):
        by_bundle.setdefault(transfer.bundle_id or 0, []).append(transfer.receiver)
    found: dict[str, list[Receiver]] = {}
    steps = Step.objects.filter(bundle__in=list(by_bundle), status=StepStatus.FOUND).values_list("bundle_id", "source_key")
    for bundle, key in steps.order_by("pk") if by_bundle else ():
        found.setdefault(key, []).extend(receiver for receiver in by_bundle[bundle] if receiver not in found.get(key, ()))
    return found
