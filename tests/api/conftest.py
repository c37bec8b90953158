"""Fixtures of the API's tests."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

from accounts.roles import Role
from localazure import seed
from tests.accounts.callers import caller
from tests.cloud import LocalAzure
from tests.sync.worker import SIGNED, imported, set_desired


@pytest.fixture
def operator(local_azure: LocalAzure) -> APIClient:
    """Return an operator's client for a fleet in which one instance has pending changes."""
    set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)
    return caller(Role.OPERATOR)
