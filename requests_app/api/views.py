"""POST requests/ and GET requests/<ref>/."""

from __future__ import annotations

import json
from typing import Any

from django.db import IntegrityError, transaction
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from privacycenter.preferences.api.base import ClientView
from privacycenter.preferences.domain.api_answers import Asked as AskedBefore
from privacycenter.preferences.domain.api_answers import asked, is_same, keep_answers, known_answers
from requests_app.api.scopes import REQUESTS
from requests_app.api.serializers import FiledRequestOut, RequestIn, told
from requests_app.behalf.filing import Represented, file_for_another_by_address
from requests_app.domain import file_by_address
from requests_app.enums import Channel
from requests_app.errors import KeyReused
from requests_app.models import Request
from requests_app.rights import Asked

CALL = "requests"
KEY_LENGTH = 255


class RequestsView(ClientView):
    scope = REQUESTS

    @extend_schema(
        operation_id="requests_file",
        request=RequestIn,
        responses={201: FiledRequestOut},
        tags=["requests"],
        parameters=[
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="Of your choice, new for each request. With the same body within a week it brings the first answer and files "
                "nothing; with another body 422 `idempotency_key_reused`",
            )
        ],
    )
    def post(self, request: Any) -> Response:
        """File a request for somebody.

        The person gets a mail at the address and proves there, or by signing in, that it is theirs; until then the request belongs to
        nobody, and after 14 days it lapses. The answer is the same whether the address is known or not.

        With `represented` it is for another person: `address` is that of whoever asks. They confirm it in the same way, then send their
        proof on the page that the mail leads to, and get the answer. It takes kinds that are asked in words: access, portability,
        rectification, erasure, complaint.
        """
        given = RequestIn(data=request.data)
        given.is_valid(raise_exception=True)
        key = _key_of(request.headers.get("Idempotency-Key"))
        if not key:
            return Response(self._file(given.validated_data), status=status.HTTP_201_CREATED)
        item = asked(0, key, request.data)
        try:
            return Response(self._file_once(item, given.validated_data), status=status.HTTP_201_CREATED)
        except IntegrityError:  # the same key at the same moment: now its answer is there
            return Response(self._file_once(item, given.validated_data), status=status.HTTP_201_CREATED)

    @transaction.atomic
    def _file_once(self, item: AskedBefore, values: dict[str, Any]) -> dict[str, Any]:
        """The answer under this key: the first one, or that of filing now. Raises KeyReused for another body."""
        client = self.request.user.client_id
        before = known_answers(client, CALL, [item.key]).get(item.key)
        if before is None:
            answer = _as_sent(self._file(values))
            keep_answers(client, CALL, [(item, answer)])
            return answer
        if not is_same(before, item):
            raise KeyReused
        first: dict[str, Any] = before.answer
        return first

    def _file(self, values: dict[str, Any]) -> dict[str, Any]:
        client = self.request.user.client_id
        shared: dict[str, Any] = {
            "kind": values["kind"],
            "address": values["address"],
            "asked": Asked(values.get("words", ""), values["choices"]),
            "client": f"api:{client}",
            "channel": Channel.API,
            "filed_by_client": client,
            "country": values.get("country", ""),
            "language": values.get("language", "en"),
            "actor": self.actor,
        }
        if "represented" in values:
            proof = file_for_another_by_address(**shared, represented=Represented(**values["represented"]))
        else:
            proof = file_by_address(**shared)
        return told(proof.request)


def _key_of(header: str | None) -> str:
    """The key of the header, with or without the quotes of a structured field; empty where there is none."""
    if header is None:
        return ""
    key = header.strip().removeprefix('"').removesuffix('"')
    if not key or len(key) > KEY_LENGTH or not (key.isascii() and key.isprintable()):
        problem = serializers.ErrorDetail("Give a key of 1 to 255 printable ASCII characters.", code="idempotency_key")
        raise serializers.ValidationError({"Idempotency-Key": problem})
    return key


def _as_sent(answer: dict[str, Any]) -> dict[str, Any]:
    """An answer as it is sent, which is how it is kept."""
    sent: dict[str, Any] = json.loads(JSONRenderer().render(answer))
    return sent


class RequestView(ClientView):
    scope = REQUESTS

    @extend_schema(operation_id="requests_status", responses=FiledRequestOut, tags=["requests"])
    def get(self, request: Any, ref: str) -> Response:
        """Where a request stands that this client has filed. Others don't exist for it."""
        found = Request.objects.filter(ref=ref, filed_by_client=request.user.client_id).first()
        if found is None:
            raise Http404
        return Response(told(found))
