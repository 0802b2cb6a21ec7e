"""Opening a bundle and ordering the work on it."""

from __future__ import annotations

import base64
import secrets

from privacycenter.jobs.domain import enqueue
from privacycenter.kernel import clock
from privacycenter.kernel.tokens import new_token
from requests_app.models import Bundle, Redaction, Request


def begin_bundle(request: Request) -> Bundle:
    """Open a new bundle with its key and the moment that it will bear, and order the collection. In the caller's transaction.

    Where its objects will lie is written down before any of them is: what a dead worker leaves behind can be found.
    """
    prefix = f"bundles/{new_token()}"
    bundle = Bundle.objects.create(
        request=request,
        created_at=clock.now().replace(microsecond=0),
        prefix=prefix,
        object_name=new_object_name(prefix),
        hides=Redaction.objects.filter(request=request, ended_at=None).exists(),
        key=base64.b64encode(secrets.token_bytes(32)).decode(),
    )
    order_work(bundle)
    return bundle


def new_object_name(prefix: str) -> str:
    """A name for the finished file that was never used."""
    return f"{prefix}/{secrets.token_hex(8)}.zip"


def order_work(bundle: Bundle) -> None:
    """Ring for the worker that plans, collects and carries on from wherever the bundle stands."""
    enqueue("requests.fulfil", key=str(bundle.pk), payload={"bundle": bundle.pk})
