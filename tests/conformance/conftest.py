"""The CLI, installed once and logged in for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cloud import LocalAzure
from tests.conformance.az import Az, install


@pytest.fixture(scope="session")
def installed() -> None:
    """The CLI, in its own environment."""
    install()


@pytest.fixture
def az(installed: None, local_azure: LocalAzure, tmp_path: Path) -> Az:
    """The CLI, logged in to a fresh Local Azure."""
    return Az(local_azure, tmp_path / "az")
