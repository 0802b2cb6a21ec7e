"""The demo runs with DEBUG; people who try it meet our own error pages all the same."""

from __future__ import annotations

import logging

import pytest
from django.core.exceptions import BadRequest, MiddlewareNotUsed, PermissionDenied
from django.http import Http404, HttpResponse
from django.test import Client, RequestFactory

from privacycenter.portal.middleware import DemoErrorPagesMiddleware

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings):
    settings.DEMO = settings.DEBUG = True


@pytest.mark.parametrize("address", ["/there/is/no/such/page/", "/dashboard/data/nonsense/", "/requests/PR-0000-0000/"])
def test_a_page_that_does_not_exist_is_our_own_in_the_demo(demo, client: Client, django_user_model, address):
    client.force_login(django_user_model.objects.create_user("anna", "anna@example.com", "correct horse battery"))

    response = client.get(address)

    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()
    assert "urlpatterns" not in response.content.decode()


def test_an_address_without_its_last_slash_still_leads_on(demo, client: Client):
    assert client.get("/accounts/login").status_code == 301


@pytest.mark.parametrize(("error", "status"), [(Http404(), 404), (BadRequest(), 400), (RuntimeError("inner words"), 500)])
def test_what_a_view_raises_is_shown_as_our_own_page(demo, caplog, error, status):
    middleware = DemoErrorPagesMiddleware(lambda request: HttpResponse())
    with caplog.at_level(logging.CRITICAL):
        response = middleware.process_exception(RequestFactory().get("/"), error)

    assert response is not None
    assert response.status_code == status
    assert "inner words" not in response.content.decode()


def test_a_refusal_is_left_to_its_own_page(demo):
    middleware = DemoErrorPagesMiddleware(lambda request: HttpResponse())

    assert middleware.process_exception(RequestFactory().get("/"), PermissionDenied()) is None


@pytest.mark.parametrize(("is_demo", "debug"), [(False, True), (True, False)])
def test_nothing_of_it_is_used_elsewhere(settings, is_demo, debug):
    settings.DEMO, settings.DEBUG = is_demo, debug

    with pytest.raises(MiddlewareNotUsed):
        DemoErrorPagesMiddleware(lambda request: HttpResponse())
