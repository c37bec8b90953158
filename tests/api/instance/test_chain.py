"""The chain of an instance and of one event."""

from __future__ import annotations

import pytest

from accounts.roles import Role
from diagnosis.chain.chain import chain_document
from diagnosis.chain.instance_chain import read_chain
from tests.accounts.callers import caller
from tests.portal.instances import SIGNED, observed
from upstreams.url_templates.patterns import Event

pytestmark = pytest.mark.django_db
CHAIN = "/api/v1/instances/contoso-a/chain/"


def test_returns_the_chain_of_the_instance() -> None:
    row = observed(None, SIGNED)
    answer = caller(Role.VIEWER).get(CHAIN).json()
    links = ["client", "service", "template", "token", "receiver", "handler"]
    assert [each["link"] for each in answer["links"]] == links
    assert answer["event"] is None
    assert answer == chain_document(read_chain(row))


@pytest.mark.parametrize(
    ("query", "event", "index"),
    [
        ("hub=chat&event=say", Event("chat", "messages", "say"), 0),
        (
            "hub=chat&category=connections&event=connected",
            Event("chat", "connections", "connected"),
            0,
        ),
        ("hub=game&event=say", Event("game", "messages", "say"), None),
    ],
)
def test_follows_an_event(query: str, event: Event, index: int | None) -> None:
    observed(None, SIGNED)
    answer = caller(Role.VIEWER).get(f"{CHAIN}?{query}").json()
    assert answer["event"] == event._asdict()
    assert answer["template_index"] == index


@pytest.mark.parametrize("query", ["hub=chat", "event=say", "hub=a&event=b&category=other"])
def test_refuses_incomplete_event(query: str) -> None:
    observed(None, SIGNED)
    assert caller(Role.VIEWER).get(f"{CHAIN}?{query}").status_code == 400


def test_hides_keys_in_urls() -> None:
    observed(None, SIGNED | {"urlTemplate": "https://a.example/?code=s3cret-value"})
    client = caller(Role.VIEWER)
    for query in ("", "?hub=chat&event=say"):
        assert "s3cret-value" not in client.get(f"{CHAIN}{query}").content.decode()


def test_unknown_instance_is_404() -> None:
    assert caller(Role.VIEWER).get(CHAIN).status_code == 404
