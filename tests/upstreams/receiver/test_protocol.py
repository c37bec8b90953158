"""Headers: what a request is about, and who the client is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.upstreams.receiver.requests import headers, json_call, read, wire
from upstreams.receiver.errors import ProtocolError
from upstreams.receiver.protocol import read_route, redact

OPEN = b'{"type":10}'


def refused(found: dict[str, str], body: bytes = b"") -> str:
    with pytest.raises(ProtocolError) as caught:
        read(found, body or json_call())
    return caught.value.code


def test_the_route_is_in_the_headers() -> None:
    route = read_route(headers())
    assert (route.hub, route.category, route.event) == ("chat", "messages", "echo")
    assert route.connection_id == "c-1"


@pytest.mark.parametrize("name", ["HUB", "CATEGORY", "EVENT", "CONNECTION_ID"])
def test_a_missing_or_empty_header_is_refused(name: str) -> None:
    found = headers()
    assert refused({**found, f"HTTP_X_ASRS_{name}": ""}) in {"header_missing", "header_unreadable"}
    del found[f"HTTP_X_ASRS_{name}"]
    assert refused(found) == "header_missing"


@pytest.mark.parametrize("name", ["EVENT", "USER_ID", "USER_CLAIMS"])
def test_what_a_server_could_not_read_is_not_taken_for_nothing(name: str) -> None:
    assert refused({**headers(), f"HTTP_X_ASRS_{name}": ""}, json_call()) == "header_unreadable"


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (headers(category="groups"), "category_unknown"),
        (headers(category="connections", event="echo"), "event_unknown"),
        (headers(hub="h" * 129), "header_too_long"),
        (headers(event="e" * 257), "header_too_long"),
        (headers(connection_id="c" * 129), "header_too_long"),
        (headers(user_id="u" * 257), "header_too_long"),
        (headers(user_claims="c" * 100_000), "header_too_long"),
        (headers(client_query="q" * 20_000), "header_too_long"),
        (headers(hub="chat\r\nX: y"), "header_control"),
        (headers(event="echo\0"), "header_control"),
        (headers(user_id=wire("\x85é")), "header_control"),
        (headers(hub=wire("chät")), "header_not_ascii"),
        (headers(event="\xff"), "header_not_utf8"),
        (headers(user_id="\xe9"), "header_not_utf8"),
        (headers(user_claims="name: \xe9"), "header_not_utf8"),
    ],
)
def test_a_header_that_the_service_does_not_send_is_refused(
    found: dict[str, str], code: str
) -> None:
    assert refused(found) == code


def test_upper_case_reaches_the_same_category() -> None:
    request = read(headers("CONNECTIONS", "CONNECTED"), OPEN)
    assert request.category == "connections"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=99))
def test_utf8_headers_come_through(text: str) -> None:
    found = headers(event=wire(text), user_id=wire(text), user_claims=wire(f"name: {text}"))
    request = read(found, json_call(target=text))
    assert (request.event, request.user_id, request.claims_raw) == (text, text, f"name: {text}")


def test_an_anonymous_client_has_no_user_id() -> None:
    assert read(headers(), json_call()).user_id is None


@pytest.mark.parametrize(
    ("header", "pairs"),
    [
        ("k: v", [("k", "v")]),
        ("k1: v1, k2: v2", [("k1", "v1"), ("k2", "v2")]),
        ("k1: v1, k1: v2", [("k1", "v1"), ("k1", "v2")]),
        ("k1: v1, k1: v2, k2: v3", [("k1", "v1"), ("k1", "v2"), ("k2", "v3")]),
        ("name: Doe, Jane, role: user", [("name", "Doe, Jane"), ("role", "user")]),
        ("note: a: b", [("note", "a: b")]),
        ("http://schemas.example.com/name: ann", [("http://schemas.example.com/name", "ann")]),
        # Nothing is escaped: this is why a claim proves nothing where a value may have a comma.
        ("name: x, admin: true", [("name", "x"), ("admin", "true")]),
        ("lost", []),
    ],
)
def test_claims_are_told_apart_as_far_as_they_can_be(
    header: str, pairs: list[tuple[str, str]]
) -> None:
    request = read(headers(user_claims=header), json_call())
    assert list(request.claims.pairs()) == pairs
    assert request.claims_raw == header


def test_a_client_without_claims_has_none() -> None:
    request = read(headers(), json_call())
    assert (dict(request.claims), request.claims_raw) == ({}, "")


def test_the_first_of_several_claims_comes_first() -> None:
    claims = read(headers(user_claims="role: a, role: b"), json_call()).claims
    assert claims["role"] == "a"
    assert claims.all("role") == ("a", "b")
    assert claims.all("none") == ()
    assert dict(claims) == {"role": "a"}


@pytest.mark.parametrize(
    ("header", "pairs"),
    [
        ("", []),
        ("?k=v", [("k", "v")]),
        ("?k1=v1&k2=v2", [("k1", "v1"), ("k2", "v2")]),
        ("?k1=v1&k1=v2&k2=v3", [("k1", "v1"), ("k1", "v2"), ("k2", "v3")]),
        ("?k=a%20b&e=", [("k", "a b"), ("e", "")]),
    ],
)
def test_the_query_keeps_every_value(header: str, pairs: list[tuple[str, str]]) -> None:
    assert list(read(headers(client_query=header), json_call()).query.pairs()) == pairs


@pytest.mark.parametrize(
    "name", ["access_token", "Access_Token", "access%5ftoken", "%61ccess_token", "access_token%20"]
)
def test_the_clients_token_is_redacted_however_it_is_spelled(name: str) -> None:
    request = read(headers(client_query=f"?hub=chat&{name}=S3CRET&x=1"), json_call())
    assert "S3CRET" not in repr(request)
    assert request.query["x"] == "1"
    assert request.query_raw == f"?hub=chat&{name}=redacted&x=1"


@given(st.text("ace_tokn=&%5fF?"))
def test_redaction_leaves_no_token_and_all_the_rest(query: str) -> None:
    kept = redact(query + "&access_token=S3CRET&after=1")
    assert "S3CRET" not in kept
    assert kept.endswith("&after=1")
