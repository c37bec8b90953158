"""The generated pages by the name of their file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

from scripts.reference import (
    api_page,
    commands_page,
    hub_page,
    metrics_page,
    reason_codes_page,
    settings_page,
)

FOLDER: Final = Path(__file__).resolve().parents[2] / "docs" / "reference"
PAGES: Final[dict[str, Callable[[], str]]] = {
    "api-endpoints.md": api_page.page,
    "commands.md": commands_page.page,
    "hub-api.md": hub_page.page,
    "metrics.md": metrics_page.page,
    "reason-codes.md": reason_codes_page.page,
    "settings.md": settings_page.page,
}
