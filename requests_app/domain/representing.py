"""Who acts for somebody: noted for what staff enter as for what is filed here, and told to the holder of an account."""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse

from accounts.queries import primary_address
from privacycenter.audit.domain import record
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.text import storable
from privacycenter.kernel.tokens import new_token
from privacycenter.subjects.models import Subject
from requests_app.behalf.errors import NotForAnother, NotReady
from requests_app.domain.mails import common, tell_address
from requests_app.enums import Behalf, Capacity, ProofPurpose
from requests_app.models import IdentityProof, Representation, Request
from requests_app.queries import account_of
from requests_app.rights.registry import right_for

OF_AGE = 18
LATELY_DAYS = 90
LINK_DAYS = 30
LINK = "link"  # in place of the hash of a code: the link is all it takes
CAPACITIES: dict[str, tuple[Capacity, ...]] = {
    Behalf.CHILD: (Capacity.PARENT, Capacity.GUARDIAN),
    Behalf.AGENT: (Capacity.AUTHORISED, Capacity.LAWYER, Capacity.CARER),
    Behalf.DECEASED: (Capacity.HEIR, Capacity.EXECUTOR, Capacity.RELATIVE),
}


def of_age_on(born_on: date) -> date:
    """The birthday on which somebody comes of age; of one born on 29 February the day after the 28th."""
    year = born_on.year + OF_AGE
    try:
        return born_on.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def require_minor(born_on: date) -> None:
    """Raise NotForAnother unless somebody born on that day is a child today."""
    if born_on > clock.now().date():
        raise NotForAnother("not_born")
    if of_age_on(born_on) <= clock.now().date():
        raise NotForAnother("of_age")


def note_entered(request: Request) -> None:
    """Staff typed in a request for somebody else: what lets them ask is noted once it is seen. In the caller's transaction."""
    Representation.objects.create(request=request, capacity=Capacity.ON_PAPER)


def accept_on_paper(request: Request, *, requester_name: str = "", capacity: str = "", born_on: date | None = None) -> Representation:
    """Staff saw on paper who asks, and that they may. From here on it ends, and stops the work, like one that was filed here.

    Raises NotReady where the authority has ended, NotForAnother for a capacity of another case or a child that is of age.
    In the caller's transaction.
    """
    if capacity and capacity not in CAPACITIES[request.behalf]:
        raise NotForAnother("capacity")
    if born_on is not None and request.behalf == Behalf.CHILD:
        require_minor(born_on)
    representation, _is_new = Representation.objects.get_or_create(request=request, defaults={"capacity": Capacity.ON_PAPER})
    if representation.ended_at is not None:
        raise NotReady("ended")
    now = clock.now()
    representation.shown_at = representation.submitted_at = representation.accepted_at = now
    representation.capacity = capacity or representation.capacity
    representation.requester_name = storable(requester_name).strip() or None
    representation.of_age_on = of_age_on(born_on).isoformat() if born_on is not None and request.behalf == Behalf.CHILD else None
    representation.save()
    return representation


def require_dead(request: Request, subject: Subject | None) -> None:
    """Raise NotReady where somebody is said to have died while they have an account that can be used; staff look twice at that."""
    account = account_of(subject) if request.behalf == Behalf.DECEASED else None
    if account is None:
        return
    is_recent = account.last_login is not None and account.last_login > clock.now() - timedelta(days=LATELY_DAYS)
    raise NotReady("account_used" if is_recent else "account_active")


def notify_holder(request: Request, subject: Subject, *, actor: Actor) -> None:
    """Tell the holder of an account that somebody was accepted as acting for them (GDPR Art. 5(1)(a) and (f)), with a link to stop it.

    Some days (REPRESENTED_NOTICE_DAYS) go by before anything is given out or done. Whoever confirmed their agent themselves knows of it,
    and whoever has no account to be reached by is not told. The mail does not name the requester: who it is stands on the holder's pages.
    In the caller's transaction.
    """
    account = account_of(subject)
    representation = Representation.objects.get(request=request)
    if account is None or representation.confirmed_at is not None:
        return
    now = clock.now()
    Representation.objects.filter(pk=representation.pk).update(notified_at=now)
    record("requests.holder_told", actor=actor, subject=str(subject.public_id), ticket=request.ref, behalf=request.behalf)
    address = primary_address(account)
    if not address:
        return  # their pages say it, and the days count all the same
    link = IdentityProof.objects.create(
        public_id=new_token(),
        purpose=ProofPurpose.STOP,
        request=request,
        address=address,
        code_hash=LINK,
        created_at=now,
        expires_at=now + timedelta(days=LINK_DAYS),
    )
    tell_address(
        address,
        "requests.acted_for",
        language=subject.language,
        ticket=request.ref,
        actor=actor,
        behalf=request.behalf,
        right=right_for(request.kind).title,
        held_until=now + timedelta(days=settings.REPRESENTED_NOTICE_DAYS) if settings.REPRESENTED_NOTICE_DAYS else None,
        days=LINK_DAYS,
        stop_url=settings.SITE_URL + reverse("requests:acted_for", args=[link.public_id]),
        **common(request),
    )
