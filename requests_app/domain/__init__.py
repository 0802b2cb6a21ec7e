"""Verbs on requests: everything that changes one. Each is one transaction with its timeline and audit entry."""

from __future__ import annotations

from requests_app.domain.answers import (
    agree_to_refusal,
    ask_person,
    decide_request,
    drop_refusal,
    go_on_without_reply,
    refuse_request,
    reply_to_question,
    take_up,
)
from requests_app.domain.deadlines import extend_deadline, pause_clock, resume_clock
from requests_app.domain.desk import (
    answer_reopening,
    assign,
    collect_again,
    complete_despite_failure,
    open_personal_data,
    retry_failed,
    withhold_source,
)
from requests_app.domain.downloads import open_download
from requests_app.domain.filing import file_request
from requests_app.domain.moves import Change, move
from requests_app.domain.person import reopen_request, withdraw_request
from requests_app.domain.proof import ask_for_code, file_by_address, prove_identity
from requests_app.domain.release import expire_bundle, release_bundle, remind_of_bundle
from requests_app.domain.reviews import ask_for_review, decide_review

__all__ = [
    "Change",
    "agree_to_refusal",
    "answer_reopening",
    "ask_for_code",
    "ask_for_review",
    "ask_person",
    "assign",
    "collect_again",
    "complete_despite_failure",
    "decide_request",
    "decide_review",
    "drop_refusal",
    "expire_bundle",
    "extend_deadline",
    "file_by_address",
    "file_request",
    "go_on_without_reply",
    "move",
    "open_download",
    "open_personal_data",
    "pause_clock",
    "prove_identity",
    "refuse_request",
    "release_bundle",
    "remind_of_bundle",
    "reopen_request",
    "reply_to_question",
    "resume_clock",
    "retry_failed",
    "take_up",
    "withdraw_request",
    "withhold_source",
]
