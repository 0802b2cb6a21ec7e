"""Receivers and portability requests in the states that tests need."""

from __future__ import annotations

import base64
import hashlib
import secrets
from datetime import timedelta

from accounts.models import User
from privacycenter.kernel import clock
from privacycenter.kernel.storage import storage
from privacycenter.kernel.streams import encrypt_stream
from requests_app.domain.people import actor_for
from requests_app.enums import DocumentKind, Outcome, Status, StepStatus
from requests_app.models import Bundle, ProofDocument, Receiver, Request, Step, Transfer
from requests_app.transfer.choosing import choose_receiver, confirm_transfer, seal_of
from requests_app.transfer.enums import ReceiverState
from tests.factories.requests import filed, fresh

URL = "https://takeover.acme.example/uploads"


def make_receiver(name: str = "Acme Bank", url: str = URL, *, state: str = "approved") -> Receiver:
    """A receiver in a state, as if staff had decided."""
    decided = None if state == ReceiverState.PROPOSED else clock.now()
    return Receiver.objects.create(name=name, url=url, state=state, proposed_at=clock.now(), decided_at=decided)


def portable(content: bytes = b"bundle", user: User | None = None, *, source: str = "accounts.profile") -> Request:
    """A portability request whose released copy has just these bytes, without the work that makes one."""
    request = filed(user, kind="portability")
    now = clock.now()
    Bundle.objects.filter(request=request).delete()
    key, name = secrets.token_bytes(32), f"bundles/{secrets.token_hex(8)}"
    sealed = storage().put_stream(f"{name}/file.zip", encrypt_stream([content], key=key))
    bundle = Bundle.objects.create(
        request=request,
        prefix=name,
        object_name=f"{name}/file.zip",
        key=base64.b64encode(key).decode(),
        created_at=now,
        size=len(content),
        sealed_size=sealed,
        sha256=hashlib.sha256(content).hexdigest(),
        assembled_at=now,
        released_at=now,
        expires_at=now + timedelta(days=14),
    )
    Step.objects.create(
        bundle=bundle, position=0, source_key=source, title="Your profile", status=StepStatus.FOUND, count=3, finished_at=now
    )
    Request.objects.filter(pk=request.pk).update(status=Status.READY, outcome=Outcome.FULFILLED, answered_at=now)
    return fresh(request)


def confirmed(request: Request, receiver: Receiver) -> Transfer:
    """A transfer that the person has confirmed; its job waits."""
    actor = actor_for(request.subject)
    transfer = choose_receiver(request, receiver=receiver, actor=actor)
    return confirm_transfer(request, seal=seal_of(transfer, Bundle.objects.get(request=request)), actor=actor)


def identity_open(request: Request) -> ProofDocument:
    """A proof of identity that came for a request and that nobody has decided."""
    return ProofDocument.objects.create(
        request=request, kind=DocumentKind.IDENTITY, sent_at=clock.now(), media_type="image/png", size=1, object_name="x", sealed_size=1
    )
