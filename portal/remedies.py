"""Where in the portal a finding is mended."""

from __future__ import annotations

from typing import Final

# The beginnings of findings' keys, or what they hold: the first that fits is taken.
_TABS: Final = (
    ("key_vault", "vaults"),
    ("function_apps", "functions"),
    ("templates", "upstream"),
    ("identity", "identity"),
    ("principal", "identity"),
    ("azure", "plan"),
    ("deliveries", "traffic"),
)


def tab_of(key: str) -> str:
    """Return the name of the instance's tab for the finding of that key; empty where none is."""
    return next((tab for part, tab in _TABS if part in key), "")
