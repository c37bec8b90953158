"""Fixtures of the tests that call the receiver through its server interfaces."""

from __future__ import annotations

import pytest
from django.db import connections

from identities.models import SignalRInstance
from tests.upstreams.receiver.conftest import plant_rows


@pytest.fixture
def no_kept_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    """Close each thread's connection: a test database cannot be deleted while one is open."""
    monkeypatch.setitem(connections.settings["default"], "CONN_MAX_AGE", 0)


@pytest.fixture
def instance() -> SignalRInstance:
    """Return the instance that tokens of Local Azure are for."""
    return plant_rows()
