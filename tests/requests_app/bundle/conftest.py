from __future__ import annotations

import pytest


@pytest.fixture
def bundles(settings, tmp_path):
    """The folder in which sealed objects lie."""
    settings.BUNDLE_STORAGE = str(tmp_path / "bundles")
    return tmp_path / "bundles"


@pytest.fixture
def key():
    return bytes(range(32))
