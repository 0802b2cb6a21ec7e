"""Verbs on requests: everything that changes one. Each is one transaction with its timeline and audit entry."""

from __future__ import annotations

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

__all__ = [
    "Change",
    "answer_reopening",
    "ask_for_code",
    "assign",
    "collect_again",
    "complete_despite_failure",
    "expire_bundle",
    "file_by_address",
    "file_request",
    "move",
    "open_download",
    "open_personal_data",
    "prove_identity",
    "release_bundle",
    "remind_of_bundle",
    "reopen_request",
    "retry_failed",
    "withdraw_request",
    "withhold_source",
]
