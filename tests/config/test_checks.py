"""What is said of settings before anything starts."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from observability.checks import check_metrics


def said(settings: Settings, **metrics: Any) -> list[str | None]:
    settings.METRICS = settings.METRICS | metrics
    return [message.id for message in check_metrics()]


def test_nothing_is_said_of_the_defaults(settings: Settings) -> None:
    assert said(settings) == []


@pytest.mark.parametrize("network", ["10.0.0.1/24", "nonsense", ""])
def test_a_network_that_is_none_is_an_error(settings: Settings, network: str) -> None:
    assert said(settings, NETWORKS=["10.0.0.0/24", network]) == ["observability.E001"]


def test_figures_are_not_published_without_a_pause(settings: Settings) -> None:
    settings.SIGNALMAN_FIGURES_SECONDS = 0.0
    assert said(settings) == ["observability.E002"]


def test_a_token_that_can_be_guessed_is_warned_of(settings: Settings) -> None:
    assert said(settings, TOKEN="prometheus") == ["observability.W001"]
    assert said(settings, TOKEN="kZ0" * 10) == []
