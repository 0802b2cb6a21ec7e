"""A model that can hold personal data and does not say so stops the start."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from privacycenter.kernel import classification
from privacycenter.kernel.checks import check_classification
from privacycenter.kernel.sources import Sensitivity
from privacycenter.subjects.models import Identifier


@pytest.fixture
def known(monkeypatch):
    copy = dict(classification._classifications)
    monkeypatch.setattr(classification, "_classifications", copy)
    return copy


def ids():
    return {message.id for message in check_classification(None) if message.obj is Identifier}


def test_every_model_is_classified():
    assert len(classification.classifications()) > 10
    assert check_classification(None) == []


def test_model_without_classification_is_an_error(known):
    del known["subjects.identifier"]

    assert ids() == {"privacycenter.E010"}


def test_column_without_classification_is_an_error(known):
    fields = dict(known["subjects.identifier"].fields)
    del fields["value"]
    del known["subjects.identifier"]
    classification.classify("subjects.Identifier", source="subjects.identifiers", fields=fields)

    assert ids() == {"privacycenter.E012"}


def test_classified_column_that_does_not_exist_is_an_error(known):
    fields = {**known["subjects.identifier"].fields, "shoe_size": Sensitivity.ORDINARY}
    del known["subjects.identifier"]
    classification.classify("subjects.Identifier", source="subjects.identifiers", fields=fields)

    assert ids() == {"privacycenter.E013"}


def test_unregistered_source_is_an_error(known):
    fields = known["subjects.identifier"].fields
    del known["subjects.identifier"]
    classification.classify("subjects.Identifier", source="nobody.knows", fields=fields)

    assert ids() == {"privacycenter.E014"}


def test_classification_without_source_or_reason_is_refused(known):
    with pytest.raises(ImproperlyConfigured, match="say why"):
        classification.classify("subjects.Other", fields={"a": None})


def test_two_classifications_of_one_model_are_refused(known):
    with pytest.raises(ImproperlyConfigured, match="twice"):
        classification.holds_nothing("subjects.Identifier", because="on second thought")
