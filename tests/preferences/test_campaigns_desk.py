"""The desk of marketing: topics, campaigns, figures, lists; and nothing about anybody's person."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import ProtectedError
from django.test import Client
from django.urls import reverse

from privacycenter.audit.models import AuditEntry
from privacycenter.jobs.domain import run_until_idle
from privacycenter.kernel import clock
from privacycenter.preferences.campaigns import figures
from privacycenter.preferences.campaigns.figures import count_topics
from privacycenter.preferences.domain.topics import is_in_use
from privacycenter.preferences.enums import CampaignState
from privacycenter.preferences.models import AddressList, Campaign, Topic
from privacycenter.preferences.roles import MARKETING, PERMISSIONS
from privacycenter.preferences.scrub.lists import shred_lists
from tests.factories.accounts import make_account, make_staff, signed_in
from tests.factories.requests import make_dpo, with_role
from tests.factories.subscribers import SCOPE, TOPIC, address_of, make_approved, make_draft, make_subscribers, opt_out_by_link, subscribe

pytestmark = pytest.mark.django_db


def make_marketing(**fields: Any) -> Any:
    """Somebody with the role of marketing."""
    return with_role(make_staff(**{"password": None, "factor": False} | fields), MARKETING)


@pytest.fixture
def marketing(settings: Any) -> Client:
    settings.DEMO = True  # staff need no second factor
    return signed_in(make_marketing(email="mia@example.org"), fresh=True)


def post(client: Client, name: str, *args: Any, **data: Any) -> Any:
    return client.post(reverse(f"admin:preferences_{name}", args=args), data, follow=True)


# --- the role ----------------------------------------------------------------------------------------------------------


@pytest.mark.obligation("D-07")
def test_marketing_sees_no_personal_data_anywhere_at_the_desk(marketing: Client) -> None:
    name, phone = "Zoltana Kovacs", "+60398765432"
    secret = make_account(username="zoltana", email="zoltana@secret.example", full_name=name, company="Zoltana Ltd", phone=phone)
    subscribe(secret.subject)
    make_approved()
    opt_out_by_link("zoltana@secret.example")
    run_until_idle()
    count_topics([])
    marks = ("zoltana", "kovacs", "+60398765432", str(secret.subject.public_id), str(secret.subject.public_id)[:8])
    dpo = signed_in(make_dpo(), fresh=True)
    # it could have leaked: others do see the person
    assert any(mark in dpo.get(reverse("admin:accounts_user_changelist")).content.decode().lower() for mark in marks)

    seen, left, refused = set(), [reverse("admin:index")], 0
    for model in admin.site._registry:
        left.append(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
        left += [f"{left[-1]}{secret.pk}/change/", f"{left[-1]}{secret.subject_id}/change/"]
    while left:
        address = left.pop()
        if address in seen:
            continue
        seen.add(address)
        answer = marketing.get(address)
        refused += answer.status_code == 403
        text = b"".join(answer.streaming_content).decode() if answer.streaming else answer.content.decode()
        assert [mark for mark in marks if mark in text.lower()] == [], address
        left += [link for link in re.findall(r'href="(/admin/[^"#]*)"', text) if "logout" not in link]

    assert refused > 10
    assert reverse("admin:preferences_topic_figures") in seen
    assert any("/campaign/" in address and "/change/" in address for address in seen)


def test_the_role_has_exactly_its_permissions() -> None:
    found = Group.objects.get(name=MARKETING).permissions.values_list("content_type__app_label", "codename")

    assert set(found) == {("preferences", codename) for codename in PERMISSIONS}


def test_others_at_the_desk_do_not_send(settings: Any) -> None:
    settings.DEMO = True
    reader = signed_in(make_staff(password=None, factor=False), fresh=True)
    campaign = make_approved()

    for name in ("pause", "stop"):
        assert post(reader, "campaign_act", campaign.pk, name).status_code == 403
    assert post(reader, "campaign_approve", make_draft().pk).status_code == 403
    assert post(reader, "campaign_test", make_draft().pk).status_code == 403
    for page in ("campaign_changelist", "topic_figures", "addresslist_upload", "addresslist_changelist"):
        assert reader.get(reverse(f"admin:preferences_{page}")).status_code == 403


# --- campaigns ---------------------------------------------------------------------------------------------------------


def test_a_campaign_goes_from_the_first_word_to_the_last_figure(marketing: Client) -> None:
    [reader] = make_subscribers(1)
    topic = Topic.objects.get(key=TOPIC)

    page = post(marketing, "campaign_add", topic=topic.key, subject="What is new", body="Hello,\n\nsee {preferences}")
    campaign = Campaign.objects.get()
    assert "List-Unsubscribe: &lt;http://localhost:8000/u/" in page.content.decode()
    assert "Send now" not in page.content.decode()
    assert "Send yourself a test of these words first" in post(marketing, "campaign_approve", campaign.pk, when="now").content.decode()
    page = post(marketing, "campaign_test", campaign.pk).content.decode()
    assert "A test is on its way" in page
    assert "Send now to about 1 person" in page
    run_until_idle()
    assert [message.to for message in mail.outbox] == [["mia@example.org"]]
    assert "It is being sent." in post(marketing, "campaign_approve", campaign.pk, when="now").content.decode()
    run_until_idle()

    watch = marketing.get(reverse("admin:preferences_campaign_change", args=[campaign.pk]))
    assert [message.to for message in mail.outbox[1:]] == [[address_of(reader)]]
    assert "Sent" in watch.content.decode()
    assert "Refresh" not in watch.headers
    assert address_of(reader) not in watch.content.decode()


def test_a_running_campaign_renews_its_page_and_can_be_paused_and_stopped(marketing: Client) -> None:
    campaign = make_approved()
    Campaign.objects.filter(pk=campaign.pk).update(state=CampaignState.SENDING)

    assert marketing.get(reverse("admin:preferences_campaign_change", args=[campaign.pk])).headers["Refresh"] == "5"
    assert "Paused. Nothing leaves" in post(marketing, "campaign_act", campaign.pk, "pause").content.decode()
    assert "the campaign has moved on" in post(marketing, "campaign_act", campaign.pk, "pause").content.decode()
    assert "Stopped." in post(marketing, "campaign_act", campaign.pk, "stop").content.decode()
    assert post(marketing, "campaign_act", campaign.pk, "explode").status_code == 404
    assert marketing.post(reverse("admin:preferences_campaign_change", args=[campaign.pk]), {"subject": "x"}).status_code == 403


def test_words_that_can_not_be_sent_are_said_beside_their_field(marketing: Client) -> None:
    topic = Topic.objects.get(key=TOPIC)

    page = post(marketing, "campaign_add", topic=topic.key, subject="x", body="Dear {name}").content.decode()

    assert "There is no placeholder {name}" in page
    assert not Campaign.objects.exists()


@pytest.mark.parametrize(
    ("start", "words"),
    [
        ({"starts_on": "2001-01-01", "starts_time": "10:00"}, "Choose a time within the next 90 days."),
        ({"starts_on": "2999-01-01", "starts_time": "10:00"}, "Choose a time within the next 90 days."),
        ({"starts_on": "2999-01-01"}, "Give the time at which it should start."),
        ({"starts_time": "10:00"}, "Give the day on which it should start."),
        ({}, "Give the day on which it should start."),
        ({"starts_on": "soon", "starts_time": "10:00"}, "Enter a valid date."),
    ],
)
def test_a_start_that_can_not_be_is_refused(marketing: Client, start: dict[str, str], words: str) -> None:
    campaign = make_draft()
    post(marketing, "campaign_test", campaign.pk)

    page = post(marketing, "campaign_approve", campaign.pk, when="later", **start).content.decode()

    assert words in page
    assert Campaign.objects.get().state == CampaignState.DRAFT


def test_a_campaign_is_approved_for_a_time(marketing: Client) -> None:
    campaign = make_draft()
    post(marketing, "campaign_test", campaign.pk)
    tomorrow = clock.now() + timedelta(days=1)

    page = post(
        marketing, "campaign_approve", campaign.pk, when="later", starts_on=f"{tomorrow:%Y-%m-%d}", starts_time="09:30"
    ).content.decode()

    assert "Scheduled." in page
    assert "Figures stand here once sending has begun." in page
    assert "<table" not in page.partition("<main")[2]
    found = Campaign.objects.get()
    assert (found.state, found.starts_at) == (CampaignState.SCHEDULED, tomorrow.replace(hour=9, minute=30, second=0, microsecond=0))


def test_with_very_many_people_the_nightly_count_is_told(marketing: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    make_subscribers(2)
    campaign = make_draft()
    monkeypatch.setattr(figures, "_MOST_COUNTED_AT_ONCE", 1)
    assert figures.audience_of(campaign) is None

    post(marketing, "campaign_test", campaign.pk)
    assert (
        "Send now to everybody who wants it"
        in marketing.get(reverse("admin:preferences_campaign_preview", args=[campaign.pk])).content.decode()
    )
    count_topics([])

    assert figures.audience_of(campaign) == (2, clock.now().date())
    page = marketing.get(reverse("admin:preferences_campaign_preview", args=[campaign.pk])).content.decode()
    assert "Send now to about 2 people" in page


def test_why_people_were_not_written_to_is_told_by_kind(marketing: Client) -> None:
    campaign = make_approved()
    Campaign.objects.filter(pk=campaign.pk).update(
        state=CampaignState.SENT, started_at=clock.now(), refused={"suppression.choice": 2, "suppression.hard_bounce": 1}
    )

    page = marketing.get(reverse("admin:preferences_campaign_change", args=[campaign.pk])).content.decode()

    assert "unsubscribed</th>" in page
    assert "address not reachable</th>" in page


def test_the_list_of_campaigns_filters_by_the_title_of_a_topic(marketing: Client) -> None:
    make_draft()

    page = marketing.get(reverse("admin:preferences_campaign_changelist"), {"topic": TOPIC}).content.decode()

    assert f">{Topic.objects.get(key=TOPIC).title}</a>" in page
    assert "Sending began" in page
    assert "1 campaign" in page
    assert "0 campaigns" in marketing.get(reverse("admin:preferences_campaign_changelist"), {"topic": "tips"}).content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_of_campaigns_takes_the_same_queries(marketing: Client, number: int, django_assert_max_num_queries: Any) -> None:
    for _ in range(number):
        make_draft()

    with django_assert_max_num_queries(14):
        assert marketing.get(reverse("admin:preferences_campaign_changelist")).status_code == 200


# --- topics ------------------------------------------------------------------------------------------------------------


def test_a_topic_is_made_renamed_and_kept_once_somebody_chose(marketing: Client) -> None:
    values = {
        "key": "tips",
        "title": "Tips",
        "description": "A tip a week.",
        "purpose": "news_and_offers",
        "channels": ["email", "push"],
        "is_active": "on",
        "position": 5,
    }
    post(marketing, "topic_add", **values)
    topic = Topic.objects.get(key="tips")
    assert topic.channels == ["email", "push"]

    post(marketing, "topic_change", topic.pk, **values | {"key": "other", "title": "Tips and tricks"})
    topic.refresh_from_db()
    assert (topic.key, topic.title) == ("tips", "Tips and tricks")
    assert AuditEntry.objects.filter(verb="preferences.topic_saved", parameters={"key": "tips"}).count() == 2

    make_subscribers(1, scope=SCOPE._replace(topic="tips"))
    assert post(marketing, "topic_delete", topic.pk, post="yes").status_code == 403
    page = post(marketing, "topic_change", topic.pk, **values | {"purpose": "surveys_and_feedback"}).content.decode()
    assert "People have chosen for this purpose already" in page
    unused = Topic.objects.get(key="offers")
    post(marketing, "topic_delete", unused.pk, post="yes")
    assert not Topic.objects.filter(key="offers").exists()


def test_a_topic_of_no_way_to_reach_people_or_of_an_essential_purpose_is_refused(marketing: Client) -> None:
    values = {"key": "tips", "title": "Tips", "description": "A tip a week.", "purpose": "service_messages", "position": 5}

    page = post(marketing, "topic_add", **values).content.decode()

    assert "Choose at least one way to reach people." in page
    assert "Select a valid choice" in page
    assert not Topic.objects.filter(key="tips").exists()


def test_figures_draw_a_line_once_there_are_two_days(marketing: Client) -> None:
    make_subscribers(3)
    with clock.stopped_at(clock.now() - timedelta(days=1)):
        count_topics([])
    assert 'class="chart"' not in marketing.get(reverse("admin:preferences_topic_figures")).content.decode()

    assert "We are counting" in post(marketing, "topic_count").content.decode()
    run_until_idle()
    page = marketing.get(reverse("admin:preferences_topic_figures")).content.decode()
    assert page.count('class="chart"') == Topic.objects.count()
    assert "style=" not in page.partition("<main")[2]


# --- lists -------------------------------------------------------------------------------------------------------------


def upload(client: Client, data: bytes, **further: Any) -> Any:
    values = {"task": "scrub", "topic": TOPIC, "channel": "email", "file": SimpleUploadedFile("list.csv", data)}
    return post(client, "addresslist_upload", **values | further)


def test_a_topic_stays_as_long_as_files_of_a_list_lie_about_it(marketing: Client, settings: Any, tmp_path: Any) -> None:
    settings.BUNDLE_STORAGE = str(tmp_path)
    upload(marketing, b"email\nnobody@example.com\n")

    assert is_in_use(Topic.objects.get(key=TOPIC))
    with pytest.raises(ProtectedError):
        Topic.objects.filter(key=TOPIC).delete()


def test_a_list_is_uploaded_checked_fetched_and_shredded(marketing: Client, settings: Any, tmp_path: Any) -> None:
    settings.BUNDLE_STORAGE = str(tmp_path)
    [reader] = make_subscribers(1)
    waiting = upload(marketing, f"email\n{address_of(reader)}\nnobody@example.com\nbroken\n".encode())
    assert waiting.headers["Refresh"] == "3"
    run_until_idle()

    found = AddressList.objects.get()
    page = marketing.get(reverse("admin:preferences_addresslist_change", args=[found.pk])).content.decode()
    assert "Line 4: no usable address" in page
    answer = marketing.post(reverse("admin:preferences_addresslist_fetch", args=[found.pk]))
    text = b"".join(answer.streaming_content).decode()
    assert text.splitlines()[1:3] == [
        f"{address_of(reader)},yes,The person agreed to this.",
        "nobody@example.com,no,The person has not agreed to this.",
    ]
    assert answer["Content-Disposition"].startswith("attachment;")
    stored = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(stored) == 2
    assert not any(b"example.com" in path.read_bytes() for path in stored)
    assert AuditEntry.objects.filter(verb="preferences.list_fetched").count() == 1

    AddressList.objects.update(uploaded_at=clock.now() - timedelta(days=1, minutes=1))
    assert "nothing to fetch" in post(marketing, "addresslist_fetch", found.pk).content.decode()
    assert (shred_lists(), shred_lists()) == (1, 0)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert AddressList.objects.get().key == ""


def test_a_list_that_can_not_be_read_says_why(marketing: Client) -> None:
    upload(marketing, b"name,town\nAda,London\n")
    run_until_idle()

    page = marketing.get(reverse("admin:preferences_addresslist_change", args=[AddressList.objects.get().pk])).content.decode()

    assert "We can&#x27;t tell which column holds the addresses." in page


def test_links_are_made_for_another_mailer(marketing: Client) -> None:
    [reader] = make_subscribers(1)
    upload(marketing, f"email\n{address_of(reader)}\n".encode(), task="links", campaign="spring")
    run_until_idle()

    answer = marketing.post(reverse("admin:preferences_addresslist_fetch", args=[AddressList.objects.get().pk]))

    row = b"".join(answer.streaming_content).decode().splitlines()[1].split(",")
    assert row[3].startswith("http://localhost:8000/u/")
    assert row[6] == "List-Unsubscribe=One-Click"


def test_a_list_is_its_uploaders_only(marketing: Client, settings: Any) -> None:
    upload(marketing, b"email\na@example.com\n")
    run_until_idle()
    colleague = signed_in(make_marketing(), fresh=True)
    found = AddressList.objects.get()

    assert colleague.get(reverse("admin:preferences_addresslist_change", args=[found.pk])).status_code == 404
    assert colleague.post(reverse("admin:preferences_addresslist_fetch", args=[found.pk])).status_code == 404


def test_what_does_not_fit_the_topic_is_said_in_the_form(marketing: Client) -> None:
    page = upload(marketing, b"email\n", task="links", channel="post").content.decode()

    assert "This topic is not offered this way." in page
    assert "Links are made for e-mail." in page
    assert not AddressList.objects.exists()
