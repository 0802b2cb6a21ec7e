"""Purposes and notices at the desk: differences that read well, and what a change means for consents."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from privacycenter.datamap.differences import lines_of, parts_of
from privacycenter.datamap.models import CollectionNotice, NoticeVersion, Purpose, PurposeVersion
from privacycenter.datamap.notices import notice_for
from privacycenter.datamap.queries import versions_of
from privacycenter.datamap.versions import PURPOSE_FIELDS
from tests.factories.accounts import make_staff, signed_in

pytestmark = pytest.mark.django_db


def desk(role: str) -> Client:
    staff = make_staff(password=None)
    staff.groups.add(Group.objects.get(name=role))
    return signed_in(staff)


@pytest.fixture
def dpo() -> Client:
    return desk("Data protection officer")


def form(purpose: Purpose, **changes: Any) -> dict[str, Any]:
    values = {name: getattr(purpose, name) for name in (*PURPOSE_FIELDS, "position")}
    flags = {name: "on" for name in ("is_direct_marketing", "honours_gpc") if values.pop(name)}
    return {**values, **flags, "note": "", **changes}


def change(client: Client, purpose: Purpose, **changes: Any) -> str:
    answer = client.post(reverse("admin:datamap_purpose_change", args=[purpose.pk]), form(purpose, **changes), follow=True)
    return str(answer.content.decode())


def test_differences_are_told_word_by_word():
    assert [(part.kind, part.text) for part in parts_of("We help you soon.", "We help you at once.")] == [
        ("same", "We help you "),
        ("gone", "soon."),
        ("new", "at once."),
    ]
    assert parts_of("", "") == ()


@pytest.mark.obligation("U-01")
def test_the_history_of_a_purpose_shows_what_changed_why_and_by_whom(dpo):
    purpose = Purpose.objects.get(key="support")

    change(dpo, purpose, title="Help", legal_basis="consent", note="Said more plainly")
    page = dpo.get(reverse("admin:datamap_purpose_history", args=[purpose.pk])).content.decode()

    assert [version.version for version in versions_of("support")] == [2, 1]
    for words in (
        "Version 2",
        "Said more plainly",
        "<del>Support</del>",
        "<ins>Help</ins>",
        "<del>Contract</del>",
        "<ins>Consent</ins>",
        "As it was at first",
    ):
        assert words in page, words
    line = lines_of(list(PurposeVersion.objects.filter(key="support").order_by("-version")), PURPOSE_FIELDS)[0]
    assert [change.label for change in line.changes] == ["title", "legal basis"]


def test_what_staff_write_is_escaped_in_the_history(dpo):
    purpose = Purpose.objects.get(key="support")
    change(dpo, purpose, title="<script>x</script>")

    page = dpo.get(reverse("admin:datamap_purpose_history", args=[purpose.pk])).content.decode()

    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


@pytest.mark.parametrize(
    ("key", "changes", "is_warned"),
    [
        ("news_and_offers", {"description": "Something quite different."}, True),
        ("news_and_offers", {"legal_basis": "contract"}, True),
        ("support", {"legal_basis": "consent"}, True),
        ("support", {"description": "Something quite different."}, False),
        ("news_and_offers", {"position": 3}, False),
    ],
)
@pytest.mark.obligation("L-02")
def test_a_change_under_consents_is_warned_of(dpo, key, changes, is_warned):
    page = change(dpo, Purpose.objects.get(key=key), **changes)

    assert ("stay bound to the text that was shown then" in page) is is_warned


def test_a_legitimate_interest_without_its_note_is_said_beside_the_form(dpo):
    page = change(dpo, Purpose.objects.get(key="support"), legal_basis="legitimate_interests")

    assert "needs its balancing note" in page
    assert len(versions_of("support")) == 1


@pytest.mark.obligation("L-03")
def test_the_data_protection_officer_writes_the_words_of_a_form(dpo):
    notice = CollectionNotice.objects.get(key="requests.filing")
    url = reverse("admin:datamap_collectionnotice_change", args=[notice.pk])

    dpo.post(url, {"words": "We need it to answer you.", "note": "Shorter"})
    page = dpo.get(reverse("admin:datamap_collectionnotice_history", args=[notice.pk])).content.decode()

    assert notice_for("requests.filing").words == "We need it to answer you."
    assert NoticeVersion.objects.get(key="requests.filing", version=2).note == "Shorter"
    assert "<ins>" in page
    assert "Make a request" in dpo.get(url).content.decode()
    assert dpo.get(reverse("admin:datamap_collectionnotice_add")).status_code == 403


def test_others_at_the_desk_read_and_change_nothing():
    agent = desk("Privacy agent")
    notice = CollectionNotice.objects.get(key="requests.filing")

    assert agent.get(reverse("admin:datamap_collectionnotice_history", args=[notice.pk])).status_code == 200
    assert agent.post(reverse("admin:datamap_collectionnotice_change", args=[notice.pk]), {"words": "x"}).status_code == 403


@pytest.mark.parametrize("pk", ["999999", "x"])
def test_a_history_of_nothing_is_not_found(dpo, pk):
    assert dpo.get(f"/admin/datamap/purpose/{pk}/history/").status_code == 404
