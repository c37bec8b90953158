"""System checks of settings that work, and that are rarely meant."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from config.system_checks import check_settings, check_variable_names


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


def test_warns_of_a_variable_that_nothing_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNALMAN_POLICY_SECOND", "1")
    monkeypatch.setenv("SIGNALMAN_TICK_SECONDS", "1")
    monkeypatch.setenv("SIGNALMAN_METRICS_TOKEN", "known")
    for name in ("SERVICE_HOST", "SERVICE_PORT_HTTP", "PORT", "PORT_80_TCP_ADDR"):
        monkeypatch.setenv(f"SIGNALMAN_RECEIVER_{name}", "of a service in Kubernetes")
    misspelt, retired = check_variable_names()
    assert "SIGNALMAN_POLICY_SECOND is not a setting" in misspelt.msg
    assert misspelt.hint == "Did you mean SIGNALMAN_POLICY_SECONDS?"
    assert "SIGNALMAN_TICK_SECONDS is not a setting" in retired.msg
    assert "CHANGELOG.md" in str(retired.hint)
