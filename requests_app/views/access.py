"""Who may see which request: the signed-in person, or a session that proved itself with a code. Everybody else gets 404."""

from __future__ import annotations

import base64
from datetime import datetime, timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from accounts.queries import has_account
from privacycenter.kernel import clock, encryption
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.errors import DecryptionFailed
from requests_app.domain.people import actor_of_requester, is_requester, requester_of
from requests_app.enums import Behalf
from requests_app.models import IdentityProof, Request
from requests_app.queries import account_of, lock_of

OPENED = "requests_opened"  # {reference: when a code proved it, ISO}
PROOF = "requests_proof"  # public id of the code that was asked for last
SEEN = "requests_seen"  # when this session last used what a code opened, ISO
DRAFTS = "requests_drafts"  # {what: encrypted words}, the latest last

OPEN_HOURS = 12
IDLE_MINUTES = 30
FRESH_MINUTES = 5
DRAFT_LENGTH = 24_000  # characters: the longest form of the desk, written as JSON
DRAFTS_KEPT = 5


def find_request(http: HttpRequest, ref: str) -> Request:
    """The request with this reference, where the visitor may see it. Raises Http404 for everybody else."""
    found = None
    reachable = Request.objects.reachable().select_related("subject", "filed_by").filter(ref=ref)
    if http.user.is_authenticated:
        found = reachable.first()
        if found is not None and not is_requester(found, http.user.subject):
            found = None
    if found is None and _opened_at(http, ref) is not None:
        found = reachable.first()
        # An account came into being since: from now on it is the way in, with all its factors. One that was closed
        # while it was locked goes on locking.
        if found is not None and (_has_account(found) or lock_of(found) is not None):
            found = None
        if found is not None:
            _note_seen(http)
    if found is None:
        raise Http404
    return found


def _has_account(request: Request) -> bool:
    """Whether whoever asks has an account to sign in with. A requester of whom only an address is known is found by it."""
    requester = requester_of(request)
    return account_of(requester) is not None if requester is not None else has_account(request.contact or "")


def find_represented(http: HttpRequest, ref: str) -> Request | None:
    """A request that somebody else made for the signed-in visitor, whose data it is about; None where there is none."""
    if not http.user.is_authenticated:
        return None
    of_visitor = Request.objects.of(http.user.subject_id).exclude(behalf=Behalf.SELF)
    return of_visitor.select_related("subject", "filed_by", "representation").filter(ref=ref).first()


def may_see(http: HttpRequest, ref: str) -> bool:
    """Whether `find_request` would find something."""
    try:
        find_request(http, ref)
    except Http404:
        return False
    return True


def person(http: HttpRequest, request: Request) -> Actor:
    """The visitor as the one who asks; only for a request that `find_request` gave."""
    return actor_of_requester(request)


def is_by_code(http: HttpRequest, request: Request) -> bool:
    """Whether the visitor got in by code rather than by signing in."""
    return not http.user.is_authenticated or not is_requester(request, http.user.subject)


def is_freshly_proven(http: HttpRequest, ref: str) -> bool:
    """Whether a code proved this session within the last minutes: the counterpart of a fresh log-in."""
    at = _opened_at(http, ref)
    return at is not None and clock.now() - at <= timedelta(minutes=FRESH_MINUTES)


def note_opened(http: HttpRequest, ref: str) -> None:
    """Bind the proof to this session, under a new session key so that nobody who planted the old one gets in."""
    http.session.cycle_key()
    opened = {key: at for key, at in http.session.get(OPENED, {}).items() if _is_current(http, at)}
    now = clock.now().isoformat()
    http.session[OPENED], http.session[SEEN] = {**opened, ref: now}, now
    http.session.pop(PROOF, None)


def opened_references(http: HttpRequest) -> list[str]:
    """References that codes have opened in this session."""
    return [ref for ref, at in http.session.get(OPENED, {}).items() if _is_current(http, at)]


def forget_opened(http: HttpRequest) -> None:
    """Shut what codes have opened in this session; words that wait to be sent stay."""
    for name in (OPENED, SEEN, PROOF):
        http.session.pop(name, None)


def keep_proof(http: HttpRequest, proof: IdentityProof) -> None:
    """Remember which code this session waits for."""
    http.session[PROOF] = proof.public_id


def current_proof(http: HttpRequest) -> IdentityProof | None:
    """The code this session waits for."""
    public_id = http.session.get(PROOF)
    return IdentityProof.objects.select_related("request").filter(public_id=public_id).first() if public_id else None


def keep_draft(http: HttpRequest, what: str, words: str, *, shown: str | None = None) -> HttpResponse | None:
    """Keep words that were typed when the session had ended; they come back after signing in or a code.

    Answers None. Words longer than any form takes are not kept, because anybody may post here: then the answer is a page that gives
    them back whole, as `shown` where `words` are several fields in one. Of the drafts the latest are kept. Whether there is such a
    request is not asked, because the cookie of a new session would tell.
    """
    if len(words) > DRAFT_LENGTH:
        context = {"words": words if shown is None else shown, "length": len(words), "most": DRAFT_LENGTH}
        return render(http, "requests_app/draft_too_long.html", context, status=413)
    sealed = encryption.encrypt(words.encode("utf-8", "surrogatepass"), context=_draft_context(what))
    others = [(key, value) for key, value in http.session.get(DRAFTS, {}).items() if key != what]
    http.session[DRAFTS] = dict([*others, (what, base64.b64encode(sealed).decode())][-DRAFTS_KEPT:])
    return None


def take_draft(http: HttpRequest, what: str) -> str:
    """The words that were kept. They stay until the form is sent: a page that is loaded again shows them again."""
    drafts = dict(http.session.get(DRAFTS, {}))
    sealed = drafts.pop(what, "")
    if not sealed:
        return ""
    if http.method == "POST":
        http.session[DRAFTS] = drafts
    try:
        return encryption.decrypt(base64.b64decode(sealed), context=_draft_context(what)).decode("utf-8", "surrogatepass")
    except DecryptionFailed:
        return ""


def _draft_context(what: str) -> str:
    return f"requests.draft:{what}"


def _opened_at(http: HttpRequest, ref: str) -> datetime | None:
    at = http.session.get(OPENED, {}).get(ref, "")
    return datetime.fromisoformat(at) if at and _is_current(http, at) else None


def _is_current(http: HttpRequest, at: str) -> bool:
    now = clock.now()
    is_idle = now - datetime.fromisoformat(http.session.get(SEEN, at)) > timedelta(minutes=IDLE_MINUTES)
    return not is_idle and now - datetime.fromisoformat(at) <= timedelta(hours=OPEN_HOURS)


def _note_seen(http: HttpRequest) -> None:
    """Once a minute is enough: each is a write of the session."""
    now, seen = clock.now(), http.session.get(SEEN)
    if seen is None or now - datetime.fromisoformat(seen) > timedelta(minutes=1):
        http.session[SEEN] = now.isoformat()
