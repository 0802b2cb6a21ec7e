"""Changing a credential: other sessions end, the old address is told, and the owner can stop a thief."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.client import Client as Browser
from accounts.domain import freeze_account, unfreeze_account
from accounts.domain.codes import PER_ADDRESS
from accounts.errors import NotFrozen, StaffOnly
from accounts.models import CredentialChange, EmailCode, ResetOrder, SecurityEvent, User
from accounts.queries import account_for_subject, account_with_address, has_account
from accounts.reset_tokens import ResetTokenGenerator
from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_due
from privacycenter.jobs.models import Job
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor, ActorKind
from privacycenter.mail.models import OutboxMessage
from privacycenter.subjects.queries import subject_with
from tests.factories.accounts import PASSWORD, add_totp, make_account, signed_in

NEW = "a wholly new password"
STAFF = Actor(ActorKind.STAFF, "0")  # nobody among the accounts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_memory_of_tries() -> None:
    cache.clear()


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/sessions/").status_code == 200


def link_in(message: OutboxMessage) -> str:
    return re.search(r"^http://localhost:8000(/\S+)$", message.body, re.MULTILINE).group(1)


def code_in(message: OutboxMessage) -> str:
    return re.search(r"^ {4}(\S+)$", message.body, re.MULTILINE).group(1)


def warnings() -> list[tuple[str, str]]:
    return [(message.to, message.kind) for message in OutboxMessage.objects.order_by("pk")]


def change_password(client: Client) -> None:
    response = client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert response.status_code == 302


def test_a_new_password_ends_other_sessions_keeps_this_one_and_tells_the_owner() -> None:
    user = make_account(email="ada@example.com")
    here, there = signed_in(user, fresh=True), signed_in(user)

    change_password(here)

    user.refresh_from_db()
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert user.check_password(NEW)
    assert user.credential_changed_at is not None
    assert warnings() == [("ada@example.com", "accounts.credential_changed")]
    assert SecurityEvent.objects.get().kind == "password_changed"
    assert AuditEntry.objects.filter(verb="accounts.credential_changed").count() == 1


def test_a_wrong_present_password_changes_nothing() -> None:
    user = make_account()
    client = signed_in(user, fresh=True)

    client.post("/accounts/password/change/", {"oldpassword": "wrong", "password1": NEW, "password2": NEW})

    user.refresh_from_db()
    assert user.check_password(PASSWORD)
    assert user.credential_changed_at is None


def test_a_new_factor_ends_other_sessions_and_tells_the_owner() -> None:
    user = make_account(email="ada@example.com")
    here, there = signed_in(user, fresh=True), signed_in(user)
    secret = here.get("/accounts/2fa/totp/activate/").context["form"].secret

    with_code = {"code": format_hotp_value(hotp_value(secret, list(yield_hotp_counters_from_time())[1]))}
    here.post("/accounts/2fa/totp/activate/", with_code)

    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert warnings() == [("ada@example.com", "accounts.credential_changed")]


def test_taking_a_factor_away_ends_other_sessions_and_tells_the_owner() -> None:
    user = make_account(email="ada@example.com")
    add_totp(user)
    here, there = signed_in(user, fresh=True), signed_in(user)

    here.post("/accounts/2fa/totp/deactivate/")

    assert not Authenticator.objects.exists()
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert warnings() == [("ada@example.com", "accounts.credential_changed")]


def test_new_recovery_codes_tell_the_owner() -> None:
    user = make_account(email="ada@example.com")
    add_totp(user)
    client = signed_in(user, fresh=True)

    client.post("/accounts/2fa/recovery-codes/generate/")

    assert warnings() == [("ada@example.com", "accounts.credential_changed")]


def test_a_further_address_counts_once_it_is_confirmed_and_the_old_one_is_told() -> None:
    user = make_account(email="ada@example.com")
    here, there = signed_in(user, fresh=True), signed_in(user)

    here.post("/accounts/email/", {"email": "second@example.com", "action_add": "1"})
    before = (subject_with("email", "second@example.com"), is_signed_in(there))
    here.post("/accounts/confirm-email/", {"code": code_in(OutboxMessage.objects.get())})

    assert before == (None, True)
    assert subject_with("email", "second@example.com") == user.subject
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert warnings() == [("second@example.com", "accounts.verify_email"), ("ada@example.com", "accounts.credential_changed")]


def test_a_new_main_address_tells_the_old_one() -> None:
    user = make_account(email="ada@example.com")
    EmailAddress.objects.create(user=user, email="second@example.com", verified=True, primary=False)
    here, there = signed_in(user, fresh=True), signed_in(user)

    here.post("/accounts/email/", {"email": "second@example.com", "action_primary": "1"})

    user.refresh_from_db()
    assert user.email == "second@example.com"
    assert (is_signed_in(here), is_signed_in(there)) == (True, False)
    assert warnings() == [("ada@example.com", "accounts.credential_changed")]


def test_a_removed_address_finds_nobody_and_is_told() -> None:
    user = make_account(email="ada@example.com")
    client = signed_in(user, fresh=True)
    client.post("/accounts/email/", {"email": "second@example.com", "action_add": "1"})
    client.post("/accounts/confirm-email/", {"code": code_in(OutboxMessage.objects.get())})

    client.post("/accounts/email/", {"email": "second@example.com", "action_remove": "1"})

    assert subject_with("email", "second@example.com") is None
    assert warnings()[-1] == ("second@example.com", "accounts.credential_changed")


def test_an_address_of_somebody_else_is_not_told_apart_and_never_taken() -> None:
    other = make_account(email="taken@example.com")
    client = signed_in(make_account(), fresh=True)

    response = client.post("/accounts/email/", {"email": "taken@example.com", "action_add": "1"})
    message = OutboxMessage.objects.get()
    client.post("/accounts/confirm-email/", {"code": code_in(message)})

    assert response.url == "/accounts/confirm-email/"
    assert EmailAddress.objects.get(email="taken@example.com").user == other
    assert subject_with("email", "taken@example.com") == other.subject


def test_a_wrong_code_tells_nothing_about_the_address_that_is_added() -> None:
    make_account(email="taken@example.com")
    replies = []
    for number, address in enumerate(("taken@example.com", "free@example.com")):
        client = signed_in(make_account(username=f"curious{number}"), fresh=True)
        client.post("/accounts/email/", {"email": address, "action_add": "1"})
        response = client.post("/accounts/confirm-email/", {"code": "AAAA-2222"})
        replies.append((response.status_code, response.context["form"].errors.get_json_data()))

    assert replies[0] == replies[1]


def test_whoever_reads_the_mail_of_a_taken_address_learns_what_to_do() -> None:
    make_account(email="taken@example.com")
    client = signed_in(make_account(), fresh=True)
    client.post("/accounts/email/", {"email": "taken@example.com", "action_add": "1"})

    response = client.post("/accounts/confirm-email/", {"code": code_in(OutboxMessage.objects.get())})

    assert "use another address" in response.content.decode()


def test_a_card_number_in_an_added_address_is_refused() -> None:
    client = signed_in(make_account(), fresh=True)

    response = client.post("/accounts/email/", {"email": "4111111111111111@example.com", "action_add": "1"})

    assert response.context["form"].errors.get_json_data()["email"][0]["code"] == "card_number"


def test_the_link_in_the_warning_shows_first_and_then_freezes() -> None:
    user = make_account(email="ada@example.com")
    thief = signed_in(user, fresh=True)
    change_password(thief)
    link = link_in(OutboxMessage.objects.get())
    owner = Client()

    shown = owner.get(link)
    untouched = (User.objects.get().is_frozen, is_signed_in(thief))
    done = owner.post(link)
    again = owner.post(link)

    user.refresh_from_db()
    assert (shown.status_code, done.url, again.status_code) == (200, "/accounts/frozen/", 410)
    assert untouched == (False, True)
    assert user.is_frozen
    assert user.check_password(NEW)  # a freeze reverts nothing
    assert not is_signed_in(thief)
    assert OutboxMessage.objects.latest("pk").kind == "accounts.frozen"


def test_the_link_lapses_after_two_weeks_and_no_token_is_stored() -> None:
    client = signed_in(make_account(), fresh=True)
    change_password(client)
    link = link_in(OutboxMessage.objects.get())
    token = link.split("/")[-2]

    with clock.stopped_at(clock.now() + timedelta(days=15)):
        assert Client().post(link).status_code == 410
    assert token not in str(list(CredentialChange.objects.values()))
    assert len(token) == 22
    assert Client().get("/accounts/freeze/AAAAAAAAAAAAAAAAAAAAAA/").status_code == 410


def test_staff_give_a_frozen_account_back_to_a_proven_address_alone() -> None:
    user = make_account(email="thief@example.com")
    add_totp(user)
    freeze_account(user, because="test", client=Browser(), actor=STAFF)

    unfreeze_account(user, proven_address="owner@example.com", reason="passport", client=Browser(), actor=STAFF)

    user = User.objects.get()
    assert not user.is_frozen
    assert not user.has_usable_password()
    assert not Authenticator.objects.exists()
    assert list(EmailAddress.objects.values_list("email", "verified", "primary")) == [("owner@example.com", True, True)]
    assert subject_with("email", "thief@example.com") is None
    assert subject_with("email", "owner@example.com") == user.subject
    assert OutboxMessage.objects.latest("pk").to == "owner@example.com"
    assert AuditEntry.objects.filter(verb="accounts.unfrozen").count() == 1


def test_only_staff_unfreeze_and_only_what_is_frozen() -> None:
    user = make_account()

    with pytest.raises(StaffOnly):
        unfreeze_account(user, proven_address="a@example.com", reason="x", client=Browser(), actor=Actor.for_user(user))
    with pytest.raises(NotFrozen):
        unfreeze_account(user, proven_address="a@example.com", reason="x", client=Browser(), actor=STAFF)


def test_a_reset_link_sets_a_password_once_and_signs_nobody_in() -> None:
    user = make_account(email="ada@example.com")
    there, client = signed_in(user), Client()

    asked = client.post("/accounts/password/reset/", {"email": "Ada@example.com"})
    run_due(100, kinds=["accounts.send_reset"])
    link = link_in(OutboxMessage.objects.get())
    form = client.get(link)
    done = client.post(form.url, {"password1": NEW, "password2": NEW})
    again = Client().get(link)

    user.refresh_from_db()
    assert asked.url == "/accounts/password/reset/done/"
    assert done.url == "/accounts/password/reset/key/done/"
    assert "does not work any more" in again.content.decode()
    assert user.check_password(NEW)
    assert (is_signed_in(client), is_signed_in(there)) == (False, False)
    assert warnings()[-1] == ("ada@example.com", "accounts.credential_changed")


def test_no_reset_link_reads_as_a_card_number() -> None:
    user = make_account()
    generator = ResetTokenGenerator()

    token = generator.make_token(user)
    digest = token.partition("-")[2]

    assert digest.isalpha()
    assert generator.check_token(user, token)
    assert not generator.check_token(user, token[:-1] + ("a" if token[-1] != "a" else "b"))
    assert not generator.check_token(user, "")
    user.session_epoch += 1
    assert not generator.check_token(user, token)


def test_asking_for_a_reset_link_tells_nobody_which_addresses_are_known() -> None:
    make_account(email="ada@example.com")
    make_account(email="never@example.com", confirmed=False)
    answers = []
    for number, address in enumerate(("ada@example.com", "nobody@example.com", "never@example.com")):
        client = Client(REMOTE_ADDR=f"198.51.100.{number}")
        replies = [client.post("/accounts/password/reset/", {"email": address}) for _ in range(8)]
        answers.append([(reply.status_code, reply.get("Location")) for reply in replies])

    run_due(100, kinds=["accounts.send_reset"])

    assert answers[0] == answers[1] == answers[2]
    assert {message.to for message in OutboxMessage.objects.all()} == {"ada@example.com"}


def test_asking_for_a_reset_link_does_the_same_work_and_counts_the_same_for_every_address() -> None:
    make_account(email="ada@example.com")
    queries = []
    for number, address in enumerate(("ada@example.com", "nobody@example.com")):
        client = Client(REMOTE_ADDR=f"198.51.100.{number}")
        with CaptureQueriesContext(connection) as asked:
            client.post("/accounts/password/reset/", {"email": address})
        queries.append([re.sub(r"'[^']*'|\d+|X'[0-9A-F]*'", "?", query["sql"]) for query in asked])

    assert len(queries[0]) == len(queries[1])
    assert not [sql for sql in queries[0] if "account_emailaddress" in sql]
    assert EmailCode.objects.filter(purpose="reset").values("address_hash").distinct().count() == 2
    assert ResetOrder.objects.count() == 2
    assert "ada@example.com" not in str(list(Job.objects.values("kind", "key", "payload")))
    with connection.cursor() as cursor:
        cursor.execute("SELECT address FROM accounts_resetorder")
        assert not [row for row in cursor.fetchall() if b"example.com" in bytes(row[0])]


def test_an_answered_order_of_a_reset_link_is_gone() -> None:
    make_account(email="ada@example.com")
    for address in ("ada@example.com", "nobody@example.com"):
        Client().post("/accounts/password/reset/", {"email": address})

    run_due(100, kinds=["accounts.send_reset"])

    assert not ResetOrder.objects.exists()
    assert warnings() == [("ada@example.com", "accounts.reset_password")]


def test_resets_do_not_let_a_registration_tell_which_addresses_are_known() -> None:
    make_account(email="ada@example.com")
    replies = []
    for number, address in enumerate(("ada@example.com", "nobody@example.com")):
        client = Client(REMOTE_ADDR=f"198.51.100.{number}")
        for _ in range(PER_ADDRESS):
            client.post("/accounts/password/reset/", {"email": address})
            cache.clear()
        answer = {"full_name": "C", "email": address, "phone": "+44 20 7946 0958", "company": "C", "country": "GB"}
        answer |= {"username": f"curious{number}", "password1": NEW, "birth_date": "1990-12-10"}
        replies.append(client.post("/accounts/signup/", answer).status_code)

    assert replies == [429, 429]


def test_a_reset_never_leads_around_the_second_factor() -> None:
    user = make_account(username="ada", email="ada@example.com")
    add_totp(user)
    client = Client()
    client.post("/accounts/password/reset/", {"email": "ada@example.com"})
    run_due(100, kinds=["accounts.send_reset"])
    client.post(client.get(link_in(OutboxMessage.objects.get())).url, {"password1": NEW, "password2": NEW})

    response = client.post("/accounts/login/", {"login": "ada", "password": NEW})

    assert response.url == "/accounts/2fa/authenticate/"
    assert not is_signed_in(client)


def test_closing_takes_a_fresh_proof_and_a_tick() -> None:
    user = make_account(email="ada@example.com")
    client = signed_in(user)

    stale = client.post("/accounts/close/", {"sure": "on"})
    client = signed_in(user, fresh=True)
    unsure = client.post("/accounts/close/", {})
    open_still = User.objects.get().is_active
    done = client.post("/accounts/close/", {"sure": "on"})

    user.refresh_from_db()
    assert stale.url.startswith("/accounts/confirm/")
    assert (unsure.status_code, open_still) == (200, True)
    assert (done.status_code, done.url) == (302, "/")
    assert not user.is_active
    assert warnings() == [("ada@example.com", "accounts.closed")]
    assert not has_account("ada@example.com")


def test_queries_find_accounts_by_confirmed_addresses_only() -> None:
    user = make_account(email="ada@example.com")
    make_account(email="never@example.com", confirmed=False)

    assert account_with_address("Ada@Example.com") == user
    assert [has_account(value) for value in ("never@example.com", "nobody@example.com", "rubbish")] == [False, False, False]
    assert account_for_subject(user.subject) == user
