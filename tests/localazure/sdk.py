"""SDK values for the tests of Local Azure."""

from __future__ import annotations

from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError

# The SDK annotates what only a response has as None, so its own types would refuse every test.
Client = Any


def user_assigned(*arm_ids: str) -> dict[str, Any]:
    """Return an identity of that type, as a request says it."""
    return {"type": "UserAssigned", "userAssignedIdentities": {arm_id: {} for arm_id in arm_ids}}


def code_of(refusal: pytest.ExceptionInfo[HttpResponseError]) -> str | None:
    """Return ARM's error code."""
    return refusal.value.error.code if refusal.value.error else None
