"""A proof of identity that staff asked for, and the locks that stand in its way: what proves, and what does not."""

from __future__ import annotations

from datetime import timedelta

import pytest

from privacycenter.kernel import clock
from requests_app.behalf.documents import remove_documents, send_documents
from requests_app.behalf.standing import obstacle_of
from requests_app.domain import ask_person
from requests_app.domain.answers import go_on_without_reply, open_question, reply_to_question
from requests_app.domain.people import actor_for
from requests_app.models import ProofDocument, Question
from requests_app.queries import lock_of
from tests.factories.accounts import make_account
from tests.factories.behalf import accepted_for
from tests.factories.requests import fresh, staff_actor, worked
from tests.requests_app.behalf.test_verbs import PAPER

pytestmark = pytest.mark.django_db


def test_going_on_without_the_identity_document_proves_nothing_and_what_staff_saw_does() -> None:
    request, actor = worked(make_account(password=None)), staff_actor()
    ask_person(request, question="Who?", about="identity", wants_document=True, actor=actor)
    question = open_question(fresh(request))
    assert question is not None
    Question.objects.filter(pk=question.pk).update(reminded_at=clock.now())
    with clock.stopped_at(clock.now() + timedelta(days=60)):
        go_on_without_reply(fresh(request), actor=actor)
    assert obstacle_of(fresh(request)) == "identity"

    ask_person(fresh(request), question="Who, please?", about="identity", wants_document=True, actor=actor)
    reply_to_question(fresh(request), words="Came to the office with the passport.", channel="letter", actor=actor)
    assert obstacle_of(fresh(request)) == ""


def test_an_identity_document_that_was_removed_undecided_proves_nothing() -> None:
    request, actor = worked(make_account(password=None)), staff_actor()
    ask_person(request, question="Who?", about="identity", wants_document=True, actor=actor)
    send_documents(fresh(request), files={"identity": [PAPER]}, actor=actor_for(request.subject))
    remove_documents(ProofDocument.objects.filter(request=request), request=request, actor=actor)

    assert obstacle_of(fresh(request)) == "identity"


def test_a_lock_that_passes_does_not_hide_a_frozen_account_of_the_other() -> None:
    now, request = clock.now(), fresh(accepted_for("child"))
    child, guardian = make_account(password=None), make_account(password=None)
    type(request).objects.filter(pk=request.pk).update(subject=child.subject, filed_by=guardian.subject)
    type(child).objects.filter(pk=child.pk).update(credential_changed_at=now)
    type(child).objects.filter(pk=guardian.pk).update(frozen_at=now)

    lock = lock_of(fresh(request))

    assert lock is not None
    assert lock.until is None
