"""Opening a bundle for download."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from requests_app.behalf.standing import obstacle_of, words_for_requester
from requests_app.domain.people import require_role
from requests_app.errors import BundleGone, BundleLocked
from requests_app.models import Bundle, DownloadGrant, Request
from requests_app.queries import lock_of, released_bundle, session_reference
from requests_app.transitions import Role

GRANT_HOURS = 24


def open_download(request: Request, *, session_key: str, actor: Actor) -> DownloadGrant:
    """Let one session download the released bundle for a day; the caller has seen to a fresh log-in or a fresh code.

    Raises BundleGone when there is none, BundleLocked for 72 hours after a credential change, while the account is frozen, and where
    the proof of who asks does not stand any more.
    """
    require_role(request, Role.PERSON, actor=actor)
    with transaction.atomic():
        bundle = released_bundle(request)
        if bundle is None:
            raise BundleGone
        if lock_of(request) is not None:
            raise BundleLocked
        why = obstacle_of(request)
        if why:
            raise BundleLocked(words_for_requester(why))
        now = clock.now()
        Bundle.objects.filter(pk=bundle.pk, fetched_at=None).update(fetched_at=now)
        subject = str(request.subject.public_id) if request.subject else ""
        record("requests.download_opened", actor=actor, subject=subject, ticket=request.ref)
        return DownloadGrant.objects.create(
            bundle=bundle,
            session_hash=session_reference(session_key),
            opened_at=now,
            expires_at=min(now + timedelta(hours=GRANT_HOURS), bundle.expires_at or now),
        )
