"""People without an account: a code to the address, and nothing on the page that tells whose it is."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacycenter.jobs.domain import run_due, run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.sources import registry
from privacycenter.mail.models import OutboxMessage
from privacycenter.subjects.domain import add_identifier, create_subject
from privacycenter.subjects.models import Identifier, Subject
from requests_app.domain import ask_for_code, file_by_address, prove_identity
from requests_app.domain.limits import PER_ADDRESS, PER_CLIENT
from requests_app.domain.proof import CodeAnswer, ask_again, decide_answer
from requests_app.enums import Channel, Outcome, Status
from requests_app.errors import TooManyCodes, WrongCode
from requests_app.models import IdentityProof, Request
from requests_app.models.proof import TRIES
from requests_app.queries import lock_of
from tests.factories.accounts import make_account
from tests.factories.requests import ToldSource, fresh, released
from tests.requests_app.together import in_threads

NOBODY = Actor(ActorKind.ANONYMOUS)
KNOWN, UNKNOWN, ACCOUNT = "known@example.com", "unknown@example.com", "account@example.com"
NEW, CODE = "/requests/new/?kind=access", "/requests/code/"


def know(address: str = KNOWN, *, proven: bool = False) -> Subject:
    system = Actor.system("tests")
    subject = create_subject(actor=system)
    add_identifier(subject, kind="email", value=address, source="tests.import", proven=proven, actor=system)
    return subject


def file(address: str = KNOWN, *, kind: str = "access", client: str = "192.0.2.1") -> IdentityProof:
    return file_by_address(kind=kind, address=address, client=client, actor=NOBODY)


def mailed(proof: IdentityProof) -> str:
    """The code as it stands in the mail that waits to be sent."""
    run_due(kinds=["requests.send_code"], reraise=True)
    ticket = IdentityProof.objects.select_related("request").get(pk=proof.pk).request.ref
    body = OutboxMessage.objects.filter(kind="requests.code", ticket=ticket).latest("pk").body
    return re.search(r"^ {4}(\S+)$", body, re.MULTILINE)[1]


def prove(proof: IdentityProof, code: str) -> Request:
    return prove_identity(proof, code=code, actor=NOBODY)


# What the three kinds of addresses get ---------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("lock", ["changed", "frozen"])
@pytest.mark.obligation("G-02")
def test_closing_a_locked_account_opens_no_way_by_code(lock: str) -> None:
    user = make_account(email=KNOWN, password=None)
    owned = released(user)
    moment = clock.now()
    locked = {"credential_changed_at": moment - timedelta(hours=71)} if lock == "changed" else {"frozen_at": moment}
    type(user).objects.filter(pk=user.pk).update(is_active=False, **locked)

    assert decide_answer(file()) is CodeAnswer.NOTHING
    assert lock_of(owned) is not None
    Request.objects.filter(pk=owned.pk).update(channel=Channel.ADDRESS, contact=KNOWN)
    by_reference = ask_for_code(reference=owned.ref, client="192.0.2.1", actor=NOBODY)
    assert decide_answer(by_reference) is CodeAnswer.NOTHING
    client = Client()
    session = client.session
    session["requests_opened"] = {owned.ref: moment.isoformat()}
    session.save()
    assert client.get(f"/requests/{owned.ref}/fetch/").status_code == 404

    type(user).objects.update(credential_changed_at=moment - timedelta(hours=73), frozen_at=None)
    assert lock_of(owned) is None
    assert decide_answer(file()) is CodeAnswer.CODE
    assert client.get(f"/requests/{owned.ref}/fetch/").status_code == 200


@pytest.mark.django_db
def test_an_account_locked_and_closed_after_the_mail_makes_the_code_worthless() -> None:
    know()
    proof = file()
    code = mailed(proof)
    user = make_account(email=KNOWN, password=None)
    type(user).objects.filter(pk=user.pk).update(is_active=False, credential_changed_at=clock.now())

    with pytest.raises(WrongCode):
        prove(proof, code)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("address", "kind"),
    [(KNOWN, "requests.code"), (UNKNOWN, "requests.nothing_held"), (ACCOUNT, "requests.sign_in_instead")],
)
def test_the_mail_tells_only_the_owner_of_the_mailbox(address: str, kind: str) -> None:
    know()
    make_account(password=None, email=ACCOUNT)

    file(address)
    run_until_idle()

    message = OutboxMessage.objects.get()
    assert message.kind == kind


@pytest.mark.django_db
def test_an_address_that_only_a_source_knows_gets_a_code_and_leaves_no_person_behind() -> None:
    with registry.temporarily(ToldSource()):
        proof = file(UNKNOWN)
        answer = decide_answer(proof)

    assert answer == "code"
    assert Subject.objects.count() == Identifier.objects.count() == 0


@pytest.mark.django_db
def test_a_source_that_can_not_be_counted_does_not_cost_the_person_their_answer() -> None:
    class Broken(ToldSource):
        def count(self, locator: Any) -> int:
            raise OSError("down")

    with registry.temporarily(Broken()):
        assert decide_answer(file(UNKNOWN)) == "code"


@pytest.mark.django_db
def test_the_page_the_status_and_the_work_are_the_same_for_every_address() -> None:
    know()
    make_account(password=None, email=ACCOUNT)

    def visit(address: str) -> tuple[Any, ...]:
        client = Client(REMOTE_ADDR="192.0.2.7")
        client.get(NEW)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = client.post(NEW, {"kind": "access", "address": address})
        page = client.get(CODE)
        wrong = client.post(CODE, {"code": "AAAA-AAAA"})
        return (
            answer.status_code,
            answer["Location"],
            shape(answer.headers),
            [re.sub(r"'[^']*'|[0-9a-f]{8,}|\d+", "?", query["sql"])[:80] for query in queries],
            body(page.content),
            wrong.status_code,
            body(wrong.content),
        )

    def shape(headers: Any) -> list[str]:
        return sorted(headers)

    def body(content: bytes) -> str:
        return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", content.decode())

    first, second, third = visit(KNOWN), visit(UNKNOWN), visit(ACCOUNT)

    assert first == second == third
    assert first[0] == 302


# Codes -----------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.obligation("R-01")
def test_the_right_code_proves_the_request_for_the_person_behind_the_address() -> None:
    proof = file()
    know(proven=True)
    code = mailed(proof)

    request = prove(proof, code.lower().replace("", " "))

    assert (request.status, request.channel, request.contact) == (Status.COLLECTING, Channel.ADDRESS, KNOWN)
    assert request.subject == Subject.objects.get()
    assert OutboxMessage.objects.filter(kind="requests.acknowledgement", ticket=request.ref).count() == 1


@pytest.mark.django_db
def test_an_unproven_identifier_of_somebody_else_brings_nothing_of_theirs() -> None:
    other = know(proven=False)
    proof = file()

    request = prove(proof, mailed(proof))

    assert request.subject != other
    assert list(request.subject.identifiers.values_list("value", flat=True)) == [KNOWN]


@pytest.mark.django_db
def test_codes_are_stored_hashed_and_the_request_shows_nothing_before() -> None:
    know()
    proof = file()
    code = mailed(proof)

    stored = IdentityProof.objects.get(pk=proof.pk)

    assert len(code) >= 8
    assert code not in stored.code_hash
    assert Request.objects.get().subject is None


@pytest.mark.django_db
def test_five_wrong_tries_burn_the_code() -> None:
    know()
    proof = file()
    code = mailed(proof)

    for _ in range(TRIES):
        with pytest.raises(WrongCode):
            prove(proof, "AAAAAAAA")

    with pytest.raises(WrongCode):
        prove(proof, code)
    assert IdentityProof.objects.get(pk=proof.pk).tries == TRIES


@pytest.mark.django_db
def test_a_code_lives_ten_minutes_from_its_mail() -> None:
    know()
    start = clock.now()
    with clock.stopped_at(start):
        proof = file()
    with clock.stopped_at(start + timedelta(minutes=8)):
        code = mailed(proof)

    with clock.stopped_at(start + timedelta(minutes=18, seconds=1)), pytest.raises(WrongCode):
        prove(proof, code)
    with clock.stopped_at(start + timedelta(minutes=17)):
        assert prove(proof, code).status == Status.COLLECTING


@pytest.mark.django_db
def test_a_code_works_once() -> None:
    know()
    proof = file()
    code = mailed(proof)
    prove(proof, code)

    with pytest.raises(WrongCode):
        prove(proof, code)


@pytest.mark.django_db
def test_another_code_voids_the_earlier_one() -> None:
    know()
    proof = file()
    code = mailed(proof)

    again = ask_again(proof, client="192.0.2.1", actor=NOBODY)

    with pytest.raises(WrongCode):
        prove(proof, code)
    assert prove(again, mailed(again)).pk == proof.request_id


@pytest.mark.django_db
def test_a_code_of_one_proof_fits_no_other() -> None:
    know()
    first, second = file(), file(kind="portability")
    code = mailed(first)

    with pytest.raises(WrongCode):
        prove(second, code)


@pytest.mark.django_db(transaction=True)
def test_the_right_code_at_the_same_moment_opens_once() -> None:
    know()
    proof = file()
    code = mailed(proof)

    answers = in_threads(4, lambda: prove(IdentityProof.objects.get(pk=proof.pk), code))

    assert sum(isinstance(answer, Request) for answer in answers) == 1
    assert sum(isinstance(answer, WrongCode) for answer in answers) == 3
    assert Request.objects.get().status == Status.COLLECTING


@pytest.mark.django_db(transaction=True)
def test_guesses_at_the_same_moment_are_all_counted() -> None:
    know()
    proof = file()
    code = mailed(proof)

    in_threads(8, lambda: prove(IdentityProof.objects.get(pk=proof.pk), "AAAAAAAA"))

    assert IdentityProof.objects.get(pk=proof.pk).tries == TRIES
    with pytest.raises(WrongCode):
        prove(proof, code)


# Unproven requests bind nobody -----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_unproven_request_neither_blocks_nor_duplicates() -> None:
    know()
    unproven = [file() for _ in range(3)]
    code = mailed(unproven[-1])

    request = prove(unproven[-1], code)

    assert request.status == Status.COLLECTING
    assert Request.objects.open().count() == 1
    assert Request.objects.filter(status=Status.RECEIVED).count() == 2


@pytest.mark.django_db
def test_a_second_proven_one_of_the_kind_is_set_aside_and_the_open_one_opens() -> None:
    know()
    first, second = file(), file()
    codes = mailed(first), mailed(second)

    earlier = prove(first, codes[0])
    answer = prove(second, codes[1])

    assert answer.pk == earlier.pk
    assert Request.objects.get(pk=second.request_id).outcome == Outcome.DUPLICATE


@pytest.mark.django_db(transaction=True)
def test_two_proofs_at_once_leave_one_open_request() -> None:
    know(proven=True)
    proofs = [file(), file()]
    codes = {proof.pk: mailed(proof) for proof in proofs}
    waiting = list(proofs)

    answers = in_threads(2, lambda: prove((proof := waiting.pop()), codes[proof.pk]))

    assert {answer.pk for answer in answers} == {Request.objects.open().get().pk}
    assert sorted(Request.objects.values_list("outcome", flat=True)) == ["", Outcome.DUPLICATE]


@pytest.mark.django_db
def test_an_account_made_meanwhile_ends_the_way_by_code() -> None:
    know()
    proof = file()
    code = mailed(proof)
    make_account(password=None, email=KNOWN)

    with pytest.raises(WrongCode):
        prove(proof, code)


# Limits ----------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_address_gets_a_few_codes_an_hour() -> None:
    start = clock.now().replace(minute=5)
    with clock.stopped_at(start):
        for number in range(PER_ADDRESS):
            file(client=f"192.0.2.{number}")
        with pytest.raises(TooManyCodes):
            file(client="192.0.2.99")
    with clock.stopped_at(start + timedelta(hours=1)):
        file(client="192.0.2.99")

    assert Request.objects.count() == PER_ADDRESS + 1


@pytest.mark.django_db
def test_a_client_gets_a_few_more() -> None:
    with clock.stopped_at(clock.now().replace(minute=5)):
        for number in range(PER_CLIENT):
            file(f"person{number}@example.com")
        with pytest.raises(TooManyCodes):
            file("another@example.com")


@pytest.mark.django_db
def test_over_the_limit_the_page_says_so() -> None:
    client = Client()
    for _ in range(PER_ADDRESS):
        client.post(NEW, {"kind": "access", "address": KNOWN})

    answer = client.post(NEW, {"kind": "access", "address": KNOWN})

    assert answer.status_code == 429
    assert b"Too many codes" in answer.content


@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_for_requests_at_the_same_moment() -> None:
    with clock.stopped_at(clock.now().replace(minute=5)):
        in_threads(8, lambda: file())

    assert Request.objects.count() == PER_ADDRESS


# Opening a request again -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_code_for_a_reference_goes_to_the_address_on_file_only() -> None:
    know()
    filed_by = file()
    request = prove(filed_by, mailed(filed_by))

    again = ask_for_code(reference=request.ref, client="192.0.2.2", actor=NOBODY)
    code = mailed(again)

    assert OutboxMessage.objects.filter(kind="requests.code").latest("pk").ticket == request.ref
    assert prove(again, code) == fresh(request)


@pytest.mark.django_db
@pytest.mark.parametrize("reference", ["PR-AAAA-AAAA", "account's"])
def test_a_code_for_a_reference_of_nobody_or_of_an_account_sends_nothing(reference: str) -> None:
    from tests.factories.requests import filed

    reference = filed().ref if reference == "account's" else reference
    proof = ask_for_code(reference=reference, client="192.0.2.2", actor=NOBODY)
    run_until_idle()

    assert not OutboxMessage.objects.filter(kind="requests.code").exists()
    with pytest.raises(WrongCode):
        prove(proof, "AAAAAAAA")


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["4111 1111 1111 1111@example.com", "not an address", "a@b@c.example", ""])
def test_a_bad_address_is_refused_before_anything_is_stored(address: str) -> None:
    answer = Client().post(NEW, {"kind": "access", "address": address})

    assert answer.status_code == 422
    assert Request.objects.count() == IdentityProof.objects.count() == 0
