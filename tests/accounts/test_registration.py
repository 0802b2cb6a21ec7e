"""Registration by form: what is asked, what is refused, what is told to whom (C-01, G-01)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.domain import discard_unconfirmed
from accounts.models import EmailCode, SecurityEvent, User
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.kernel.normalise import IdentifierKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.subjects.domain import mark_child, subject_for_proven
from privacycenter.subjects.models import Subject
from privacycenter.subjects.queries import proven_identifiers
from tests.factories.accounts import PASSWORD, make_account

SIGNUP, CONFIRM = "/accounts/signup/", "/accounts/confirm-email/"

pytestmark = pytest.mark.django_db


def answers(**changes: Any) -> dict[str, Any]:
    return {
        "full_name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+44 20 7946 0958",
        "company": "Analytical Engines",
        "country": "GB",
        "username": "ada",
        "password1": PASSWORD,
        "birth_date": "1990-12-10",
    } | changes


def code_in_mail() -> str:
    body = OutboxMessage.objects.latest("pk").body
    return re.search(r"^ {4}([A-Z0-9]{4}-[A-Z0-9]{4})$", body, re.MULTILINE).group(1)


def kinds_of_mail() -> list[str]:
    return list(OutboxMessage.objects.order_by("pk").values_list("kind", flat=True))


@pytest.mark.obligation("C-01")
def test_registration_asks_for_exactly_the_mandatory_fields() -> None:
    form = Client().get(SIGNUP).context["form"]

    assert list(form.fields) == ["full_name", "email", "phone", "company", "country", "username", "password1", "birth_date"]
    assert all(field.required for field in form.fields.values())


@pytest.mark.parametrize("missing", ["full_name", "email", "phone", "company", "country", "username", "password1", "birth_date"])
def test_registration_without_a_mandatory_field_is_refused(missing: str) -> None:
    response = Client().post(SIGNUP, answers(**{missing: ""}))

    assert response.status_code == 200
    assert list(response.context["form"].errors) == [missing]
    assert not User.objects.exists()


@pytest.mark.obligation("C-01")
def test_registering_and_confirming_the_address_signs_in() -> None:
    client = Client()

    registered = client.post(SIGNUP, answers())
    user = User.objects.get()
    before = proven_identifiers(user.subject)
    confirmed = client.post(CONFIRM, {"code": code_in_mail()})

    assert (registered.status_code, registered.url) == (302, CONFIRM)
    assert before == []
    assert (confirmed.status_code, confirmed.url) == (302, "/dashboard/")
    assert client.session["_auth_user_id"] == str(user.pk)
    assert proven_identifiers(Subject.objects.get(pk=user.subject_id)) == [("email", "ada@example.com")]
    assert (user.full_name, str(user.phone), user.company, user.country.code) == (
        "Ada Lovelace",
        "+442079460958",
        "Analytical Engines",
        "GB",
    )
    assert kinds_of_mail() == ["accounts.verify_email"]
    assert list(SecurityEvent.objects.order_by("pk").values_list("kind", flat=True)) == ["registered", "email_confirmed", "logged_in"]


def test_an_account_is_no_use_before_its_address_is_confirmed() -> None:
    Client().post(SIGNUP, answers())
    other = Client()

    with clock.stopped_at(clock.now() + timedelta(minutes=1)):
        response = other.post("/accounts/login/", {"login": "ada", "password": PASSWORD})

    assert response.status_code in {302, 429}
    assert "_auth_user_id" not in other.session


def test_the_code_is_nowhere_but_in_the_mail() -> None:
    client = Client()
    client.post(SIGNUP, answers())
    code = code_in_mail().replace("-", "")

    assert code not in str(dict(client.session))
    assert code not in str(list(EmailCode.objects.values()))


@pytest.mark.parametrize("username", ["ada@home", "a", "ada lovelace", "ada\u202e", "a" * 65])
def test_an_unfit_username_is_refused(username: str) -> None:
    response = Client().post(SIGNUP, answers(username=username))

    assert list(response.context["form"].errors) == ["username"]


def test_a_username_is_taken_in_any_case() -> None:
    make_account(username="ada", email="other@example.com")

    response = Client().post(SIGNUP, answers(username="ADA"))

    assert response.context["form"].errors == {"username": ["This username is taken. Choose another one."]}


@pytest.mark.parametrize(
    ("password", "accepted"),
    [("elevenchars", False), ("qwerty123456", False), ("lowercase words only", True), ("x" * 129, False), ("汉" * 12, True)],
)
def test_passwords_are_judged_by_length_and_commonness_only(password: str, accepted: bool) -> None:
    response = Client().post(SIGNUP, answers(password1=password))

    assert (response.status_code == 302) is accepted
    assert User.objects.exists() is accepted


def test_a_card_number_in_a_name_is_refused() -> None:
    response = Client().post(SIGNUP, answers(company="4111 1111 1111 1111"))

    assert list(response.context["form"].errors) == ["company"]


@pytest.mark.parametrize(("field", "value"), [("username", "4111111111111111"), ("email", "4111111111111111@example.com")])
def test_a_card_number_in_a_username_or_address_is_refused(field: str, value: str) -> None:
    response = Client().post(SIGNUP, answers(**{field: value}))

    assert response.context["form"].errors.get_json_data()[field][0]["code"] == "card_number"
    assert not User.objects.exists()


@pytest.mark.obligation("G-01")
@pytest.mark.parametrize(("born", "accepted"), [("2010-03-02", False), ("2010-03-01", True), ("2008-02-29", True)])
def test_sixteen_is_reached_on_the_birthday(born: str, accepted: bool) -> None:
    with clock.stopped_at(datetime(2026, 3, 1, 12, tzinfo=UTC)):
        Client().post(SIGNUP, answers(birth_date=born))

    assert User.objects.exists() is accepted


@pytest.mark.obligation("G-01")
def test_a_refusal_stands_for_the_session_and_gives_no_hint() -> None:
    client = Client()

    refused = client.post(SIGNUP, answers(birth_date="2020-01-01"))
    again = client.post(SIGNUP, answers(birth_date="1980-01-01"))
    shown = client.get(SIGNUP)

    assert not User.objects.exists()
    assert refused.templates[0].name == again.templates[0].name == shown.templates[0].name == "account/signup_closed.html"
    for response in (refused, again, shown):
        assert not re.search(r"\b(16|sixteen|age|old|young|birth|child)\b", response.content.decode(), re.IGNORECASE)


@pytest.mark.obligation("G-01")
def test_the_question_gives_no_hint_and_the_date_is_kept_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    page = client.get(SIGNUP).content.decode()
    client.post(SIGNUP, answers(birth_date="1987-06-05"))

    assert not re.search(r"\b(16|sixteen|years)\b", page, re.IGNORECASE)
    assert "1987" not in str(dict(client.session))
    assert "1987" not in str(list(User.objects.values()))
    assert "1987" not in caplog.text


@pytest.mark.parametrize("born", ["1850-01-01", "2999-01-01", "31.12.1990", "soon"])
def test_an_impossible_date_of_birth_is_an_error_not_a_refusal(born: str) -> None:
    client = Client()

    response = client.post(SIGNUP, answers(birth_date=born))

    assert list(response.context["form"].errors) == ["birth_date"]
    assert client.get(SIGNUP).templates[0].name == "account/signup.html"


def test_a_known_address_is_answered_like_an_unknown_one_and_its_owner_is_told() -> None:
    make_account(username="owner", email="known@example.com")
    known, unknown = Client(), Client()

    for_known = known.post(SIGNUP, answers(username="stranger", email="Known@Example.com"))
    for_unknown = unknown.post(SIGNUP, answers(username="newcomer", email="unknown@example.com"))
    pages = [re.sub(r'value="[^"]{40,}"|(un)?known@example.com', "", client.get(CONFIRM).content.decode()) for client in (known, unknown)]
    wrong = [client.post(CONFIRM, {"code": "AAAA2222"}) for client in (known, unknown)]

    assert (for_known.status_code, for_known.url) == (for_unknown.status_code, for_unknown.url)
    assert pages[0] == pages[1]
    assert wrong[0].status_code == wrong[1].status_code == 200
    assert not User.objects.filter(username="stranger").exists()
    assert kinds_of_mail() == ["accounts.already_registered", "accounts.verify_email"]


def test_sending_again_counts_the_same_for_known_and_unknown_addresses() -> None:
    make_account(username="owner", email="known@example.com")
    outcomes = []
    for email, username in (("known@example.com", "stranger"), ("unknown@example.com", "newcomer")):
        client = Client()
        client.post(SIGNUP, answers(username=username, email=email))
        client.post(CONFIRM, {"action": "resend"})
        outcomes.append(client.get(CONFIRM).context["can_resend"])

    hashes = list(EmailCode.objects.values_list("address_hash", flat=True))
    assert outcomes[0] == outcomes[1]
    assert hashes.count(hashes[0]) == hashes.count(hashes[-1])


def test_an_unconfirmed_registration_does_not_block_its_address_for_long() -> None:
    Client().post(SIGNUP, answers(username="squatter"))

    with clock.stopped_at(clock.now() + timedelta(minutes=11)):
        Client(REMOTE_ADDR="198.51.100.7").post(SIGNUP, answers(username="owner"))

    assert list(User.objects.values_list("username", flat=True)) == ["owner"]


def test_registrations_that_are_never_confirmed_go_after_a_week() -> None:
    Client().post(SIGNUP, answers())
    kept = make_account(username="confirmed")

    with clock.stopped_at(clock.now() + timedelta(days=8)):
        removed = discard_unconfirmed(limit=100, actor=Actor.system("tests"))

    assert removed == 1
    assert list(User.objects.all()) == [kept]
    assert Subject.objects.count() == 1


def test_somebody_who_is_known_without_an_account_stays_one_person() -> None:
    known = subject_for_proven(kind=IdentifierKind.EMAIL, value="ada@example.com", source="requests.code", actor=Actor.system("tests"))
    client = Client()

    client.post(SIGNUP, answers())
    client.post(CONFIRM, {"code": code_in_mail()})

    assert User.objects.get().subject == known
    assert Subject.objects.count() == 1


def test_what_stands_under_a_new_account_goes_along_when_it_joins_somebody_known() -> None:
    known = subject_for_proven(kind=IdentifierKind.EMAIL, value="ada@example.com", source="requests.code", actor=Actor.system("tests"))
    client = Client()
    client.post(SIGNUP, answers())
    before = User.objects.get().subject
    mark_child(before, reason="test", actor=Actor(ActorKind.STAFF, "1"))

    client.post(CONFIRM, {"code": code_in_mail()})

    known.refresh_from_db()
    assert (known.former_ids, known.is_child) == ([str(before.public_id)], True)
    assert not Subject.objects.filter(pk=before.pk).exists()


def test_a_forged_host_gets_into_no_mail() -> None:
    make_account(username="owner", email="ada@example.com")

    Client(HTTP_HOST="localhost", HTTP_X_FORWARDED_HOST="evil.example").post(SIGNUP, answers())
    refused = Client(HTTP_HOST="evil.example").get(SIGNUP)

    assert refused.status_code == 400
    assert "evil" not in OutboxMessage.objects.get().body
    assert "http://localhost:8000/accounts/login/" in OutboxMessage.objects.get().body


def test_nothing_typed_is_lost_when_a_field_is_wrong() -> None:
    response = Client().post(SIGNUP, answers(phone="12"))
    page = response.content.decode()

    assert list(response.context["form"].errors) == ["phone"]
    assert all(value in page for value in ("Ada Lovelace", "ada@example.com", "Analytical Engines"))
    assert PASSWORD not in page


def test_the_main_address_of_a_new_account_is_the_one_that_was_typed() -> None:
    Client().post(SIGNUP, answers(email="Ada@Example.com"))

    address = EmailAddress.objects.get()
    assert (address.email, address.primary, address.verified) == ("ada@example.com", True, False)
