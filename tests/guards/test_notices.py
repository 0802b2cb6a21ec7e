"""Every form of people's pages says what it collects for, or is listed here with the reason why it need not (GDPR Art. 13(4))."""

from __future__ import annotations

import re

import pytest

from privacycenter.datamap.notices import registered
from tests.guards.tree import files, name_of

OF_STAFF_OR_PAPER = ("templates/admin/", "templates/pdf/", "templates/bundle/", "templates/mail/", "templates/datamap/")
POSTING = re.compile(r"<form\b[^>]*method=[\"']post[\"']", re.IGNORECASE)
NOTICE = re.compile(r"{%\s*collection_notice\s+\"([^\"]+)\"\s*%}")

_COMPARED = "what is typed is only compared with what we have, and not kept"
_BUTTON = "a button: nothing is typed; what it does stands beside it"
_ITSELF = "the text around it tells all of this for each service"
_STOPS = "only stops things for the address of the link; nothing is typed"
NO_NOTICE = {
    "templates/account/confirm_email_verification_code.html": _COMPARED,
    "templates/account/login.html": _COMPARED + "; what sign-in notes is told when the account is made",
    "templates/account/logout.html": _BUTTON,
    "templates/account/password_change.html": "replaces the password, of which the notice at sign-up tells",
    "templates/account/password_reset_from_key.html": "replaces the password, of which the notice at sign-up tells",
    "templates/account/password_set.html": "sets the password, of which the notice at sign-up tells",
    "templates/account/reauthenticate.html": _COMPARED,
    "templates/accounts/freeze.html": _BUTTON,
    "templates/accounts/reset_question.html": _COMPARED,
    "templates/accounts/step_up.html": _COMPARED,
    "templates/allauth/elements/provider.html": "a button of sign-up and sign-in pages; the page it leads to bears the notice",
    "templates/mfa/authenticate.html": _COMPARED,
    "templates/mfa/reauthenticate.html": _COMPARED,
    "templates/mfa/recovery_codes/generate.html": _BUTTON,
    "templates/mfa/totp/deactivate_form.html": _BUTTON,
    "templates/mfa/webauthn/authenticator_confirm_delete.html": _BUTTON,
    "templates/mfa/webauthn/edit_form.html": "renames what was named under a notice",
    "templates/portal/account_menu.html": _BUTTON,
    "templates/portal/consents.html": _BUTTON,
    "templates/portal/objections.html": _BUTTON,
    "templates/portal/sharing.html": _BUTTON,
    "templates/preferences/confirm.html": _BUTTON,
    "templates/preferences/cookies/banner.html": _ITSELF,
    "templates/preferences/cookies/page.html": _ITSELF,
    "templates/preferences/cookies/placeholder.html": _ITSELF,
    "templates/preferences/link.html": _STOPS,
    "templates/preferences/other_ways.html": _STOPS,
    "templates/preferences/receipt_form.html": "what is pasted is hashed and not kept",
    "templates/preferences/undo.html": _BUTTON,
    "templates/preferences/unsubscribe.html": _STOPS,
    "templates/requests_app/code.html": _COMPARED,
    "templates/requests_app/correcting/gathered.html": _BUTTON,
    "templates/requests_app/correcting/records.html": _BUTTON,
    "templates/requests_app/detail.html": _BUTTON,
    "templates/requests_app/entry.html": _BUTTON,
    "templates/requests_app/acted_for.html": _BUTTON,
    "templates/requests_app/fetch.html": _BUTTON,
    "templates/requests_app/list.html": _COMPARED,
    "templates/requests_app/recipient_notice.html": "another controller answers for itself; nothing of a person is typed",
    "templates/requests_app/stop.html": _BUTTON,
    "templates/requests_app/transfer/confirm.html": _BUTTON,
    "templates/requests_app/transfer/stop.html": _BUTTON,
    "templates/requests_app/withdraw.html": _BUTTON,
    "templates/usersessions/usersession_list.html": _BUTTON,
}


def _forms() -> dict[str, set[str]]:
    """Every template of people's pages with a form that posts, and the notices in it."""
    texts = {name_of(path): path.read_text(encoding="utf-8") for path in files("templates", "*.html")}
    return {
        name: set(NOTICE.findall(text)) for name, text in texts.items() if POSTING.search(text) and not name.startswith(OF_STAFF_OR_PAPER)
    }


@pytest.mark.obligation("L-03")
def test_every_form_has_its_notice_or_a_reason_for_none():
    forms = _forms()

    assert len(forms) > 30
    assert sorted(name for name, keys in forms.items() if not keys and name not in NO_NOTICE) == []
    assert sorted(name for name in NO_NOTICE if forms.get(name, {"gone"})) == [], "listed, but has a notice or no form"


@pytest.mark.obligation("L-03")
def test_every_notice_is_declared_and_every_declared_one_is_shown():
    shown = {key for path in files("templates", "*.html") for key in NOTICE.findall(path.read_text(encoding="utf-8"))}

    assert shown
    assert shown == set(registered())
