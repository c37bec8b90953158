"""Finding hubs when the project starts, and saying what is wrong with them."""

from __future__ import annotations

import subprocess

import pytest
from django.core.checks import run_checks
from pytest_django import Settings

from tests.python_process import run_python
from upstreams.receiver.hubs.discovery import registry
from upstreams.receiver.system_checks import check_configuration, check_hubs
from upstreams.receiver.testing import installed_hubs

PRINT = """
import django; django.setup()
from upstreams.receiver.hubs.discovery import registry
print(*sorted(map(str, registry())), sep="\\n")
"""


def start(apps: str) -> subprocess.CompletedProcess[str]:
    """Start a process whose project has these apps, and print its handlers."""
    return run_python(PRINT, SIGNALMAN_APPS=apps)


@pytest.mark.slow
def test_discovers_hubs_of_app_once() -> None:
    started = start("tests.upstreams.project")
    assert started.returncode == 0
    assert started.stdout.split() == [
        "chat/connections/connected",
        "chat/connections/disconnected",
        "chat/messages/echo",
        "chat/messages/refuse",
    ]


@pytest.mark.slow
def test_refuses_two_handlers_of_two_apps_for_one_event() -> None:
    started = start("tests.upstreams.project,tests.upstreams.second_app")
    assert started.returncode != 0
    assert "two handlers for Chat/messages/ECHO" in started.stderr
    assert "project.hubs.echo and tests.upstreams.second_app.hubs.another_echo" in started.stderr


def test_reports_project_without_handlers(project: object) -> None:
    assert check_hubs() == []
    with installed_hubs():
        assert [message.id for message in check_hubs()] == ["upstreams.I001"]
        assert "upstreams.I001" in {message.id for message in run_checks()}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"BODY_BITES": 1}, ["upstreams.E001"]),
        ({"BODY_BYTES": 0}, ["upstreams.E002"]),
        ({"FLUSH_SECONDS": -1}, ["upstreams.E003"]),
    ],
)
def test_reports_invalid_configuration(
    settings: Settings, values: dict[str, int], expected: list[str]
) -> None:
    settings.RECEIVER = values
    assert [message.id for message in check_configuration()] == expected


def test_labels_are_as_many_as_the_handlers(project: object) -> None:
    label = registry().label
    assert label("CHAT", "messages", "ECHO") == ("chat", "echo")
    assert label("chat", "messages", "invented") == ("chat", "")
    assert label("chat", "connections", "Connected") == ("chat", "connected")
    assert label("invented", "messages", "echo") == ("", "")
    assert label("invented", "connections", "connected") == ("", "")
