"""The first page: how the fleet stands, and what needs somebody first."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def dashboard(_request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add to the admin's index what the dashboard shows."""
    return context
