"""The pages about answers: who sees what, what is kept of what was typed, and what a stranger can't find out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.sources import registry
from requests_app.answers.grounds import Ground
from requests_app.domain import ask_for_review, ask_person, decide_request, prove_identity
from requests_app.domain.answers import digest_of_proposal
from requests_app.domain.authorities import record_feedback
from requests_app.domain.retention import forget_requests
from requests_app.enums import Outcome, Status
from requests_app.models import Authority, AuthorityFeedback, IdentityProof, ProposedRefusal, Request
from requests_app.roles import AGENT, AUDITOR, DPO
from tests.factories.accounts import make_account, signed_in
from tests.factories.requests import filed, fresh, make_dpo, staff_actor
from tests.requests_app.answers.helpers import complaint, person, refused
from tests.requests_app.test_desk import at_desk, ticket
from tests.requests_app.test_pages import by_code
from tests.requests_app.test_proof import KNOWN, know, mailed

pytestmark = pytest.mark.django_db


def of(request: Request) -> Client:
    assert request.subject is not None
    return signed_in(request.subject.account, fresh=True)


def page(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


# Where to complain -----------------------------------------------------------------------------------------------------


@pytest.mark.obligation("R-07")
def test_anybody_finds_the_authority_of_a_country_and_how_to_write_to_us() -> None:
    text = page(Client(), "/complain/?country=fr")

    assert "https://www.cnil.fr" in text
    assert 'rel="noopener noreferrer external"' in text
    assert "https://www.pdp.gov.my" in text, "the one of the place where we are"
    assert "/requests/new/?kind=complaint" in text


def test_a_country_without_an_authority_is_told_so_with_what_to_do() -> None:
    text = page(Client(), "/complain/?country=VA")

    assert "We know of no data protection authority in" in text
    assert "Go to a court" in text


def test_the_country_of_the_account_is_chosen_already_and_nothing_is_cached() -> None:
    client = signed_in(make_account(password=None, country="NZ"))

    answer = client.get("/complain/")

    assert "https://www.privacy.org.nz" in answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    assert "https://www.privacy.org.nz" not in page(Client(), "/complain/")


def test_a_country_that_does_not_exist_gets_a_plain_word() -> None:
    text = page(Client(), "/complain/?country=%3Cscript%3E")

    assert "There is no such country" in text
    assert "<script>" not in text.lower().partition("<main")[2]


def test_an_authority_taken_off_the_list_is_not_shown() -> None:
    Authority.objects.filter(country="FR").update(is_listed=False)

    assert "We know of no data protection authority in" in page(Client(), "/complain/?country=FR")


@pytest.mark.parametrize("path", ["/", "/requests/", "/cookies/"])
def test_every_page_leads_to_where_to_complain(path: str) -> None:
    assert 'href="/complain/"' in page(Client(), path)


# A complaint -----------------------------------------------------------------------------------------------------------


def send(client: Client, **fields: str) -> Any:
    data = {"kind": "complaint", "asked-concern": "use", "asked-words": "Why was I called?", "asked-reference": ""} | fields
    return client.post("/requests/new/?kind=complaint", data)


def test_a_signed_in_person_complains_about_a_request_of_their_own() -> None:
    about = filed()

    answer = send(of(about), **{"asked-reference": about.ref})

    made = Request.objects.get(kind="complaint")
    assert answer["Location"] == f"/requests/{made.ref}/"
    assert (made.follows, made.words, made.choices) == (about, "Why was I called?", {"concern": "use", "reference": about.ref})


def test_somebody_without_an_account_complains_by_a_code() -> None:
    know()
    client = Client()
    send(client, address=KNOWN)
    client.post("/requests/code/", {"code": mailed(IdentityProof.objects.latest("pk"))})

    made = Request.objects.get(kind="complaint")
    assert made.status == Status.TRIAGE
    assert "Why was I called?" in page(client, f"/requests/{made.ref}/")


def test_a_reference_of_somebody_else_is_taken_and_tied_to_nothing() -> None:
    """The answer is the same for a request of others and for none, so that nobody learns which references there are."""
    know()
    other, seen = filed(), []
    for reference in (other.ref, "PR-2222-2222"):
        answer = send(Client(), address=KNOWN, **{"asked-reference": reference})
        seen.append((answer.status_code, answer["Location"]))
    client = signed_in(make_account(password=None), fresh=True)
    refused_choice = send(client, **{"asked-reference": other.ref})

    assert seen[0] == seen[1]
    assert refused_choice.status_code == 422, "a signed-in person chooses among their own"
    for proof in IdentityProof.objects.all():
        prove_identity(proof, code=mailed(proof), actor=Actor(ActorKind.ANONYMOUS))
    assert set(Request.objects.filter(kind="complaint").values_list("follows", flat=True)) == {None}


def test_what_was_typed_stays_when_something_is_wrong() -> None:
    client = signed_in(make_account(password=None), fresh=True)

    answer = send(client, **{"asked-concern": "", "asked-words": "My card is 4111 1111 1111 1111"})

    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose what it is about." in text
    assert "My card is" in text
    assert not Request.objects.exists()


def test_a_review_is_not_filed_on_the_page_for_other_rights() -> None:
    client = signed_in(make_account(password=None), fresh=True)

    assert client.get("/requests/new/?kind=review")["Location"] == "/requests/"
    assert client.post("/requests/new/", {"kind": "review"})["Location"] == "/requests/"
    assert "?kind=review" not in page(client, "/requests/new/")
    assert "?kind=complaint" in page(client, "/requests/new/")


# The person's pages ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["reply/", "review/", "letter/"])
def test_pages_about_an_answer_are_for_the_person_alone(path: str) -> None:
    request = refused()
    address = f"/requests/{request.ref}/{path}"

    assert signed_in(make_account(password=None)).get(address).status_code == 404
    assert Client().get(address).status_code == 404
    assert of(request).get(address).status_code in {200, 302}


def test_the_person_reads_the_question_and_answers_it() -> None:
    request = complaint()
    ask_person(request, question="Which year?", actor=staff_actor())
    client = of(request)

    before = page(client, f"/requests/{request.ref}/")
    empty = client.post(f"/requests/{request.ref}/reply/", {"words": ""})
    client.post(f"/requests/{request.ref}/reply/", {"words": "Last year."})

    assert "Which year?" in before
    assert empty.status_code == 422
    assert fresh(request).status == Status.TRIAGE
    assert client.get(f"/requests/{request.ref}/reply/").status_code == 302


def test_an_answer_typed_after_the_session_ended_is_kept() -> None:
    request = complaint()
    ask_person(request, question="Which year?", actor=staff_actor())
    client = Client()

    lost = client.post(f"/requests/{request.ref}/reply/", {"words": "It was in May."})
    client.force_login(request.subject.account)

    assert "Your words are kept" in lost.content.decode()
    assert "It was in May." in page(client, f"/requests/{request.ref}/reply/")


def test_the_person_reads_the_letter_and_asks_for_a_review() -> None:
    request = refused()
    client = of(request)

    text = page(client, f"/requests/{request.ref}/")
    answer = client.post(f"/requests/{request.ref}/review/", {"words": "I did not."})
    review = Request.objects.get(kind="review")

    assert "You asked the same on Monday." in text
    assert "You can go to court" in text
    assert answer["Location"] == f"/requests/{review.ref}/"
    assert (review.follows_id, review.words) == (request.pk, "I did not.")
    assert f"/requests/{request.ref}/review/" not in page(client, f"/requests/{request.ref}/")
    assert client.get(f"/requests/{request.ref}/review/").status_code == 302


def test_somebody_without_an_account_asks_for_a_review_without_another_code() -> None:
    know()
    client = Client()
    send(client, address=KNOWN)
    client.post("/requests/code/", {"code": mailed(IdentityProof.objects.latest("pk"))})
    request = refused(request=Request.objects.get(kind="complaint"))

    client.post(f"/requests/{request.ref}/review/", {"words": "I did not."})

    review = Request.objects.get(kind="review")
    assert (review.channel, review.status, review.contact) == ("address", Status.TRIAGE, KNOWN)
    assert "I did not." in page(client, f"/requests/{review.ref}/")
    assert by_code(review).get(f"/requests/{review.ref}/").status_code == 200


def test_the_letter_is_a_pdf_that_no_cache_keeps() -> None:
    request = refused()

    answer = of(request).get(f"/requests/{request.ref}/letter/")

    assert answer.content.startswith(b"%PDF-")
    assert "no-store" in answer["Cache-Control"]
    assert request.ref in answer["Content-Disposition"]


def test_there_is_no_letter_before_the_decision() -> None:
    request = complaint()

    assert of(request).get(f"/requests/{request.ref}/letter/").status_code == 404


# The desk --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [DPO, AGENT, AUDITOR, ""])
@pytest.mark.parametrize("name", ["ask", "refuse", "answer", "feedback"])
def test_who_may_write_to_people(role: str, name: str) -> None:
    request = complaint()
    client = at_desk(role) if role else of(complaint())

    answer = client.get(ticket(request, f"write/{name}/"))

    assert (answer.status_code == 200) == (role in {DPO, AGENT})


@pytest.mark.parametrize("name", ["agree", "drop", "go-on", "take-up"])
def test_who_may_decide_without_words(name: str) -> None:
    request = complaint()

    assert at_desk(AUDITOR).post(ticket(request, f"answers/{name}/")).status_code == 403
    assert at_desk().get(ticket(request, f"answers/{name}/")).status_code == 405
    assert at_desk().post(ticket(request, f"answers/{name}/")).status_code == 302
    assert fresh(request).status == Status.TRIAGE


def test_the_letter_is_shown_before_it_is_sent() -> None:
    request, client = complaint(), at_desk()
    given = {"ground": Ground.UNFOUNDED, "reasoning": "You asked the same on Monday."}

    shown = client.post(ticket(request, "write/refuse/"), given | {"preview": "1"})
    still = fresh(request).status
    client.post(ticket(request, "write/refuse/"), given)

    assert "You can go to court" in shown.content.decode()
    assert still == Status.TRIAGE
    assert fresh(request).outcome == Outcome.REFUSED


def test_a_reasoning_with_a_card_number_is_refused_and_kept_on_the_page() -> None:
    request = complaint()

    answer = at_desk().post(
        ticket(request, "write/refuse/"), {"ground": Ground.UNFOUNDED, "reasoning": "Your card 4111 1111 1111 1111 was not used."}
    )

    assert answer.status_code == 422
    assert "was not used." in answer.content.decode()
    assert fresh(request).status == Status.TRIAGE


def test_only_grounds_that_fit_are_offered() -> None:
    text = page(at_desk(), ticket(complaint(), "write/refuse/"))

    assert "Manifestly unfounded" in text
    assert "Legal duty to keep" not in text


def test_words_and_letter_show_at_the_desk_with_a_look_only() -> None:
    request = complaint()
    Request.objects.filter(pk=request.pk).update(words="I was called at night.")
    decide_request(fresh(request), outcome=Outcome.FULFILLED, answer="It was a mistake.", actor=staff_actor())
    client = at_desk()

    before = page(client, ticket(request))
    client.post(ticket(request, "look/"), {"reason": "complaint", "note": "to answer"})
    after = page(client, ticket(request))

    for words in ("I was called at night.", "It was a mistake."):
        assert words not in before
        assert words in after


def test_who_refused_is_not_offered_the_review() -> None:
    first = make_dpo(factor=True)
    request = refused(Actor.for_user(first))
    review = ask_for_review(request, words="I did not.", actor=person(request))

    other = page(at_desk(), ticket(review))
    own = page(signed_in(first, fresh=True), ticket(review))
    opened = page(signed_in(first, fresh=True), ticket(review, "write/review/"))
    tried = signed_in(first, fresh=True).post(ticket(review, "write/review/"), {"decision": "granted", "reasoning": "Yes."})

    assert "Somebody else has to decide this review" in own
    assert "write/review/" not in own
    assert "Hand it to a colleague." in opened
    assert "<textarea" not in opened
    assert "<textarea" in page(at_desk(), ticket(review, "write/review/"))
    assert "write/review/" in other
    assert tried.status_code == 422
    assert fresh(review).status == Status.TRIAGE


def test_a_refusal_under_four_eyes_goes_out_by_a_second_person(settings: Any) -> None:
    settings.REFUSAL_FOUR_EYES = True
    request, first = complaint(), at_desk()
    first.post(ticket(request, "write/refuse/"), {"ground": Ground.UNFOUNDED, "reasoning": "No."})

    own = page(first, ticket(request))
    second = at_desk(DPO)
    unread = page(second, ticket(request))
    second.post(ticket(request, "answers/agree/"))
    still = fresh(request).status
    second.post(ticket(request, "look/"), {"reason": "complaint", "note": "to agree"})
    other = page(second, ticket(request))
    digest = digest_of_proposal(ProposedRefusal.objects.get(request=request))
    done = second.post(ticket(request, "answers/agree/"), {"digest": digest}, follow=True)

    assert "answers/agree/" not in own
    assert "answers/agree/" not in unread, "nobody agrees to what they have not read"
    assert still == Status.TRIAGE
    assert digest in other
    assert "The request was refused." in done.content.decode()
    assert fresh(request).outcome == Outcome.REFUSED
    assert not ProposedRefusal.objects.exists()


def test_the_desk_says_what_was_done_and_what_only_waits(settings: Any) -> None:
    client, request = at_desk(), complaint()
    settings.REFUSAL_FOUR_EYES = True
    given = {"ground": Ground.UNFOUNDED, "reasoning": "No."}
    proposed = client.post(ticket(request, "write/refuse/"), given, follow=True).content.decode()
    dropped = client.post(ticket(request, "answers/drop/"), follow=True).content.decode()
    settings.REFUSAL_FOUR_EYES = False
    refused_now = client.post(ticket(request, "write/refuse/"), given, follow=True).content.decode()

    assert "It goes out when a colleague agrees" in proposed
    assert "The proposed refusal was given back" in dropped
    assert "The request was refused." in refused_now


def test_where_everybody_had_a_part_the_ticket_says_so_and_what_helps(settings: Any) -> None:
    first = make_dpo(factor=True)
    review = ask_for_review(request := refused(Actor.for_user(first)), words="I did not.", actor=person(request))
    client = signed_in(first, fresh=True)

    before = page(client, ticket(review))
    settings.REVIEW_LAST_RESORT = True
    after, form = page(client, ticket(review)), page(client, ticket(review, "write/review/"))
    given = {"decision": "upheld", "reasoning": "We looked twice.", "last_resort": "We are one person."}
    client.post(ticket(review, "write/review/"), given)

    assert "Everybody who may work on requests had a part" in before
    assert "write/review/" not in before
    assert "write/review/" in after
    assert "Why you decide although" in form
    assert "We are one person." in fresh(review).letter


def test_what_is_too_long_is_said_and_nothing_is_lost() -> None:
    request = complaint()

    answer = at_desk().post(ticket(request, "write/refuse/"), {"ground": Ground.UNFOUNDED, "reasoning": "a" * 4001})

    assert answer.status_code == 422
    assert "a" * 4001 in answer.content.decode()
    assert fresh(request).status == Status.TRIAGE


@pytest.mark.obligation("G-10")
def test_what_an_authority_wrote_stands_at_the_ticket_and_in_the_list() -> None:
    request, client = complaint(), at_desk()
    authority = Authority.objects.get(country="NZ")
    given = {"authority": authority.pk, "reference": "C/123", "received_on": "2026-01-10", "summary": "They ask for our answer."}

    too_early = client.post(ticket(request, "write/feedback/"), given | {"answer_due_on": "2026-01-09"})
    client.post(ticket(request, "write/feedback/"), given | {"answer_due_on": "2026-02-10"})
    feedback = AuthorityFeedback.objects.get()
    client.post(ticket(request, f"feedback/{feedback.pk}/"), {"outcome": "settled"})

    assert too_early.status_code == 422
    listed = page(client, "/admin/requests_app/authorityfeedback/")
    shown = page(client, ticket(request))
    assert request.ref in listed
    assert "They ask for our answer." not in listed + shown
    assert "Settled with the person" in shown
    assert AuthorityFeedback.objects.get().outcome == "settled"


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_letters_takes_the_same_queries_for_few_and_many(count: int, django_assert_num_queries: Any) -> None:
    actor, authority = staff_actor(), Authority.objects.first()
    for _ in range(count):
        record_feedback(complaint(), authority=authority, received_on=clock.now().date(), summary="They ask.", actor=actor)
    client = at_desk()
    client.get("/admin/requests_app/authorityfeedback/")

    with django_assert_num_queries(7):
        client.get("/admin/requests_app/authorityfeedback/")


def test_the_directory_is_kept_by_the_data_protection_officer() -> None:
    authority = Authority.objects.get(country="NZ")
    change = f"/admin/requests_app/authority/{authority.pk}/change/"
    given = {
        "country": "NZ",
        "region": "",
        "name": "Office of the Privacy Commissioner",
        "web_address": "http://plain.example",
        "how_to_file": "By post.",
        "checked_on": "2026-12-01",
        "position": "1",
        "is_listed": "on",
    }

    refused_address = at_desk().post(change, given)
    at_desk().post(change, given | {"web_address": "https://www.privacy.org.nz"})

    assert "begins with https" in refused_address.content.decode()
    assert Authority.objects.get(pk=authority.pk).how_to_file == "By post."
    assert at_desk(AGENT).post(change, given).status_code == 403
    assert at_desk().post(f"/admin/requests_app/authority/{authority.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_ticket_takes_no_more_queries_for_three_letters_than_for_one() -> None:
    counts = []
    for number in (1, 3):
        request, actor = complaint(), staff_actor()
        for _ in range(number):
            record_feedback(request, authority=Authority.objects.first(), received_on=clock.now().date(), summary="x", actor=actor)
        client = at_desk()
        client.get(ticket(request))
        with CaptureQueriesContext(connection) as queries:
            client.get(ticket(request))
        counts.append(len(queries))
    assert counts[0] == counts[1]


# What is held about people ---------------------------------------------------------------------------------------------


def test_letters_of_authorities_are_exported_and_forgotten_with_the_request() -> None:

    request = complaint()
    authority = Authority.objects.get(country="NZ")
    record_feedback(request, authority=authority, reference="C/1", received_on=clock.now().date(), summary="They ask.", actor=staff_actor())
    source = registry.get("requests.authority_feedback")
    locator = source.locate(request.subject)

    record = next(iter(source.export(locator)))
    decide_request(request, outcome=Outcome.FULFILLED, answer="Yes.", actor=staff_actor())
    Request.objects.update(closed_at=clock.now() - timedelta(days=6 * 365))
    forget_requests(limit=10, actor=Actor.system("tests"))

    assert (record.values["summary"], record.values["request"], record.values["outcome"]) == ("They ask.", request.ref, "Not closed yet")
    stored = AuthorityFeedback.objects.get()
    assert (stored.reference, stored.summary, stored.received_on) == (None, "", clock.now().date())
    assert list(source.export(source.locate(complaint().subject))) == []
