"""The receiver behind granian, the web server of production, which reads headers in its own way."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import requests

from localazure import seed
from tests.cloud import LocalAzure
from tests.config.web import serving
from tests.sync.portal import Portal, new_portal
from tests.upstreams.receiver.hostile import HERE, doubled, sent
from tests.upstreams.receiver.requests import json_call
from tests.upstreams.receiver.sockets import Reply, exchange

pytestmark = pytest.mark.slow

BODY = json_call(["hi"], id_=None)


@pytest.fixture(scope="module")
def portal(local_azure_process: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """Signalman in a folder of its own, with the built-in fleet and the sample app's hub."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_azure_process.environment.items():
            patch.setenv(name, value)
        local_azure_process.reset()
        portal = new_portal(tmp_path_factory.mktemp("granian"), seed.CHAT)
    portal.environment |= {"SIGNALMAN_APPS": "examples.chat", "SIGNALMAN_FLUSH_SECONDS": "0"}
    return portal


@pytest.fixture(scope="module")
def url(portal: Portal) -> Iterator[str]:
    """A granian of one worker."""
    with serving(portal.environment) as url:
        yield url


@pytest.fixture(scope="module")
def bearer(local_azure_process: LocalAzure, portal: Portal) -> str:
    """A token of the instance's identity."""
    order = {"principal": seed.CHAT, "resource": seed.UPSTREAM_APP_URI}
    return str(local_azure_process.post("/_local/tokens", order)["token"])


def accepted(portal: Portal) -> int:
    """Return how many deliveries were accepted so far."""
    rows = json.loads(portal.manage("deliveries", "--json").stdout)
    return sum(row["count"] for row in rows if row["outcome"] == "accepted")


def test_a_request_is_received(url: str, bearer: str) -> None:
    assert exchange(url, HERE, sent(bearer), BODY) == Reply(200, "")


def test_no_header_that_came_twice_counts_as_the_first_or_the_last(
    url: str, bearer: str, portal: Portal
) -> None:
    before = accepted(portal)
    attacks = list(doubled(bearer))
    found = {one.name: exchange(url, one.path, one.headers, one.body) for one in attacks}
    expected = {one.name: Reply(one.status, one.code) for one in attacks}
    # No template of this instance takes such a hub.
    expected["two of X-ASRS-Hub: game"] = Reply(401, "no_audience_accepted")
    assert found == expected
    assert accepted(portal) == before


@pytest.mark.parametrize("name", ["X-ASRS-User-Id", "X-ASRS-User-Claims", "X-ASRS-Event"])
def test_a_header_that_granian_cannot_read_is_refused_and_not_taken_for_none(
    url: str, bearer: str, name: str
) -> None:
    # sockets writes latin-1: the bytes of a name in UTF-8.
    value = "name: änn".encode().decode("latin-1")
    headers = [*sent(bearer, without=name), (name, value)]
    assert exchange(url, HERE, headers, BODY) == Reply(400, "header_unreadable")


def chunked(url: str, bearer: str, *chunks: bytes) -> requests.Response:
    """Send a body whose length is not said beforehand."""
    headers = dict(sent(bearer))
    return requests.post(f"{url}{HERE}", data=iter(chunks), headers=headers, timeout=30)


def test_a_body_in_chunks_is_read(url: str, bearer: str) -> None:
    body = json_call(["hi"])
    answer = chunked(url, bearer, body[:9], body[9:])
    assert answer.content == b'{"type":3,"invocationId":"0","result":"hi"}\x1e'


def test_a_body_in_too_many_chunks_is_refused(url: str, bearer: str) -> None:
    answer = chunked(url, bearer, *[b" " * 65_536] * 17)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_a_slash_in_an_event_arrives_as_one(url: str, bearer: str) -> None:
    headers = sent(bearer, X_ASRS_Event="a/b")
    body = json_call([], target="a/b", id_=None)
    assert exchange(url, f"{HERE}chat/a%2Fb", headers, body) == Reply(404, "no_handler")
