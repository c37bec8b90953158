"""Fixtures of the tests of signing keys."""

from __future__ import annotations

import pytest

from tests.validation.keys.rings import Clock, Issuer


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def issuer(clock: Clock) -> Issuer:
    return Issuer(clock, "a", "b")
