"""Guests of the chat negotiate with the ticket of their page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from pytest_django import Settings

from examples.chat import guests
from examples.chat.hubs import chat
from upstreams.receiver.testing import Recorder, installed_hubs
from upstreams.sender.context import using


@pytest.fixture(autouse=True)
def _mounted(settings: Settings) -> Iterator[None]:
    settings.ROOT_URLCONF = "examples.chat.urls"
    with installed_hubs(chat), using(Recorder()):
        yield


def negotiate(bearer: str) -> Any:
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    client = Client(enforce_csrf_checks=True)
    return client.post("/negotiate/chat/negotiate", b"", content_type="text/plain", headers=headers)


@pytest.mark.parametrize("name", ["ada", "Zoë 林🎈"])
def test_ticket_negotiates(name: str) -> None:
    answer = negotiate(guests.ticket(name))
    assert answer.status_code == 200
    assert set(answer.json()) == {"url", "accessToken"}


@pytest.mark.parametrize(
    "bearer",
    ["", "ada", "\u00e9", signing.dumps("ada", salt="another"), guests.ticket("ada")[:-1]],
    ids=["none", "name", "not ascii", "other salt", "cut"],
)
def test_other_bearers_are_unauthorized(bearer: str) -> None:
    assert negotiate(bearer).status_code == 401


def test_ticket_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guests, "_SECONDS", -1)
    assert negotiate(guests.ticket("ada")).status_code == 401
