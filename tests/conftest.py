"""Fixtures and hooks for the tests of several packages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from django.core.cache import cache
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from pytest_django import Settings

from tests.cloud import LocalAzure
from tests.rate_limited_logs import forget_lines

# No test asserts a speed, so a busy machine fails none. `make check` tries fewer examples.
hypothesis_settings.register_profile(
    "complete", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
hypothesis_settings.register_profile(
    "quick", hypothesis_settings.get_profile("complete"), max_examples=10
)
hypothesis_settings.load_profile("complete")

_SUMMARY = "summary"

# Fixtures of pytest-django that give a test the database.
_DATABASE_FIXTURES = frozenset({"db", "transactional_db", "django_db_serialized_rollback"})


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use the database or Local Azure.

    PostgreSQL runs the first and no others; `make check` leaves the second out, which wait for
    another process with each request.
    """
    for item in items:
        fixtures = getattr(item, "fixturenames", ())
        if "local_azure_process" in fixtures:
            item.add_marker("azure")
        if item.get_closest_marker("django_db") or not _DATABASE_FIXTURES.isdisjoint(fixtures):
            item.add_marker("database")


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Add a line to pytest's summary: what a worker of xdist prints is not shown."""
    return lambda line: record_property(_SUMMARY, line)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the lines of the tests that tell any."""
    reports = [each for key in ("passed", "failed") for each in terminalreporter.stats.get(key, [])]
    for report in reports:
        if report.when == "call":
            for name, line in report.user_properties:
                if name == _SUMMARY:
                    terminalreporter.write_line(str(line))


@pytest.fixture(autouse=True)
def _nothing_of_other_tests() -> None:
    """Forget shared signing keys, instance policies and rate limits before each test."""
    # Imports models, so Django has to be set up.
    from upstreams.receiver.authentication.policy_cache import policies  # noqa: PLC0415

    cache.clear()
    policies.forget()
    forget_lines()


@pytest.fixture(scope="session")
def local_azure_process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAzure]:
    """One Local Azure for the run, or for each worker of a parallel run."""
    with LocalAzure(tmp_path_factory.mktemp("localazure")) as cloud:
        yield cloud


@pytest.fixture
def local_azure(
    local_azure_process: LocalAzure, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> LocalAzure:
    """Local Azure in its initial state; environment and settings point to it."""
    local_azure_process.reset()
    for name, value in local_azure_process.environment.items():
        monkeypatch.setenv(name, value)
    settings.SIGNALMAN_ARM_ENDPOINT = local_azure_process.url
    settings.SIGNALMAN_GRAPH_ENDPOINT = local_azure_process.url
    settings.SIGNALMAN_INSTANCE_DISCOVERY = False
    settings.SIGNALMAN_AZURE_NAME = "Local Azure"
    settings.SIGNALMAN_AZURE_PORTAL = ""
    settings.SENDER = settings.SENDER | {
        "SERVICE_ENDPOINT": local_azure_process.environment["SIGNALMAN_SERVICE_ENDPOINT"]
    }
    settings.VALIDATION = settings.VALIDATION | {"AUTHORITY": local_azure_process.url}
    return local_azure_process
