"""The account that runs a command, for the audit trail."""

from __future__ import annotations

from accounts.actor import Actor


def operator_name() -> str:
    """Return the name of the operating system's user, or its number where it has no name."""
    return Actor.of_command().name
