"""The receiver behind granian, the web server of production, and how that reads requests."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from localazure import seed
from tests.cloud import LocalAzure
from tests.config.web import serving
from tests.sync.portal import Portal, new_portal
from tests.upstreams.receiver.conftest import RESOURCE, Tokens
from tests.upstreams.receiver.hostile import HERE, hostile_requests, hostile_tokens, sent, told
from tests.upstreams.receiver.requests import json_call, wire
from tests.upstreams.receiver.sockets import Header, Reply, exchange

pytestmark = pytest.mark.slow

BODY = json_call(["hi"], id_=None)
MISMATCH = Reply(401, "claims_mismatch")
# The instance's template matches the hub chat only, the other instance has a signed one of its own,
# and granian itself rejects control characters.
DIFFERENT = {
    "two of X-ASRS-Hub: game": Reply(401, "claims_mismatch"),
    "an invented hub": Reply(401, "claims_mismatch"),
    "another instance's address": Reply(401, "claims_mismatch"),
    "NUL in the hub": Reply(400, ""),
    "a control character": Reply(400, ""),
}


@pytest.fixture(scope="module")
def portal(local_azure_process: LocalAzure, tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """Signalman in a folder of its own, with the built-in fleet and the sample app's hub."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in local_azure_process.environment.items():
            patch.setenv(name, value)
        local_azure_process.reset()
        portal = new_portal(tmp_path_factory.mktemp("granian"), seed.CHAT)
    portal.environment |= {
        "SIGNALMAN_APPS": "examples.chat",
        "SIGNALMAN_FLUSH_SECONDS": "0",
        "SIGNALMAN_SAMPLES_A_MINUTE": "1000",
    }
    return portal


@pytest.fixture(scope="module")
def url(portal: Portal) -> Iterator[str]:
    """A granian of one worker."""
    with serving(portal.environment) as url:
        yield url


@pytest.fixture(scope="module")
def token(local_azure_process: LocalAzure, portal: Portal) -> Tokens:
    """Make a token in Local Azure: the instance's own, or with `changes` another."""

    def make(resource: str = RESOURCE, **changes: Any) -> str:
        order = {"principal": seed.CHAT, "resource": resource, **changes}
        return str(local_azure_process.post("/_local/tokens", order)["token"])

    return make


@pytest.fixture(scope="module")
def bearer(token: Tokens) -> str:
    """A token of the instance's identity."""
    return token()


def accepted(portal: Portal) -> int:
    """Return how many deliveries were accepted so far, from the database: commands are slow."""
    query = "SELECT total(count) FROM upstreams_deliverycount WHERE outcome = 'accepted'"
    with closing(sqlite3.connect(portal.database)) as database:
        (number,) = database.execute(query).fetchone()
    return int(number)


def call(url: str, bearer: str, method: str, *arguments: str, **headers: str) -> Any:
    """Return the result of a client's call. Values of headers are latin-1."""
    sent_headers = {
        name: value.encode("latin-1")
        for name, value in sent(bearer, X_ASRS_Event=wire(method), **headers)
    }
    body = json_call(list(arguments), target=method)
    answer = requests.post(f"{url}{HERE}", body, headers=sent_headers, timeout=30)
    assert answer.status_code == 200, answer.text
    return json.loads(answer.content.removesuffix(b"\x1e"))["result"]


def test_receives_request(url: str, bearer: str) -> None:
    assert exchange(url, HERE, sent(bearer), BODY) == Reply(200, "")


@pytest.mark.parametrize("user", ["änn", "Жанна", "林🎈", "Zoë: admin, x"])
def test_receives_any_user_id(url: str, bearer: str, user: str) -> None:
    headers = {"X_ASRS_User_Id": wire(user), "X_ASRS_Connection_Id": f"c-{user.encode().hex()}"}
    assert call(url, bearer, "whoami", **headers) == user


def test_receives_any_method_name(url: str, bearer: str) -> None:
    body = json_call([], target="größe", id_=None)
    headers = sent(bearer, X_ASRS_Event=wire("größe"))
    assert exchange(url, HERE, headers, body) == Reply(404, "no_handler")


def test_refuses_hostile_token_with_its_reason(url: str, token: Tokens, portal: Portal) -> None:
    before = accepted(portal)
    table = list(hostile_tokens(token))
    found = {name: exchange(url, HERE, sent(compact), BODY) for name, _, compact in table}
    # Signatures of tokens with other claims are checked now and then, for the log.
    expected = {name: {Reply(401, told(reason)), MISMATCH} for name, reason, _ in table}
    assert {name: reply for name, reply in found.items() if reply not in expected[name]} == {}
    assert sum(reply == MISMATCH for reply in found.values()) < len(found) / 2
    assert len(found) >= 60
    assert accepted(portal) == before


def test_refuses_hostile_request_with_its_reason(url: str, bearer: str, portal: Portal) -> None:
    before = accepted(portal)
    table = list(hostile_requests(bearer))
    found = {
        one.name: exchange(url, one.path, one.headers, one.body, length=one.length) for one in table
    }
    assert found == {one.name: Reply(one.status, one.code) for one in table} | DIFFERENT
    assert accepted(portal) == before


values = st.text(st.characters(min_codepoint=32, max_codepoint=255), max_size=30)
names = st.sampled_from([name for name, _ in sent("")] + ["X-ASRS-User-Id", "X-ASRS-User-Claims"])
types = st.sampled_from(["application/json; charset*=utf-8''%00", "x/y; a*=undefined''%ff"])


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    headers=st.lists(
        st.tuples(names, values) | st.tuples(st.just("Content-Type"), types), max_size=5
    ),
    has_token=st.booleans(),
    body=st.binary(max_size=60),
)
def test_no_request_causes_500(
    url: str, bearer: str, headers: list[Header], has_token: bool, body: bytes
) -> None:
    whole = sent(bearer if has_token else "a.b.c")
    assert exchange(url, HERE, [*whole, *headers], body).status < 500


def chunked(url: str, bearer: str, *chunks: bytes) -> requests.Response:
    """Send a body whose length is not said beforehand."""
    headers = dict(sent(bearer))
    return requests.post(f"{url}{HERE}", data=iter(chunks), headers=headers, timeout=30)


def test_reads_chunked_body(url: str, bearer: str) -> None:
    body = json_call(["hi"])
    answer = chunked(url, bearer, body[:9], body[9:])
    assert answer.content == b'{"type":3,"invocationId":"0","result":"hi"}\x1e'


def test_refuses_oversized_chunked_body(url: str, bearer: str) -> None:
    answer = chunked(url, bearer, *[b" " * 65_536] * 17)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_reads_large_body(url: str, bearer: str) -> None:
    text = "é" * 100_000
    assert call(url, bearer, "echo", text) == text


def test_receives_event_with_slash(url: str, bearer: str) -> None:
    headers = sent(bearer, X_ASRS_Event="a/b")
    body = json_call([], target="a/b", id_=None)
    assert exchange(url, f"{HERE}chat/a%2Fb", headers, body) == Reply(404, "no_handler")
