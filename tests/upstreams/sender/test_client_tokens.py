"""What a client's token may hold: whatever reaches handlers unchanged."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upstreams.receiver import Hub
from upstreams.receiver.protocol.limits import USER_ID_LENGTH
from upstreams.receiver.protocol.requests import read_request, read_route
from upstreams.receiver.testing import recorded_calls
from upstreams.sender import InvalidCall, client_tokens
from upstreams.sender.client_tokens import ClientIdentity

chat = Hub("chat")

RESERVED = ("aud", "EXP", "iss", "nonce", "sub", "nameid", "asrs.s.uid", "ASRS.x")
UNCLEAR = ("", " a", "a ", "a,b", "a: b", "a\nb", "\ud800")


@pytest.mark.parametrize("name", [*RESERVED, *UNCLEAR], ids=repr)
def test_refuses_names_of_claims(name: str) -> None:
    with recorded_calls() as recorder, pytest.raises(InvalidCall):
        chat.negotiate(user_id="ada", claims={name: "x"})
    assert recorder.clients == []


@pytest.mark.parametrize(
    "value",
    ["", "Doe, Jane", "x,admin: true", "a\r\nb: c", "a\x00", "a\x85b", " a", "a\t", 7, None],
)
def test_refuses_values_that_could_forge_claims(value: Any) -> None:
    with recorded_calls(), pytest.raises(InvalidCall) as raised:
        chat.negotiate(user_id="ada", claims={"name": ["fine", value]})
    assert "Jane" not in str(raised.value)


@pytest.mark.parametrize("user_id", ["a, role: admin", "a\nb", " ada", "x" * 257], ids=repr)
def test_refuses_user_ids_that_the_header_could_not_carry(user_id: str) -> None:
    with recorded_calls(), pytest.raises(InvalidCall):
        chat.negotiate(user_id=user_id)


@pytest.mark.parametrize("lifetime", [timedelta(0), timedelta(seconds=59), timedelta(days=-1)])
def test_refuses_lifetimes_below_a_minute(lifetime: timedelta) -> None:
    with recorded_calls(), pytest.raises(InvalidCall, match="lifetime"):
        chat.negotiate(user_id="ada", lifetime=lifetime)


def test_user_ids_are_as_long_as_the_receiver_takes() -> None:
    assert client_tokens.USER_ID_LENGTH == USER_ID_LENGTH


CLAIM_TEXT = st.text(min_size=1, max_size=30)


@given(
    CLAIM_TEXT,
    st.dictionaries(CLAIM_TEXT, CLAIM_TEXT | st.lists(CLAIM_TEXT, max_size=3), max_size=4),
)
def test_accepted_claims_reach_handlers_unchanged(
    user_id: str, given_claims: dict[str, str | list[str]]
) -> None:
    try:
        client = ClientIdentity.of(user_id, given_claims, timedelta(hours=1))
    except InvalidCall:
        return
    # As the service writes them; HTTP trims the header.
    header = ", ".join(f"{name}: {value}" for name, value in client.claims).strip(" \t")
    headers = {
        "HTTP_X_ASRS_HUB": "chat",
        "HTTP_X_ASRS_CATEGORY": "connections",
        "HTTP_X_ASRS_EVENT": "connected",
        "HTTP_X_ASRS_CONNECTION_ID": "c",
        "HTTP_X_ASRS_USER_ID": user_id.strip(" \t").encode().decode("latin-1"),
        "CONTENT_TYPE": "application/json",
    }
    if header:
        headers["HTTP_X_ASRS_USER_CLAIMS"] = header.encode().decode("latin-1")
    request = read_request(read_route(headers), headers, b"")
    assert request.user_id == user_id
    assert tuple(request.claims.pairs()) == client.claims
