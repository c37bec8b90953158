"""Permissions of roles, evaluated by Azure's rules."""

from __future__ import annotations

import pytest

from arm.permissions import Permission

WRITE = "Microsoft.SignalRService/SignalR/write"


@pytest.mark.parametrize(
    ("permission", "is_allowed"),
    [
        (Permission(("*",)), True),
        (Permission(("*/read",)), False),
        (Permission((WRITE,)), True),
        (Permission((WRITE.upper(),)), True),
        (Permission(("Microsoft.SignalRService/*",)), True),
        (Permission(("*",), ("Microsoft.SignalRService/*/write",)), False),
        (Permission(("*",), ("Microsoft.Authorization/*/Write",)), True),
        (Permission(("Microsoft.SignalRService/SignalR",)), False),
        (Permission(("Microsoft?SignalRService/SignalR/write",)), False),
        (Permission(()), False),
    ],
)
def test_an_action_is_allowed_by_pattern_and_not_by_what_is_excluded(
    permission: Permission, is_allowed: bool
) -> None:
    assert permission.allows(WRITE) is is_allowed
