"""System checks of settings that work, and that are rarely meant."""

from __future__ import annotations

from pytest_django import Settings

from config.checks import check_settings


def ids() -> list[str | None]:
    return [message.id for message in check_settings()]


def test_accepts_defaults(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    assert ids() == []


def test_warns_of_any_host(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost", "*"]
    assert ids() == ["config.W001"]


def test_warns_of_short_metrics_token(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.METRICS = settings.METRICS | {"TOKEN": "prometheus"}
    assert ids() == ["config.W002"]
    settings.METRICS = settings.METRICS | {"TOKEN": "kZ0" * 10}
    assert ids() == []
