"""Fixtures that more than one room's tests use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache
from pytest_django import Settings

from tests.cloud import LocalAzure


@pytest.fixture(autouse=True)
def _empty_cache() -> None:
    """Shared signing keys, what is known of instances and callers' limits outlive no test."""
    cache.clear()


@pytest.fixture(scope="session")
def local_azure_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """One Local Azure for the whole run (for each worker, where tests run in parallel)."""
    with LocalAzure(tmp_path_factory.mktemp("localazure")) as cloud:
        yield cloud


@pytest.fixture
def local_azure(
    local_azure_process: LocalAzure, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> LocalAzure:
    """Local Azure as it starts, with environment and settings that point at it."""
    local_azure_process.reset()
    for name, value in local_azure_process.environment.items():
        monkeypatch.setenv(name, value)
    settings.SIGNALMAN_ARM_ENDPOINT = local_azure_process.url
    settings.SIGNALMAN_GRAPH_ENDPOINT = local_azure_process.url
    settings.SIGNALMAN_INSTANCE_DISCOVERY = False
    settings.SIGNALMAN_AZURE_NAME = "Local Azure"
    settings.SIGNALMAN_AZURE_PORTAL = ""
    settings.VALIDATION = settings.VALIDATION | {"AUTHORITY": local_azure_process.url}
    return local_azure_process
