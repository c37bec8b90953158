"""Errors in the settings are reported when the project starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from tests.upstreams.sender.conftest import use_connection_string
from upstreams.sender.system_checks import check_sender


def ids() -> list[str | None]:
    return [message.id for message in check_sender()]


def test_accepts_the_settings(settings: Settings, tmp_path: Path) -> None:
    assert ids() == []
    use_connection_string(settings, tmp_path, "Endpoint=https://a.example.com;AccessKey=key")
    assert ids() == []


def test_refuses_an_unknown_key(settings: Settings) -> None:
    settings.SENDER = {"ENDPOINT": "https://{host}"}
    assert ids() == ["upstreams.E004"]


def test_refuses_a_file_that_cannot_be_used(settings: Settings, tmp_path: Path) -> None:
    settings.SENDER = {"CONNECTION_STRINGS_FILE": str(tmp_path / "none.json")}
    assert ids() == ["upstreams.E004"]
    use_connection_string(settings, tmp_path, "no connection string")
    assert ids() == ["upstreams.E004"]


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({"RETRIES": -1}, "upstreams.E005"),
        ({"RETRY_SECONDS": -0.1}, "upstreams.E005"),
        ({"TIMEOUT_SECONDS": 0}, "upstreams.E005"),
        ({"NEGOTIATIONS_A_MINUTE": 0}, "upstreams.E006"),
    ],
)
def test_refuses_numbers_out_of_range(
    settings: Settings, changed: dict[str, Any], found: str
) -> None:
    settings.SENDER = changed
    assert ids() == [found]
