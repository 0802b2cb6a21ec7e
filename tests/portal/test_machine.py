"""The pages for machines."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError
from django.test import Client
from django.urls import reverse

from privacycenter.kernel import clock
from privacycenter.portal import machine

MOMENT = dt.datetime(2026, 2, 3, 4, 5, tzinfo=dt.UTC)


@pytest.mark.django_db
def test_healthz_answers_without_any_query(client: Client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")
    assert "no-store" in response.headers["Cache-Control"]


@pytest.mark.django_db
def test_readyz_is_ready_when_every_part_answers(client: Client):
    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"ready": True, "failing": [], "degraded": []})


@pytest.mark.django_db
def test_readyz_names_what_fails_and_says_no_more(client: Client, monkeypatch):
    def fails() -> bool:
        raise DatabaseError("password=hunter2")

    monkeypatch.setattr(machine, "READINESS", (("database", fails), ("cache", lambda: True), ("storage", lambda: False)))

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (503, {"ready": False, "failing": ["database", "storage"], "degraded": []})
    assert b"hunter2" not in response.content


@pytest.mark.django_db
def test_a_silent_broker_slows_answers_but_pages_go_on(client: Client, monkeypatch):
    def fails() -> bool:
        raise ConnectionError

    monkeypatch.setattr(machine, "HEALTH", (("broker", fails), ("jobs", lambda: True)))

    response = client.get("/readyz")

    assert (response.status_code, response.json()) == (200, {"ready": True, "failing": [], "degraded": ["broker"]})


@pytest.mark.django_db
def test_metrics_do_not_exist_without_a_token(client: Client, settings):
    settings.METRICS_TOKEN = ""

    assert client.get("/metrics").status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic right", "right"])
def test_metrics_need_the_right_token(client: Client, settings, header):
    settings.METRICS_TOKEN = "right"

    response = client.get("/metrics", headers={"Authorization": header} if header else {})

    assert response.status_code == 401
    assert response.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.django_db
def test_metrics_are_gauges_in_the_text_format(client: Client, settings):
    settings.METRICS_TOKEN = "right"

    response = client.get("/metrics", headers={"Authorization": "Bearer right"})

    lines = response.content.decode().splitlines()
    assert response.status_code == 200
    assert 'privacycenter_ready{part="database"} 1' in lines
    assert "# TYPE privacycenter_jobs gauge" in lines


@pytest.mark.obligation("G-02")
def test_security_txt_is_fresh_and_says_whom_to_tell(client: Client, settings):
    settings.OPERATOR_CONTACT = "security@example.com"
    settings.SITE_URL = "https://privacy.example.com"
    settings.ALLOWED_HOSTS = ["*"]

    with clock.stopped_at(MOMENT):
        response = client.get("/.well-known/security.txt")

    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.content.decode() == (
        "Contact: mailto:security@example.com\n"
        "Expires: 2026-08-02T00:00:00Z\n"
        "Preferred-Languages: en\n"
        "Canonical: https://privacy.example.com/.well-known/security.txt\n"
    )


def test_password_managers_are_led_to_the_password_page(client: Client):
    response = client.get("/.well-known/change-password")

    assert (response.status_code, response.headers["Location"]) == (302, reverse("account_change_password"))
