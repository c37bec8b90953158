"""Finding hubs when the project starts, and saying what is wrong with them."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.test import override_settings
from pytest_django import Settings

from upstreams.receiver.checks import check_configuration, check_hubs
from upstreams.receiver.discovery import registry
from upstreams.receiver.errors import RegistrationError


def ids() -> set[str]:
    return {message.id or "" for message in run_checks()}


def test_the_hubs_of_an_installed_app_are_found(project: object) -> None:
    assert registry().find("chat", "messages", "echo") is not None
    assert len(list(registry())) == 4
    assert check_hubs() == []


def test_a_project_without_handlers_is_told_so() -> None:
    assert [message.id for message in check_hubs()] == ["upstreams.I001"]
    assert "upstreams.I001" in ids()


def test_two_apps_that_claim_one_event_do_not_start(project: object, settings: Settings) -> None:
    both = [*settings.INSTALLED_APPS, "tests.upstreams.clashing"]
    with pytest.raises(RegistrationError, match=r"echo and .*another_echo"):
        override_settings(INSTALLED_APPS=both).enable()


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({}, []),
        ({"BODY_BITES": 1}, ["upstreams.E001"]),
        ({"BODY_BYTES": 0}, ["upstreams.E002"]),
        ({"FLUSH_SECONDS": -1}, ["upstreams.E003"]),
    ],
)
def test_a_configuration_that_cannot_be_meant_is_an_error(
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
