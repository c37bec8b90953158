"""A policy that could not be meant is refused when it is made."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from tests.validation.tokens import OTHER_TENANT, POLICY, PRINCIPAL, TENANT


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"tenant_id": "common"}, "GUID"),
        ({"tenant_id": ""}, "GUID"),
        ({"issuer": "https://sts.windows.net/"}, "does not belong to the tenant"),
        ({"issuer": f"https://sts.windows.net/{OTHER_TENANT}/"}, "does not belong to the tenant"),
        ({"leeway_seconds": 301}, "leeway"),
        ({"leeway_seconds": -1}, "leeway"),
    ],
)
def test_refuses_invalid_policy(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        dataclasses.replace(POLICY, **wrong)


def test_normalises_case_of_ids() -> None:
    shouted = dataclasses.replace(
        POLICY, tenant_id=TENANT.upper(), principal_ids=frozenset({PRINCIPAL.upper()})
    )
    assert shouted == POLICY


def test_ignores_empty_id() -> None:
    assert not dataclasses.replace(POLICY, client_ids=frozenset({""})).client_ids
