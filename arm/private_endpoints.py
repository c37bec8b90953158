"""Private endpoint connections of a site or a vault, as Azure returned them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_approved(connection: Mapping[str, Any]) -> bool:
    """Return whether a private endpoint connection is approved, as one is that does not say."""
    state = (connection.get("properties") or {}).get("privateLinkServiceConnectionState") or {}
    return str(state.get("status") or "Approved").lower() == "approved"
