"""What a refusal names by each law, and what the settings of the clock are checked for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from privacycenter.kernel import clock
from requests_app.answers.grounds import Ground
from requests_app.answers.letters import review_until, sections_of
from requests_app.clock.checks import check_regimes, check_settings
from requests_app.clock.defaults import REGIMES, make_regimes
from requests_app.clock.remedies import REMEDIES
from requests_app.domain import file_request, refuse_request
from requests_app.domain.people import actor_for
from requests_app.models import Authority, Regime, Request
from requests_app.regimes import forget, laws_of
from tests.factories.accounts import make_account
from tests.factories.requests import fresh, staff_actor

pytestmark = pytest.mark.django_db
# One country of each law. Those of the United States count for everybody there: the form asks for a country only.
COUNTRIES = {law["key"]: law["countries"].split()[0] for law, _rules in REGIMES}


def refused_in(country: str, *, kind: str = "complaint") -> Request:
    user = make_account(password=None)
    request = file_request(kind=kind, user=user, country=country, actor=actor_for(user.subject))
    refuse_request(request, ground=Ground.UNFOUNDED, reasoning="You asked the same on Monday.", actor=staff_actor())
    return fresh(request)


def sections(request: Request) -> dict[str, str]:
    return {section.heading: " ".join(section.paragraphs) for section in sections_of(request.letter or "")}


@pytest.mark.obligation("R-07")
@pytest.mark.parametrize("key", sorted(COUNTRIES))
def test_a_refusal_names_what_each_law_wants(key: str) -> None:
    country = COUNTRIES[key]
    law = Regime.objects.get(key=key)

    request = refused_in(country)

    said = sections(request)
    assert "You asked the same on Monday." in said["Why"]
    assert request.ref in said["You can have this looked at again"]
    for authority in Authority.objects.filter(country=country, is_listed=True):
        assert authority.web_address in said["You can complain to an authority"]
    assert said["You can go to court"]
    assert law in laws_of(request, on=request.decided_at.date())
    if law.remedies:
        assert f"{law.name} ({law.source}): {law.remedies}" in said["What the laws that apply to you add"]


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("lgpd", "ANPD"),
        ("virginia-cdpa", "the appeal that this law gives you"),
        ("colorado-privacy", "Attorney General (coag.gov)"),
        ("quebec-law-25", "within 30 days"),
        ("pipeda", "within six months"),
        ("uk-gdpr", "section 167"),
        ("korea-pipa", "Article 38"),
    ],
)
def test_what_a_law_gives_beyond_the_general_words_stands_in_its_data(key: str, words: str) -> None:
    assert words in REMEDIES[key]
    assert words in Regime.objects.get(key=key).remedies


def test_articles_of_the_gdpr_are_named_where_it_applies_and_nowhere_else(settings: Any) -> None:
    settings.OPERATOR_REGIMES = ["lgpd"]
    forget()

    brazil, germany = sections(refused_in("BR")), sections(refused_in("DE"))

    assert "GDPR" not in brazil["You can complain to an authority"] + brazil["You can go to court"]
    assert "GDPR Article 77" in germany["You can complain to an authority"]


def test_a_law_that_gives_longer_to_ask_for_a_review_moves_its_last_day() -> None:
    request = refused_in("BR")
    before = review_until(request, request.decided_at)
    old = Regime.objects.get(key="lgpd")
    Regime.objects.create(
        key="lgpd",
        version=2,
        name=old.name,
        source=old.source,
        countries=["BR"],
        checked_on=date(2026, 1, 1),
        valid_from=date(2020, 1, 1),
        appeal=200,
        made_at=clock.now(),
    )

    after = review_until(request, request.decided_at)

    assert before < after == request.decided_at.date() + timedelta(days=200)


def test_first_versions_from_before_the_column_get_what_they_say_and_those_of_staff_stay() -> None:
    Regime.objects.filter(key__in=["lgpd", "pipeda"]).update(remedies="")
    Regime.objects.filter(key="pipeda").update(made_by=int(staff_actor().ref))

    make_regimes(None, "default")  # type: ignore[arg-type]

    assert Regime.objects.get(key="lgpd").remedies == REMEDIES["lgpd"]
    assert Regime.objects.get(key="pipeda").remedies == ""


# Checks ------------------------------------------------------------------------------------------------------------------------


def test_a_law_that_there_is_not_is_named_with_those_that_there_are(settings: Any) -> None:
    settings.OPERATOR_REGIMES = ["gdpr", "gpdr"]

    (found,) = check_regimes(None, databases=["default"])

    assert (found.id, found.msg) == ("privacycenter.E060", "OPERATOR_REGIMES names a law that there is not: 'gpdr'.")
    assert "malaysia-pdpa" in found.hint


def test_a_law_that_staff_added_is_known(settings: Any) -> None:
    Regime.objects.create(
        key="ours", version=1, name="Ours", source="s. 1", checked_on=date(2026, 1, 1), valid_from=date(2020, 1, 1), made_at=clock.now()
    )
    settings.OPERATOR_REGIMES = ["ours"]

    assert check_regimes(None, databases=["default"]) == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("OPERATOR_COUNTRY", "XX", "E061"),
        ("OPERATOR_COUNTRY", "de", "E061"),
        ("REVIEW_MONTHS", 0, "E062"),
        ("ASK_REMINDER_DAYS", -1, "E062"),
        ("OPERATOR_REGIMES", [], "W060"),
    ],
)
def test_what_the_clock_is_set_to_is_checked(settings: Any, name: str, value: Any, code: str) -> None:
    assert check_settings(None) == []

    setattr(settings, name, value)

    assert [message.id for message in check_settings(None)] == [f"privacycenter.{code}"]
