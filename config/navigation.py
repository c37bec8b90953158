"""What frames every page of the portal."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def environment(_request: HttpRequest) -> list[str]:
    """Return the pill in the portal's corner: which Azure this is, and its colour."""
    name: str = settings.SIGNALMAN_AZURE_NAME
    return [name, "info" if name == "Local Azure" else "danger"]
