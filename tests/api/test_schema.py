"""The schema that is committed is the one that is served, and what it says about items is what the calls take."""

from __future__ import annotations

import re

import orjson
import pytest
import yaml
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.views import APIView

from privacycenter.preferences.api.base import ClientView, PersonView
from privacycenter.preferences.api.scopes import all_scopes
from tests.api.conftest import Caller
from tests.factories.accounts import make_account, signed_in
from tests.guards.tree import ROOT

pytestmark = pytest.mark.django_db

NOT_CALLS = {"SpectacularAPIView"}  # the schema itself, which everybody may read


def views(resolver=None, prefix: str = ""):
    """Every view of the framework, with a sample of its address."""
    for entry in (resolver or get_resolver()).url_patterns:
        address = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from views(entry, address)
        elif isinstance(entry, URLPattern):
            view = getattr(entry.callback, "cls", None)
            if view is not None and issubclass(view, APIView):
                yield address, view


def test_the_committed_schema_is_the_generated_one():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    generated = OpenApiYamlRenderer().render(schema, renderer_context={}).decode()

    validate_schema(schema)
    written = (ROOT / "docs/openapi.yaml").read_text(encoding="utf-8")
    assert written == generated, "manage.py spectacular --file docs/openapi.yaml"


def test_the_schema_is_open_to_everybody_and_names_every_call():
    answer = Client().get("/api/schema/")
    schema = yaml.safe_load(answer.content)

    assert answer.status_code == 200
    assert schema["openapi"].startswith("3.1")
    served = {"/" + re.sub(r"<\w+:(\w+)>", r"{\1}", address) for address, view in views() if view.__name__ not in NOT_CALLS}
    assert set(schema["paths"]) == served
    assert len(served) >= 14


def test_every_view_of_the_api_names_a_scope_or_is_of_a_person():
    found = dict(views())

    assert found
    for address, view in found.items():
        assert address.startswith("api/"), address
        if view.__name__ in NOT_CALLS:
            continue
        assert issubclass(view, ClientView | PersonView), address
        kind = ClientView if issubclass(view, ClientView) else PersonView
        for name in ("authentication_classes", "permission_classes", "throttle_classes", "parser_classes", "renderer_classes"):
            assert getattr(view, name) == getattr(kind, name), f"{address} changes {name}"
        if kind is ClientView:
            assert view.scope in all_scopes(), address


def test_every_call_says_what_it_needs_and_that_it_may_fail():
    schema = SchemaGenerator().get_schema(request=None, public=True)

    for path, operations in schema["paths"].items():
        for operation in operations.values():
            assert operation["security"], path
            assert {"401", "403", "429"} <= set(operation["responses"]), path
            assert operation.get("description"), path


def test_no_call_takes_an_identifier_in_its_address():
    schema = SchemaGenerator().get_schema(request=None, public=True)
    parameters = {
        parameter["name"]
        for operations in schema["paths"].values()
        for each in operations.values()
        for parameter in each.get("parameters", ())
        if parameter["in"] != "header"
    }

    assert parameters <= {"cursor", "ref"}  # a reference is random and says nothing of anybody


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = ["questions", "suppressions", "checks", "links", "consents", "queries"]
FIELDS = [
    "identifier",
    "purpose",
    "topic",
    "channel",
    "recipient",
    "reason",
    "action",
    "evidence",
    "campaign",
    "kind",
    "text",
    "at",
    "history",
]
GOOD = st.sampled_from(
    [
        {"kind": "email", "value": "a@example.com"},
        {"kind": "phone", "value": "+60321234567"},
        "news_and_offers",
        "email",
        "given",
        "add",
        "choice",
    ]
)
ITEM = st.dictionaries(st.sampled_from(FIELDS), GOOD | JSON, max_size=10)
BODY = JSON | st.dictionaries(st.sampled_from(KEYS), st.lists(ITEM | JSON, max_size=4), min_size=1, max_size=2)
CALLS = ["decisions/", "suppressions/", "suppressions/check/", "unsubscribe-links/", "consents/", "consents/query/"]
OWN = ["me/", "me/preferences/", "me/delivery/", "me/partners/", "me/devices/", "me/cookies/"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(CALLS), body=BODY)
def test_no_json_makes_a_call_fail_on_our_side(caller: Caller, path, body):
    answer = caller.post(path, orjson.dumps(body))

    assert answer.status_code in {200, 400, 413, 429}, answer.content
    if answer.status_code != 200:
        assert answer["Content-Type"] == "application/problem+json"


OWN_FIELDS = [
    "language",
    "time_zone",
    "choices",
    "stop_all",
    "pause_until",
    "quiet_hours",
    "frequency",
    "partners",
    "devices",
    "services",
    "label",
]
OWN_BODY = JSON | st.dictionaries(
    st.sampled_from(OWN_FIELDS),
    JSON
    | st.sampled_from(
        [
            {"from": "22:00", "until": "07:00"},
            {"messages": 1, "days": 7},
            "2027-01-01",
            "Asia/Kuala_Lumpur",
            "",
            True,
            [{}],
        ]
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(path=st.sampled_from(OWN), body=OWN_BODY)
def test_no_json_makes_a_call_of_a_person_fail_on_our_side(person, path, body):
    answer = person.patch(f"/api/v1/{path}", orjson.dumps(body), content_type="application/json")

    assert answer.status_code in {200, 400, 413, 422, 429}, answer.content


@pytest.fixture
def person(db):
    return signed_in(make_account())
