"""Recipients: told by mail where the data map has an address, with nothing personal in the mail; their answers, and what is forgotten."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.test import Client

from privacycenter.audit.models import AuditEntry
from privacycenter.datamap.domain import save_recipient
from privacycenter.datamap.models import Recipient
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.sources import registry
from privacycenter.records.models import Interaction
from requests_app.correction.deciding import decide, order_corrections
from requests_app.domain import file_request, reopen_request
from requests_app.domain.answers import take_up
from requests_app.domain.erasure import approve_plan
from requests_app.domain.people import actor_for
from requests_app.domain.recipients import Changed, close_details, details_of, make_notices, note_notice, remind_recipients, tell_recipients
from requests_app.enums import Kind, NoticeEvent, NoticeState, NoticeWay, Status
from requests_app.erasure.planning import current_plan
from requests_app.erasure.work import begin_erasure
from requests_app.models import Correction, RecipientNotice, Request
from tests.factories.accounts import make_account, signed_in
from tests.factories.corrections import CALLS, DictSource, a_call, decided, draft, ordered, sent
from tests.factories.requests import fresh, staff_actor
from tests.requests_app.limits.helpers import asked, at_desk

pytestmark = [pytest.mark.django_db, pytest.mark.obligation("R-02")]
ADDRESS = "privacy@provider.example"


@pytest.fixture
def amira() -> Any:
    return make_account(password=None, email="amira@example.com")


@pytest.fixture
def provider() -> Recipient:
    """The service providers, who have the conversations, with an address."""
    found = Recipient.objects.get(key="service_providers")
    found.notice_address = ADDRESS
    return save_recipient(found, changed=("notice_address",), actor=staff_actor())


def corrected_again(request: Request, user: Any, value: str, *, record: Any, field: str = "summary") -> Request:
    """The same request, opened again for one more correction."""
    staff = staff_actor()
    reopen_request(request, missing="It is wrong still.", actor=actor_for(user.subject))
    take_up(fresh(request), actor=staff)
    further = draft(user, record, value, field=field)
    Correction.objects.filter(pk=further.pk).update(request=request, subject=None)
    decide(Correction.objects.get(pk=further.pk), is_accepted=True, actor=staff)
    order_corrections(fresh(request), actor=staff)
    run_until_idle()
    return fresh(request)


def corrected(user: Any) -> Request:
    draft(user, a_call(user))
    request = sent(user)
    decided(request, True)
    ordered(request)
    run_until_idle()
    return fresh(request)


def mails(*, reminders: bool = False) -> list[EmailMessage]:
    """What the provider got: first mails, or reminders."""
    run_until_idle()
    return [each for each in mail.outbox if each.to == [ADDRESS] and each.subject.startswith("We still need") is reminders]


def ticket(request: Request) -> str:
    return f"/admin/requests_app/request/{request.pk}/change/"


def link_in(message: EmailMessage) -> str:
    found = re.search(r"/requests/told/[\w-]+/", str(message.body))
    assert found is not None
    return found[0]


def test_a_mail_without_data_leads_to_a_page_that_shows_it_after_a_press_and_takes_the_answer(amira, provider) -> None:
    request = corrected(amira)
    (told,) = mails()
    notice = RecipientNotice.objects.get()
    assert (told.to, notice.state, notice.how) == ([ADDRESS], NoticeState.TOLD, NoticeWay.EMAIL)
    assert request.ref in told.subject
    for word in ("amira", "flat", "Conversations"):
        assert word not in str(told.body) + str(told.subject)

    link, recipient = link_in(told), Client()
    before = recipient.get(link).content.decode()
    shown = recipient.post(link).content.decode()
    unsaid = recipient.post(link, {"answer": "obstructed", "words": " "})
    thanks = recipient.post(link, {"answer": "done", "words": ""})

    assert "amira@example.com" not in before
    assert "amira@example.com" in shown
    assert "Moved to flat 21 b" in shown
    assert (unsaid.status_code, thanks.status_code, recipient.get(link).status_code) == (422, 200, 404)
    notice.refresh_from_db()
    assert (notice.state, notice.details, notice.token) == (NoticeState.ANSWERED, None, "")
    assert notice.opened_at is not None
    said = AuditEntry.objects.filter(verb__startswith="requests.recipient").order_by("pk").values_list("verb", flat=True)
    assert list(dict.fromkeys(said)) == ["requests.recipient_told", "requests.recipient_opened", "requests.recipient_noted"]


def test_a_recipient_without_an_address_stays_a_task_at_the_ticket(amira) -> None:
    corrected(amira)

    notice = RecipientNotice.objects.get()
    details = details_of(notice)

    assert (notice.state, mails()) == (NoticeState.DUE, [])
    assert details is not None
    assert details.who == [["email", "amira@example.com"]]
    note_notice(notice, state=NoticeState.TOLD, how=NoticeWay.LETTER, actor=staff_actor())
    note_notice(notice, state=NoticeState.ANSWERED, how=NoticeWay.LETTER, words="Changed.", actor=staff_actor())
    notice.refresh_from_db()
    assert notice.details is None


def test_one_that_can_t_says_why_and_staff_follow_it_up(amira, provider) -> None:
    request = corrected(amira)
    recipient, link = Client(), link_in(mails()[0])
    recipient.post(link, {"answer": "obstructed", "words": "We do not find this address."})

    notice = RecipientNotice.objects.get()
    _user, desk = at_desk()
    page = desk.get(ticket(request)).content.decode()

    assert (notice.state, notice.answer) == (NoticeState.OBSTRUCTED, "We do not find this address.")
    assert "says that it can" in page
    assert "We do not find" not in page  # it takes a look
    note_notice(notice, state=NoticeState.ANSWERED, how=NoticeWay.PHONE, words="Found under the old one.", actor=staff_actor())
    assert "Told, and has answered" in signed_in(amira).get(f"/requests/{request.ref}/").content.decode()


def test_who_does_not_answer_is_reminded_once_with_a_new_link_and_then_left_to_staff(amira, provider) -> None:
    request = corrected(amira)
    first = link_in(mails()[0])

    assert remind_recipients(limit=10) == 0
    with clock.stopped_at(clock.now() + timedelta(days=8)):
        assert (remind_recipients(limit=10), remind_recipients(limit=10)) == (1, 0)
        (again,) = mails(reminders=True)
    _user, desk = at_desk()

    assert (Client().get(first).status_code, Client().get(link_in(again)).status_code) == (404, 200)
    assert "no answer: call them" in desk.get(ticket(request)).content.decode()


def test_what_recipients_find_data_by_is_forgotten_after_its_days(amira, provider) -> None:
    corrected(amira)
    link = link_in(mails()[0])

    assert close_details(limit=10) == 0
    with clock.stopped_at(clock.now() + timedelta(days=31)):
        assert Client().get(link).status_code == 404
        assert close_details(limit=10) == 1

    notice = RecipientNotice.objects.get()
    assert (notice.details, notice.token, notice.state) == (None, "", NoticeState.TOLD)


def test_what_is_corrected_once_more_is_told_once_more_and_the_same_is_not(amira, provider) -> None:
    call = a_call(amira, "Asked for an offer")
    request = corrected_again(corrected(amira), amira, "Called about the move to 21 b.", record=call, field="body")

    assert request.status == Status.CLOSED
    assert len(mails()) == 2
    assert [len(notice.changed) for notice in RecipientNotice.objects.all()] == [1, 1]


def test_the_same_field_corrected_again_is_told_again_and_the_earlier_round_stays(amira, provider) -> None:
    request = corrected(amira)
    call = Interaction.objects.get()
    Client().post(link_in(mails()[0]), {"answer": "obstructed", "words": "Not found."})
    request = corrected_again(request, amira, "Moved to flat 21 c", record=call)
    request = corrected_again(request, amira, "Moved to flat 21 b", record=call)  # what it was told first

    first, second, third = RecipientNotice.objects.all()
    assert (first.state, first.answer, second.state, second.answer) == (NoticeState.OBSTRUCTED, "Not found.", NoticeState.TOLD, None)
    assert [[value for _label, value in details_of(each).what] for each in (second, third)] == [
        ["Moved to flat 21 c"],
        ["Moved to flat 21 b"],
    ]
    assert [Client().get(link_in(each)).status_code for each in mails()] == [404, 200, 200]
    assert (request.letter or "").count(first.recipient_name) == 1


def test_two_sources_that_call_a_field_alike_are_both_told(amira) -> None:
    request = corrected(amira)
    alike = [Changed(CALLS, "Name", "Amira"), Changed("tests.alike", "Name", "Amira")]
    with_provider = DictSource("tests.alike")
    with_provider.description = replace(with_provider.description, recipients=("service_providers",))

    with registry.temporarily(with_provider):
        made = [make_notices(request, NoticeEvent.CORRECTED, [each]) for each in (*alike, *alike)]

    assert [len(notices) for notices in made] == [1, 1, 0, 0]


def test_only_notices_of_this_run_that_were_never_told_are_dropped(amira) -> None:
    request = corrected(amira)
    first = RecipientNotice.objects.get()
    began = clock.now()
    make_notices(request, NoticeEvent.ERASED, [Changed(CALLS, "Conversations", occasion="2")])

    tell_recipients(request, only_of=set(), since=began)

    assert [notice.pk for notice in RecipientNotice.objects.all()] == [first.pk]


def test_who_was_not_told_yet_keeps_what_it_is_to_find_data_by_until_it_is(amira) -> None:
    corrected(amira)
    notice = RecipientNotice.objects.get()

    with clock.stopped_at(clock.now() + timedelta(days=60)):
        assert close_details(limit=10) == 0
        note_notice(notice, state=NoticeState.TOLD, how=NoticeWay.LETTER, actor=staff_actor())
        assert close_details(limit=10) == 0
    with clock.stopped_at(clock.now() + timedelta(days=91)):
        assert close_details(limit=10) == 1


def test_a_reminder_makes_nothing_be_kept_longer(amira, provider) -> None:
    corrected(amira)
    until = RecipientNotice.objects.get().open_until
    with clock.stopped_at(clock.now() + timedelta(days=8)):
        assert remind_recipients(limit=10) == 1
        (again,) = mails(reminders=True)
        assert "at the latest on" in Client().post(link_in(again)).content.decode()

    assert RecipientNotice.objects.get().open_until == until


def test_after_an_erasure_its_recipients_are_told_whom_to_erase(amira, provider, settings) -> None:
    settings.ERASURE_FOUR_EYES, settings.ERASURE_COOLING_DAYS = False, 0
    a_call(amira)
    request = file_request(kind=Kind.ERASURE, user=amira, actor=actor_for(amira.subject))
    run_until_idle()
    plan = current_plan(request)
    assert plan is not None
    approve_plan(plan, digest=plan.digest, actor=staff_actor())
    assert begin_erasure(current_plan(fresh(request)))
    assert RecipientNotice.objects.get(recipient_key="service_providers").state == NoticeState.DUE  # not told before it is done
    run_until_idle()

    assert fresh(request).status == Status.CLOSED
    notice = RecipientNotice.objects.get(recipient_key="service_providers")
    (told,) = mails()
    assert (notice.event, notice.state) == (NoticeEvent.ERASED, NoticeState.TOLD)
    shown = Client().post(link_in(told)).content.decode()
    assert "amira@example.com" in shown
    assert "Erase what you hold" in shown


def test_an_erasure_forgets_what_earlier_notices_found_the_person_by(amira, provider, settings) -> None:
    settings.ERASURE_FOUR_EYES, settings.ERASURE_COOLING_DAYS = False, 0
    earlier = corrected(amira)
    request = file_request(kind=Kind.ERASURE, user=amira, actor=actor_for(amira.subject))
    run_until_idle()
    plan = current_plan(request)
    assert plan is not None
    approve_plan(plan, digest=plan.digest, actor=staff_actor())
    assert begin_erasure(current_plan(fresh(request)))
    run_until_idle()

    assert fresh(request).status == Status.CLOSED
    assert [notice.details for notice in RecipientNotice.objects.filter(request=earlier)] == [None]
    assert Client().get(link_in(mails()[0])).status_code == 404


def test_those_who_have_restricted_data_are_told_not_to_use_it(amira, provider) -> None:
    a_call(amira)
    request = asked("restriction", amira, ground="accuracy", categories=["interactions"])

    notice = RecipientNotice.objects.get(request=request)

    assert (notice.event, notice.state, len(mails())) == (NoticeEvent.RESTRICTED, NoticeState.TOLD, 1)
    assert "do not use it" in Client().post(link_in(mails()[0])).content.decode()
    assert "Who is told of the change" in signed_in(amira).get(f"/requests/{request.ref}/").content.decode()


def test_an_address_for_notices_is_one() -> None:
    found = Recipient.objects.get(key="service_providers")
    found.notice_address = "not an address"

    with pytest.raises(ValidationError):
        save_recipient(found, changed=("notice_address",), actor=staff_actor())


def test_no_link_opens_what_is_somebody_elses_and_an_empty_one_opens_nothing() -> None:
    assert Client().get("/requests/told/nothing-such/").status_code == 404
    assert Client().post("/requests/told/nothing-such/", {"answer": "done"}).status_code == 404
