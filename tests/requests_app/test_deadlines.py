"""The dates of a request: fixed at the proof by every law that applies, extended once, at rest during a question, watched by staff."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.urls import reverse

from privacycenter.audit.models import AuditEntry
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.mail.models import OutboxMessage
from requests_app import regimes
from requests_app.clock import FALLBACK
from requests_app.clock.defaults import REGIMES, make_regimes
from requests_app.domain import ask_person, extend_deadline, pause_clock, reopen_request, reply_to_question, resume_clock
from requests_app.domain.people import actor_for
from requests_app.domain.reminders import remind_staff
from requests_app.domain.retention import forget_requests
from requests_app.enums import AskedFor, Status
from requests_app.errors import CannotExtend, LostRace, NotAllowed, ReasonMissing
from requests_app.models import Regime, RegimeRule, Request, TimelineEvent
from requests_app.regimes import due_for
from requests_app.roles import AGENT, AUDITOR
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import filed, fresh, make_dpo, released, staff_actor, with_role, withdrawn

pytestmark = pytest.mark.django_db

MONDAY = datetime(2025, 3, 3, 10, tzinfo=UTC)
SYSTEM = Actor.system("requests")


@pytest.fixture(autouse=True)
def _rules_of_this_test(settings: Any) -> Iterator[None]:
    settings.OPERATOR_REGIMES = ["gdpr", "malaysia-pdpa"]
    regimes.forget()
    yield
    regimes.forget()


def filed_then(**fields: Any) -> Request:
    with clock.stopped_at(MONDAY):
        request = filed()
    Request.objects.filter(pk=request.pk).update(**fields)
    return fresh(request)


def complaint_at(moment: datetime) -> Request:
    with clock.stopped_at(moment):
        return filed(kind="complaint")


def on(day: int, month: int = 3) -> Any:
    return clock.stopped_at(datetime(2025, month, day, 10, tzinfo=UTC))


# Which laws -----------------------------------------------------------------------------------------------------------------


def test_every_law_of_the_table_is_there_once_and_staff_s_words_stay() -> None:
    make_regimes(apps.get_app_config("requests_app"), "default")
    Regime.objects.filter(key="gdpr").update(name="Ours")

    make_regimes(apps.get_app_config("requests_app"), "default")

    assert sorted(Regime.objects.values_list("key", flat=True)) == sorted(law["key"] for law, _rules in REGIMES)
    assert Regime.objects.get(key="gdpr").name == "Ours"
    assert len(Regime.objects.get(key="gdpr").countries) == 30


@pytest.mark.obligation("R-08")
@pytest.mark.parametrize(
    ("country", "kind", "due", "laws"),
    [
        ("", "access", date(2025, 3, 24), ["malaysia-pdpa", "gdpr"]),
        ("MY", "access", date(2025, 3, 24), ["malaysia-pdpa", "gdpr"]),
        ("BR", "access", date(2025, 3, 18), ["lgpd", "malaysia-pdpa", "gdpr"]),
        ("KR", "erasure", date(2025, 3, 13), ["korea-pipa", "malaysia-pdpa", "gdpr"]),
        ("GB", "access", date(2025, 3, 24), ["malaysia-pdpa", "gdpr", "uk-gdpr"]),
        ("XX", "access", date(2025, 3, 24), ["malaysia-pdpa", "gdpr"]),
    ],
)
def test_the_laws_of_the_operator_and_of_the_stated_country_apply_and_the_earliest_decides(
    country: str, kind: str, due: date, laws: list[str]
) -> None:
    found = due_for(kind, received_at=MONDAY, stated_country=country)

    assert found.due_on == due
    assert [term.rule.regime for term in found.terms] == laws


@pytest.mark.obligation("R-08")
def test_no_country_makes_the_date_later() -> None:
    countries = {country.code for regime in Regime.objects.all() for country in regime.countries}

    assert len(countries) > 30
    everybody = due_for("access", received_at=MONDAY).due_on
    assert all(due_for("access", received_at=MONDAY, stated_country=country).due_on <= everybody for country in countries)


def test_an_opt_out_has_its_own_rule() -> None:
    objection = due_for("objection", received_at=MONDAY, stated_country="US")
    access = due_for("access", received_at=MONDAY, stated_country="US")

    ccpa = {due: next(term.rule for term in each.terms if term.rule.regime == "ccpa") for due, each in (("o", objection), ("a", access))}
    assert (ccpa["o"].period.amount, ccpa["o"].period.unit, ccpa["o"].extension) == (15, "business_days", None)
    assert (ccpa["a"].period.amount, ccpa["a"].period.unit) == (45, "days")


def test_a_version_counts_from_its_day_and_changes_no_date_that_was_given() -> None:
    request = filed_then()
    given = request.due_explanation
    law = Regime(key="malaysia-pdpa", version=2, name="Malaysia PDPA", source="amended", checked_on=date(2025, 5, 1))
    law.valid_from, law.made_at = date(2025, 6, 1), clock.now()
    law.save()
    RegimeRule.objects.create(regime=law, amount=14, unit="days")
    regimes.forget()

    assert due_for("access", received_at=datetime(2025, 5, 31, 10, tzinfo=UTC)).due_on == date(2025, 6, 21)
    assert due_for("access", received_at=datetime(2025, 6, 1, 10, tzinfo=UTC)).due_on == date(2025, 6, 15)
    assert fresh(request).due_explanation == given


def test_where_every_law_was_ended_the_month_that_was_promised_counts() -> None:
    Regime.objects.update(valid_until=date(2024, 1, 1), valid_from=date(2010, 1, 1), made_at=clock.now())
    regimes.forget()

    assert [term.rule for term in due_for("access", received_at=MONDAY).terms] == list(FALLBACK)


def test_a_request_gets_its_dates_at_the_proof_from_receipt() -> None:
    request = filed_then()

    assert request.due_at == datetime(2025, 3, 24, 23, 59, 59, tzinfo=UTC)
    assert request.acknowledge_by is None
    assert due_for("access", received_at=MONDAY, stated_country="US").decides.rule.regime == "malaysia-pdpa"


# Extension ------------------------------------------------------------------------------------------------------------------


def test_an_extension_moves_the_date_once_and_tells_the_person_in_the_same_transaction() -> None:
    request = filed_then()

    with on(20):
        extend_deadline(request, reason="Two archives are on tape.", actor=staff_actor())

    stored = fresh(request)
    assert (stored.due_at, stored.extension_reason) == (datetime(2025, 4, 7, 23, 59, 59, tzinfo=UTC), "Two archives are on tape.")
    assert stored.due is not None
    assert stored.due.first_due_on == date(2025, 3, 24)
    event = TimelineEvent.objects.get(request=request, event="extended")
    assert event.note == "Two archives are on tape."
    message = OutboxMessage.objects.get(ticket=request.ref, kind="requests.extended")
    assert "7 April 2025" in message.body
    assert "tape" not in message.body
    entry = AuditEntry.objects.get(verb="requests.extended", ticket=request.ref)
    assert entry.parameters == {"due": "2025-04-07"}
    with on(21), pytest.raises(CannotExtend) as again:
        extend_deadline(stored, reason="Once more.", actor=staff_actor())
    assert again.value.why == "already"


def test_an_extension_is_refused_when_late_closed_forbidden_or_without_a_reason() -> None:
    staff = staff_actor()
    late = filed_then()
    with on(25), pytest.raises(CannotExtend) as error:
        extend_deadline(late, reason="Too late.", actor=staff)
    assert error.value.why == "late"
    with on(24):
        with pytest.raises(ReasonMissing):
            extend_deadline(late, reason="  ", actor=staff)
        with pytest.raises(CannotExtend) as error:
            extend_deadline(withdrawn(), reason="It is closed.", actor=staff)
    assert error.value.why == "closed"
    with clock.stopped_at(MONDAY):
        user = make_account(password=None)
        strict = filed(user)
        due = due_for("access", stated_country="BR")
        Request.objects.filter(pk=strict.pk).update(due_at=due.due_at, due_explanation=due.to_json())
        with pytest.raises(CannotExtend, match="LGPD") as error:
            extend_deadline(fresh(strict), reason="It is complex.", actor=staff)
    assert error.value.why == "forbidden"
    assert not OutboxMessage.objects.filter(kind="requests.extended").exists()


def test_only_who_may_work_on_requests_extends() -> None:
    request = filed_then()

    with on(10):
        for actor in (actor_for(request.subject), Actor.for_user(with_role(make_staff(password=None, factor=False), AUDITOR)), SYSTEM):
            with pytest.raises(NotAllowed):
                extend_deadline(request, reason="It is complex.", actor=actor)
        extend_deadline(request, reason="It is complex.", actor=Actor.for_user(with_role(make_staff(password=None, factor=False), AGENT)))


def test_of_two_who_extend_at_once_one_does() -> None:
    request = filed_then()
    staff, same = staff_actor(), fresh(request)

    with on(10):
        extend_deadline(request, reason="It is complex.", actor=staff)
        with pytest.raises(LostRace):
            extend_deadline(same, reason="It is complex.", actor=staff)

    assert OutboxMessage.objects.filter(kind="requests.extended", ticket=request.ref).count() == 1


# Rest -----------------------------------------------------------------------------------------------------------------------


def test_a_question_stops_no_clock_where_one_law_allows_no_rest() -> None:
    request = complaint_at(MONDAY)

    with on(10):
        ask_person(request, question="Which account?", about=AskedFor.IDENTITY, actor=staff_actor())

    assert fresh(request).paused_at is None


def test_where_every_law_allows_it_the_date_moves_by_the_days_of_waiting(settings: Any) -> None:
    settings.OPERATOR_REGIMES = ["gdpr"]
    request = complaint_at(MONDAY)  # due on 3 April

    with on(10):
        ask_person(request, question="Who are you?", about=AskedFor.IDENTITY, actor=staff_actor())
    asked = fresh(request)
    with on(15, 4):
        assert (asked.paused_at is not None, asked.is_late) == (True, False)
    with on(15):
        reply_to_question(asked, words="I am.", actor=actor_for(asked.subject))

    stored = fresh(request)
    assert (stored.paused_at, stored.paused_days, stored.due_at) == (None, 5, datetime(2025, 4, 8, 23, 59, 59, tzinfo=UTC))
    verbs = list(AuditEntry.objects.filter(ticket=request.ref, verb__contains="clock").values_list("verb", flat=True))
    assert verbs == ["requests.clock_paused", "requests.clock_resumed"]


def test_a_clock_rests_once_at_a_time_only_for_what_the_law_names_and_not_after_its_end(settings: Any) -> None:
    settings.OPERATOR_REGIMES = ["gdpr"]
    staff = staff_actor()
    request = complaint_at(MONDAY)

    with on(10):
        assert not pause_clock(request, about=AskedFor.CLARIFICATION, actor=staff)
        assert not resume_clock(request, actor=staff)
        assert pause_clock(request, about=AskedFor.IDENTITY, actor=staff)
        assert not pause_clock(request, about=AskedFor.IDENTITY, actor=staff)
        assert resume_clock(request, actor=staff)
    with on(20, 5):
        assert not pause_clock(request, about=AskedFor.IDENTITY, actor=staff)
    assert fresh(request).paused_days == 0


# Again, and at the end ------------------------------------------------------------------------------------------------------


def test_a_request_that_is_opened_again_keeps_its_day_or_counts_anew() -> None:
    with clock.stopped_at(MONDAY):
        soon, late = released(), released()
    with on(20):
        reopen_request(soon, missing="The call.", actor=actor_for(soon.subject))
    with on(1, 4):
        reopen_request(late, missing="The call.", actor=actor_for(late.subject))

    assert fresh(soon).due_at == soon.due_at
    again = fresh(late).due
    assert again is not None
    assert (again.cause, again.received_on, again.due_on) == ("reopened", date(2025, 4, 1), date(2025, 4, 22))


def test_the_reason_goes_when_the_request_is_kept_no_longer() -> None:
    request = filed_then()
    with on(10):
        extend_deadline(request, reason="Two archives are on tape.", actor=staff_actor())
    long_ago = datetime(2010, 1, 1, tzinfo=UTC)
    request.bundles.all().delete()
    Request.objects.filter(pk=request.pk).update(status=Status.CLOSED, outcome="fulfilled", closed_at=long_ago)

    assert forget_requests(limit=10, actor=SYSTEM) == 1

    assert (fresh_row(request).extension_reason, fresh_row(request).extended_at is not None) == (None, True)


def fresh_row(request: Request) -> Request:
    return Request.objects.get(pk=request.pk)


# Reminders ------------------------------------------------------------------------------------------------------------------


def told(kind: str) -> list[str]:
    return sorted(OutboxMessage.objects.filter(kind=kind).values_list("to", flat=True))


def test_who_has_it_is_reminded_once_for_each_step_and_the_officers_once_it_is_overdue(settings: Any) -> None:
    settings.DUE_REMINDER_DAYS = [2, 7]
    dpo, agent = make_dpo(), with_role(make_staff(password=None, factor=False), AGENT)
    request = filed_then(assignee=agent)  # due on 24 March

    for day, found in ((16, 0), (18, 1), (19, 0), (23, 1), (24, 0), (25, 1), (26, 0)):
        with on(day):
            assert remind_staff(limit=10, actor=SYSTEM) == found

    assert told("requests.due_soon") == [agent.email, agent.email]
    assert told("requests.overdue") == sorted([agent.email, dpo.email])
    body = OutboxMessage.objects.filter(kind="requests.overdue").latest("pk").body
    assert request.ref in body
    assert reverse("admin:requests_app_request_change", args=[request.pk]) in body
    assert (request.subject and str(request.subject.public_id)) not in body
    assert AuditEntry.objects.filter(verb="requests.escalated", ticket=request.ref).count() == 1


def test_what_nobody_has_is_told_to_all_who_may_work_and_what_rests_to_nobody(settings: Any) -> None:
    settings.DUE_REMINDER_DAYS = [7]
    dpo, agent = make_dpo(), with_role(make_staff(password=None, factor=False), AGENT)
    filed_then()
    filed_then(paused_at=MONDAY)

    with on(20):
        assert remind_staff(limit=10, actor=SYSTEM) == 1

    assert told("requests.due_soon") == sorted([dpo.email, agent.email])


def test_a_date_that_moved_is_reminded_of_again(settings: Any) -> None:
    settings.DUE_REMINDER_DAYS = [7]
    make_dpo()
    request = filed_then()
    with on(20):
        remind_staff(limit=10, actor=SYSTEM)
        extend_deadline(fresh(request), reason="It is complex.", actor=staff_actor())
        assert remind_staff(limit=10, actor=SYSTEM) == 0
    with on(3, 4):
        assert remind_staff(limit=10, actor=SYSTEM) == 1


# Pages ----------------------------------------------------------------------------------------------------------------------


def test_the_country_is_asked_and_optional_and_reaches_the_request() -> None:
    user = make_account(password=None, country="BR")
    client = signed_in(user, fresh=True)

    page = client.get("/requests/new/?kind=access").content.decode()
    assert '<option value="BR" selected>' in page
    assert "Because you named Brazil as your country" in page
    wrong = client.post("/requests/new/", {"kind": "access", "country": "no such"})
    client.post("/requests/new/", {"kind": "access", "country": "KR"})
    client.post("/requests/new/", {"kind": "portability", "country": ""})

    assert sorted(Request.objects.values_list("kind", "country")) == [("access", "KR"), ("portability", "")]
    access = Request.objects.get(kind="access").due
    assert access is not None
    assert access.decides.rule.regime == "korea-pipa"
    assert wrong.status_code == 422


def test_more_time_is_taken_on_a_page_of_its_own_and_the_person_reads_why() -> None:
    request = filed()
    client = signed_in(make_dpo(factor=True), fresh=True)
    page = reverse("admin:requests_app_request_extend", args=[request.pk])
    ticket = reverse("admin:requests_app_request_change", args=[request.pk])
    assert page in client.get(ticket).content.decode()

    assert client.post(page, {"words": ""}).status_code == 422
    kept = client.post(page, {"words": "Card 4111 1111 1111 1111"})
    assert (kept.status_code, "4111" in kept.content.decode()) == (422, True)
    assert client.post(page, {"words": "Two archives are on tape."}).status_code == 302

    shown = client.get(ticket).content.decode()
    assert page not in shown
    assert "tape" not in shown  # personal, until a reason is given
    theirs = signed_in(_user(request)).get(f"/requests/{request.ref}/").content.decode()
    assert "Our reason: Two archives are on tape." in theirs
    assert "We told you that we need more time" in theirs


def test_the_page_is_closed_to_who_may_not_work_and_to_visitors(client: Any) -> None:
    request = filed()
    page = reverse("admin:requests_app_request_extend", args=[request.pk])

    assert client.get(page).status_code == 302
    auditor = with_role(make_staff(password=None), AUDITOR)
    assert signed_in(auditor, fresh=True).get(page).status_code == 403
    late = filed_then()
    there = signed_in(make_dpo(factor=True), fresh=True).get(reverse("admin:requests_app_request_extend", args=[late.pk]), follow=True)
    assert "The time to answer is over" in there.content.decode()


def test_a_new_version_begins_with_the_one_before_and_old_ones_are_read_only() -> None:
    dpo = make_dpo(factor=True)
    client = signed_in(dpo, fresh=True)
    first = Regime.objects.get(key="gdpr")
    change = reverse("admin:requests_app_regime_change", args=[first.pk])
    add = reverse("admin:requests_app_regime_add") + f"?of={first.pk}"
    assert add in client.get(change).content.decode()

    form = client.get(add)
    assert b'value="gdpr"' in form.content
    assert b'name="rules-0-extension" value="2"' in form.content
    sent = client.post(
        add,
        {
            "key": "gdpr",
            "name": "GDPR",
            "countries": ["DE", "FR"],
            "source": "GDPR Art. 12(3)",
            "checked_on": "2026-11-28",
            "valid_from": "2027-01-01",
            "note": "Checked again.",
            "rolls_over": "on",
            "appeal_unit": "days",
            "rules-TOTAL_FORMS": "1",
            "rules-INITIAL_FORMS": "0",
            "rules-MIN_NUM_FORMS": "0",
            "rules-MAX_NUM_FORMS": "1000",
            "rules-0-kind": "",
            "rules-0-amount": "1",
            "rules-0-unit": "months",
            "rules-0-extension": "1",
            "rules-0-acknowledgement_unit": "business_days",
        },
    )

    assert sent.status_code == 302, re.findall(r"errorlist.*", sent.content.decode())
    newest = Regime.objects.get(key="gdpr", version=2)
    assert (newest.made_by, newest.rules.get().extension) == (dpo, 1)
    assert AuditEntry.objects.get(verb="requests.regime_added").parameters == {"regime": "gdpr", "version": 2}
    assert client.post(change, {"name": "Other"}).status_code == 403
    agent = signed_in(with_role(make_staff(password=None), AGENT), fresh=True)
    assert (agent.get(change).status_code, agent.get(add).status_code) == (200, 403)


def _user(request: Request) -> Any:
    from accounts.models import User  # app ready

    return User.objects.get(subject=request.subject)


def test_the_hour_s_job_is_on_the_schedule() -> None:
    from privacycenter.jobs import periodic

    assert timedelta(seconds=periodic.all_entries()["requests.watch_deadlines"].seconds) == timedelta(hours=1)
