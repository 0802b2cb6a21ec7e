"""Everything that changes state in this room, verb by verb."""

from __future__ import annotations

from accounts.domain.clearing import clear_lapsed
from accounts.domain.closing import close_account
from accounts.domain.codes import (
    issue_code,
    note_unconfirmed_code,
    send_step_up_code,
    send_verification_code,
    tell_already_registered,
    use_code,
)
from accounts.domain.credentials import (
    change_password,
    freeze_account,
    freeze_by_link,
    note_credential_change,
    unfreeze_account,
)
from accounts.domain.emails import confirm_address, remove_address
from accounts.domain.erasing import end_sessions, erasure_obstacle
from accounts.domain.events import note_security_event
from accounts.domain.federated import Received, issuer_of, keep_received, link_provider, note_unlinked
from accounts.domain.photos import remove_photo, set_photo
from accounts.domain.profile import Profile, change_profile, replace_phone
from accounts.domain.questions import answer_question, question_of_link, set_answers
from accounts.domain.registration import discard_registration, discard_unconfirmed, register_account
from accounts.domain.resets import answer_reset, order_reset
from accounts.domain.staff import set_roles

__all__ = [
    "Profile",
    "Received",
    "answer_question",
    "answer_reset",
    "change_password",
    "change_profile",
    "clear_lapsed",
    "close_account",
    "confirm_address",
    "discard_registration",
    "discard_unconfirmed",
    "end_sessions",
    "erasure_obstacle",
    "freeze_account",
    "freeze_by_link",
    "issue_code",
    "issuer_of",
    "keep_received",
    "link_provider",
    "note_credential_change",
    "note_security_event",
    "note_unconfirmed_code",
    "note_unlinked",
    "order_reset",
    "question_of_link",
    "register_account",
    "remove_address",
    "remove_photo",
    "replace_phone",
    "send_step_up_code",
    "send_verification_code",
    "set_answers",
    "set_photo",
    "set_roles",
    "tell_already_registered",
    "unfreeze_account",
    "use_code",
]
