"""Idempotency: a key that a client used before brings the first answer, not a second deed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson

from privacycenter.kernel import clock
from privacycenter.kernel.hashing import candidates, keyed_hash
from privacycenter.kernel.tokens import digest
from privacycenter.preferences import among  # noqa: F401 - registers the look-up
from privacycenter.preferences.models import ApiAnswer

CONTEXT = "preferences.api_answer"
KEPT = timedelta(days=7)


@dataclass(frozen=True)
class Asked:
    """One item with a key: where it stands in the call, its key, and what it says as canonical bytes."""

    index: int
    key: str
    content: str


def asked(index: int, key: str, item: Mapping[str, Any]) -> Asked:
    """An item of a call. Two items say the same when their JSON does, whatever the order of its names."""
    return Asked(index, digest(key), orjson.dumps(item, option=orjson.OPT_SORT_KEYS).decode())


def known_answers(client_id: str, call: str, keys: list[str]) -> dict[str, ApiAnswer]:
    """Answers that this client got for this call under these keys (as `asked` gives them). One query."""
    rows = ApiAnswer.objects.filter(client_id=client_id, call=call, key_digest__among=keys, created_at__gt=clock.now() - KEPT)
    return {row.key_digest: row for row in rows}


def is_same(answer: ApiAnswer, item: Asked) -> bool:
    """Whether the item says what was said under its key before."""
    return answer.content_digest in {hashed.digest for hashed in candidates(item.content, context=CONTEXT)}


def keep_answers(client_id: str, call: str, answers: list[tuple[Asked, dict[str, Any]]]) -> None:
    """Keep what was answered, in the transaction of the deed. Raises IntegrityError where another call was faster."""
    now = clock.now()
    ApiAnswer.objects.filter(
        client_id=client_id, call=call, key_digest__among=[item.key for item, _answer in answers], created_at__lte=now - KEPT
    ).delete()
    ApiAnswer.objects.bulk_create(
        [
            ApiAnswer(
                client_id=client_id,
                call=call,
                key_digest=item.key,
                content_digest=keyed_hash(item.content, context=CONTEXT).digest,
                answer=answer,
                created_at=now,
            )
            for item, answer in answers
        ]
    )


def clear_answers() -> int:
    """Remove answers that are older than a week; says how many."""
    return ApiAnswer.objects.filter(created_at__lte=clock.now() - KEPT).delete()[0]
