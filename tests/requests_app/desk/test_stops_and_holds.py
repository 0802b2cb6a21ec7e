"""The emergency stop and legal holds: who may, what they stop or keep, and how they end."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.kernel.actor import Actor
from privacycenter.kernel.sources import UnknownSource, registry
from requests_app.domain.holds import holds_on, lift_hold, place_hold
from requests_app.domain.stops import lift_stop, stop_work
from requests_app.enums import Status
from requests_app.errors import AlreadyStopped, HoldsNothing, NotAllowed, ReasonMissing, WrongDate
from requests_app.models import Step
from requests_app.roles import AGENT
from tests.factories.accounts import make_account, make_staff
from tests.factories.requests import ToldSource, bundle_of, filed, fresh, staff_actor, with_role

pytestmark = pytest.mark.django_db


def agent() -> Actor:
    return Actor.for_user(with_role(make_staff(password=None), AGENT))


def test_while_everything_is_stopped_nothing_is_read_and_afterwards_all_of_it() -> None:
    source = ToldSource()
    with registry.temporarily(source, only=True):
        stop = stop_work(reason="The disk is filling up.", actor=staff_actor())
        request = filed()
        run_until_idle()
        assert (source.exports, fresh(request).status) == (0, Status.COLLECTING)

        lift_stop(stop, actor=staff_actor())
        run_until_idle()

        assert (source.exports, fresh(request).status) == (1, Status.REVIEW)


@pytest.mark.parametrize("in_database", [True, False])
def test_one_stopped_source_waits_and_the_others_are_read(in_database: bool) -> None:
    stopped, other = ToldSource("tests.stopped", in_database=in_database), ToldSource("tests.other")
    with registry.temporarily(stopped, other, only=True):
        stop = stop_work(source_key="tests.stopped", reason="It answers with other people's data.", actor=staff_actor())
        request = filed()
        run_until_idle()
        steps = dict(Step.objects.filter(bundle=bundle_of(request)).values_list("source_key", "status"))
        assert (stopped.exports, other.exports, steps) == (0, 1, {"tests.other": "found", "tests.stopped": "pending"})

        lift_stop(stop, actor=staff_actor())
        run_until_idle()

        assert (stopped.exports, fresh(request).status) == (1, Status.REVIEW)


def test_a_stop_needs_the_right_role_a_reason_and_a_source_that_exists_and_stands_once() -> None:
    with pytest.raises(NotAllowed):
        stop_work(reason="Why not.", actor=agent())
    with pytest.raises(ReasonMissing):
        stop_work(reason="  ", actor=staff_actor())
    with pytest.raises(UnknownSource):
        stop_work(source_key="nobody.knows", reason="Why not.", actor=staff_actor())
    stop = stop_work(reason="Once.", actor=staff_actor())
    with pytest.raises(AlreadyStopped):
        stop_work(reason="Twice.", actor=staff_actor())
    with pytest.raises(NotAllowed):
        lift_stop(stop, actor=agent())
    lift_stop(stop, actor=staff_actor())
    lift_stop(stop, actor=staff_actor())

    assert list(AuditEntry.objects.filter(verb__startswith="requests.work_").values_list("verb", flat=True)) == [
        "requests.work_stopped",
        "requests.work_goes_on",
    ]


def test_a_hold_binds_a_person_a_source_or_a_person_in_a_source_and_the_longest_counts() -> None:
    ana, ben = make_account(password=None).subject, make_account(password=None).subject
    day = timezone.localdate(clock.now())
    place_hold(subject=ana, ground="A claim in court", until=day + timedelta(days=9), actor=staff_actor())
    place_hold(source_key="one", ground="A tax audit", until=day + timedelta(days=30), actor=staff_actor())
    place_hold(subject=ben, source_key="two", ground="A dispute", until=day, actor=staff_actor())

    def shown(subject):
        return {key: hold.ground for key, hold in holds_on(subject, ["one", "two"]).items()}

    assert shown(ana) == {"one": "A tax audit", "two": "A claim in court"}
    assert shown(ben) == {"one": "A tax audit", "two": "A dispute"}
    with clock.stopped_at(clock.now() + timedelta(days=10)):
        assert (shown(ana), shown(ben)) == ({"one": "A tax audit"}, {"one": "A tax audit"})


def test_a_lifted_hold_binds_nobody() -> None:
    hold = place_hold(source_key="one", ground="A tax audit", until=date(2999, 1, 1), actor=staff_actor())
    lift_hold(hold, actor=staff_actor())
    lift_hold(hold, actor=staff_actor())

    assert holds_on(None, ["one"]) == {}
    assert AuditEntry.objects.filter(verb="requests.hold_lifted").count() == 1


def test_a_hold_needs_the_right_role_a_ground_something_to_hold_and_a_day_to_come() -> None:
    day = timezone.localdate(clock.now())
    with pytest.raises(NotAllowed):
        place_hold(source_key="one", ground="A claim", until=day, actor=agent())
    with pytest.raises(ReasonMissing):
        place_hold(source_key="one", ground=" ", until=day, actor=staff_actor())
    with pytest.raises(HoldsNothing):
        place_hold(ground="A claim", until=day, actor=staff_actor())
    with pytest.raises(WrongDate):
        place_hold(source_key="one", ground="A claim", until=day - timedelta(days=1), actor=staff_actor())
