"""Headers: what a request is about, and who the client is."""

from __future__ import annotations

from urllib.parse import quote, unquote, unquote_plus

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.upstreams.receiver.requests import headers, json_call, read, wire
from upstreams.receiver.protocol.multi_values import MultiValues
from upstreams.receiver.protocol.refusals import ProtocolError
from upstreams.receiver.protocol.requests import read_route, redact

OPEN = b'{"type":10}'


def refused(found: dict[str, str], body: bytes = b"") -> str:
    with pytest.raises(ProtocolError) as caught:
        read(found, body or json_call())
    return caught.value.code


def test_reads_route_from_headers() -> None:
    route = read_route(headers())
    assert (route.hub, route.category, route.event) == ("chat", "messages", "echo")
    assert route.connection_id == "c-1"


@pytest.mark.parametrize("name", ["HUB", "CATEGORY", "EVENT", "CONNECTION_ID"])
def test_refuses_missing_or_empty_header(name: str) -> None:
    found = headers()
    assert refused({**found, f"HTTP_X_ASRS_{name}": ""}) in {"header_missing", "header_unreadable"}
    del found[f"HTTP_X_ASRS_{name}"]
    assert refused(found) == "header_missing"


@pytest.mark.parametrize("name", ["EVENT", "USER_ID", "USER_CLAIMS"])
def test_refuses_header_that_server_emptied(name: str) -> None:
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
def test_refuses_invalid_header(found: dict[str, str], code: str) -> None:
    assert refused(found) == code


def test_category_ignores_case() -> None:
    request = read(headers("CONNECTIONS", "CONNECTED"), OPEN)
    assert request.category == "connections"


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=99))
def test_decodes_utf8_headers(text: str) -> None:
    found = headers(event=wire(text), user_id=wire(text), user_claims=wire(f"name: {text}"))
    request = read(found, json_call(target=text))
    assert (request.event, request.user_id, request.claims_raw) == (text, text, f"name: {text}")


def test_anonymous_client_has_no_user_id() -> None:
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
def test_splits_claims(header: str, pairs: list[tuple[str, str]]) -> None:
    request = read(headers(user_claims=header), json_call())
    assert list(request.claims.pairs()) == pairs
    assert request.claims_raw == header


def test_client_without_claims_has_none() -> None:
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


@pytest.mark.parametrize("lead", [" ?", "\t?", " "])
def test_ignores_blank_before_query(lead: str) -> None:
    query = read(headers(client_query=f"{lead}hub=chat&k=v"), json_call()).query
    assert dict(query) == {"hub": "chat", "k": "v"}


def test_parses_largest_header_in_linear_time() -> None:
    assert len(MultiValues([("a", "v")] * 200_000).all("a")) == 200_000
    claims = read(headers(user_claims="a: b" + ", " * 8_000), json_call()).claims
    assert claims["a"] == "b" + ", " * 8_000


def test_bounds_fields_of_query() -> None:
    most = "?" + "&".join(["a="] * 1_000)
    assert len(read(headers(client_query=most), json_call()).query.all("a")) == 1_000
    assert refused(headers(client_query=f"{most}&a=")) == "header_too_long"


@pytest.mark.parametrize(
    "name",
    [
        "access_token",
        "Access_Token",
        "access%5ftoken",
        "%61ccess_token",
        "access_token%20",
        "id",
        "ID",
        "i%64",
        "+id",
    ],
)
def test_redacts_secrets_in_any_spelling(name: str) -> None:
    request = read(headers(client_query=f"?hub=chat&{name}=S3CRET&x=1"), json_call())
    assert "S3CRET" not in repr(request)
    assert request.query["x"] == "1"
    assert request.query_raw == f"?hub=chat&{name}=redacted&x=1"


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        (" ?hub=mailbox&id=S&access_token=S", " ?hub=mailbox&id=redacted&access_token=redacted"),
        ("?access_token=S?hub=chat&x=1", "?access_token=redacted&x=1"),
        ("?a=1;access_token=S", "?a=1;access_token=redacted"),
        ("??access_token=S", "??access_token=redacted"),
        ("?x#access_token=S", "?x#access_token=redacted"),
        ("?a=1, ?access_token=S", "?a=1, ?access_token=redacted"),
        ("?access_token%00=S", "?access_token%00=redacted"),
        ("?access_token[]=S", "?access_token[]=redacted"),
        ("?access_token%5B0%5D=S", "?access_token%5B0%5D=redacted"),
        ("?access%255Ftoken=S", "?access%255Ftoken=redacted"),
        ("?access%%35Ftoken=S", "?access%%35Ftoken=redacted"),
        ("?access_token%3DS&x=1", "?access_token%3Dredacted&x=1"),
        ("?access%%35Ftoken%3DS&x=1", "redacted&x=1"),
        ("?a=access%%35Ftoken=S;id=S", "?a=redacted"),
        ("?next=%2F%3Faccess_token%3DS&x=1", "?next=%2F%3Faccess_token%3Dredacted&x=1"),
        ("?next=%252F%253Fa%253D1%2526id%253DS", "?next=%252F%253Fa%253D1%2526id%253Dredacted"),
        ('?state={"access_token":"S"}', '?state={"access_token":redacted'),
        ("?" + "%25%35" * 1_000 + "=S", "redacted"),
    ],
)
def test_redacts_secret_anywhere(query: str, kept: str) -> None:
    assert redact(query) == kept


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?",
        "?hub=chat&grid=1&user-id=2&room[id]=3&valid=4&id_=5&a.id=6&idea=7&id",
        "?access_token&access_tokens=1&my_access_token=2&access=3&token=4",
        '?filter={"id":1}&q=100%25%20off&w=100%&n=%C3%A9&s=a+b&t=a;b,c#d?e',
        "?next=https%3A%2F%2Fexample.com%2F%3Froom%3D1%26user_id%3D2",
    ],
)
def test_keeps_other_fields(query: str) -> None:
    assert redact(query) == query


@given(st.text("ace_tokn=&%5fF?"))
def test_redacts_token_and_keeps_the_rest(query: str) -> None:
    kept = redact(query + "&access_token=S3CRET&after=1")
    assert "S3CRET" not in kept
    assert kept.endswith("&after=1")


# What a name or a value may be without being taken for anything else.
PLAIN = st.text("bghmox0189", max_size=6)
LEADS = st.sampled_from(
    ["", "?", "??", " ?", "x#", "a=1;", "a=1, ?", "+", "\0", "next=//h/?", "next=//h/?a=1&", "a=("]
)
TAILS = st.sampled_from(["", " ", "\0", "\0junk", "[]", "[0]", "[a]", "+", "'"])


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """Return a field that holds a secret, its characters escaped up to three times over.

    What is escaped already may be escaped again, in whole or one digit of it.
    """
    name = draw(st.sampled_from(["access_token", "Access_Token", "ACCESS_TOKEN", "id", "Id"]))
    text = f"{draw(LEADS)}{name}{draw(TAILS)}="
    for _ in range(draw(st.integers(0, 3))):
        chosen = draw(st.sets(st.integers(0, len(text) - 1), max_size=8))
        text = "".join(f"%{ord(c):02X}" if i in chosen else c for i, c in enumerate(text))
    # What separates fields does so where it is not escaped.
    return text.replace("&", "%26") + "S3CRET"


@given(st.lists(st.tuples(PLAIN, PLAIN)), spelled(), st.lists(st.tuples(PLAIN, PLAIN)))
@example([], "access%%35Ftoken%%33DS3CRET", [])
def test_redacts_every_spelling_and_keeps_the_rest(
    before: list[tuple[str, str]], secret: str, after: list[tuple[str, str]]
) -> None:
    first, last = ("&".join(f"{name}={value}" for name, value in some) for some in (before, after))
    request = read(headers(client_query=f"{first}&{secret}&{last}"), json_call())
    assert "S3CRET" not in _decoded(request.query_raw)
    assert "S3CRET" not in repr(request.query)
    assert request.query_raw.startswith(f"{first}&")
    assert request.query_raw.endswith(f"&{last}")
    assert request.query_raw.count("&") == f"{first}&{secret}&{last}".count("&")


def _decoded(text: str) -> str:
    while (once := unquote(text)) != text:
        text = once
    return text


@given(st.lists(st.tuples(PLAIN | st.text("% é=&?;#[]"), st.text("%25 é=&?;#[]:abc")), min_size=1))
def test_keeps_query_without_secrets(fields: list[tuple[str, str]]) -> None:
    query = "?" + "&".join(f"{quote(name)}={quote(value)}" for name, value in fields)
    request = read(headers(client_query=query), json_call())
    assert request.query_raw == query
    names = {unquote_plus(quote(name)) for name, _ in fields}
    assert set(request.query) == names
