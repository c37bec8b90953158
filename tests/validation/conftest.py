"""Shared fixtures of the validation tests."""

from __future__ import annotations

import pytest

from validation.authentication import refusals


@pytest.fixture(autouse=True)
def nothing_refused_yet() -> None:
    """Let no earlier test's refusals keep this one's out of the log."""
    refusals.forget()
