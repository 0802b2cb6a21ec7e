"""The main job over real connections: PostgreSQL, Redis, SMTP, S3 and an OpenID provider, with nothing simulated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.journeys import check_bundle, confirm_address, fetch, order, release, send, sign_in
from tests.services.parts import MailServer, ObjectStore, OpenIDProvider
from tests.services.stack import Stack, wait_until

pytestmark = [pytest.mark.services, pytest.mark.browser, pytest.mark.slow]


def _mail_text(server: MailServer) -> Callable[[str, str], str]:
    """Read what the mail server has accepted."""

    def text(address: str, subject: str) -> str:
        def newest() -> str:
            found = [mail for mail in server.messages_to(address) if any(word in str(mail["Subject"]) for word in subject.split("|"))]
            body = found[-1].get_body(preferencelist=("plain",)) if found else None
            return str(body.get_content()) if body else ""

        return str(wait_until(newest, what=f"a mail with {subject} in its subject"))

    return text


@pytest.mark.obligation("C-10", "R-01")
def test_the_main_job_runs_on_postgresql_redis_smtp_s3_and_an_openid_provider(
    make_stack: Callable[..., Stack],
    start_oidc_provider: Callable[[str], OpenIDProvider],
    postgresql_database: str,
    redis_database: str,
    smtp_server: MailServer,
    s3_server: ObjectStore,
    visit,
    tmp_path: Path,
):
    stack = make_stack(
        DEMO="1",
        DATABASE_URL=postgresql_database,
        REDIS_URL=redis_database,
        CELERY_BROKER_URL=redis_database,
        EMAIL_URL=smtp_server.url,
        **s3_server.environment,
    )
    provider = start_oidc_provider(f"{stack.url}/accounts/oidc/company/login/callback/")
    issuer_host = provider.issuer.removeprefix("http://")
    stack.environment["OIDC_PROVIDERS"] = provider.setting()
    stack.environment["OUTBOUND_ALLOW"] += f",{issuer_host}"
    stack.start()
    stack.manage("seed_demo", "--people", "1")
    mail = _mail_text(smtp_server)
    person, desk = visit(stack.url, also_allowed=(provider.issuer,)), visit(stack.url)

    # sign up through the provider: it says who, the person chooses what is taken over and gives the rest
    page = person.page
    page.goto("/accounts/login/")
    person.check_accessibility()
    page.get_by_role("main").get_by_role("button", name="Company sign-in").click()
    page.get_by_role("button", name="Amira Haddad").click()
    page.wait_for_url("**/accounts/3rdparty/signup/**")
    person.check_accessibility()
    page.check("[name=take_name]")
    page.check("[name=take_email]")
    page.fill("[name=phone]", "+36 1 234 5678")
    page.fill("[name=company]", "Haddad Textiles")
    page.select_option("[name=country]", "HU")
    page.fill("[name=username]", "amira.h")
    page.fill("[name=birth_date]", "1988-02-03")
    send(person, "Create account")
    address = "amira.haddad@company.example"
    confirm_address(person, address, mail)

    # an account without a password proves itself once more at the provider
    def sign_in_again() -> None:
        send(person, "Sign in again with Company sign-in")
        page.get_by_role("button", name="Amira Haddad").click()

    reference = order(person, prove=sign_in_again)
    sign_in(desk, "dpo", to="/admin/")
    release(desk, reference)
    assert reference in str(mail(address, reference))
    data = check_bundle(stack, fetch(person, reference, tmp_path / "bundle.zip"))

    assert "Amira Haddad" in str(data["sources"])
    assert data["reference"] == reference
    assert s3_server.names()
    assert list((stack.var / "bundles").rglob("*.zip")) == []
    assert stack.manage("verify_audit").returncode == 0
    raw = [content for recipients, content in smtp_server.received if address in recipients]
    assert raw
    assert all(content.count(b"Message-ID:") == 1 for content in raw)
