"""Hostile tokens and requests for the receiver, each with the answer that it has to get.

Tokens are made from what Local Azure's Entra signs, so that all but the attack is right.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from localazure import seed
from tests.upstreams.receiver.conftest import RESOURCE, Tokens
from tests.upstreams.receiver.requests import JSON, MESSAGEPACK, json_call
from tests.upstreams.receiver.sockets import Header
from validation.errors import Reason, disclosed

HERE = f"/upstream/{seed.CHAT}/"
_OTHER_PRINCIPAL = "99999999-0000-4000-8000-000000000009"


def told(reason: str) -> str:
    """Return the code that the caller of a token that is refused for `reason` sees."""
    return disclosed(Reason(reason)).value


class Attack(NamedTuple):
    """A request, and the status and code that it has to be refused with."""

    name: str
    status: int
    code: str
    headers: list[Header]
    body: bytes = json_call(["hi"])
    path: str = HERE
    length: int | None = None


def hostile_tokens(token: Tokens) -> Iterator[tuple[str, str, str]]:
    """Yield a name, the reason code, and a token."""
    yield from _forms(token())
    yield from _documents(token())
    for members in _headers():
        yield _named("header", members[0]), members[1], token(header=members[0])
    for claims, reason in _claims():
        yield _named("claims", claims), reason, token(claims=claims)
    yield "unsigned", "algorithm_not_allowed", token(key="none")
    yield "unsigned, called RS256", "signature_missing", token(key="none", header={"alg": "RS256"})
    yield "HS256 with the public key", "algorithm_not_allowed", token(key="hs256-public-key")
    yield "unknown key", "key_id_unknown", token(key="unknown")
    kid = _part(token(), 0)["kid"]
    yield "another key by this key's id", "bad_signature", token(key="unknown", header={"kid": kid})
    yield "another resource", "wrong_audience", token("api://payroll")
    yield "Azure's own resource", "wrong_audience", token("https://management.azure.com/")
    yield "another instance's identity", "wrong_principal", token(principal=seed.ORDERS)
    yield "another principal of the tenant", "wrong_principal", token(principal=None)
    yield "another tenant's", "wrong_issuer", token(tenant=seed.OTHER_TENANT_ID)


def _named(kind: str, members: dict[str, Any]) -> str:
    return f"{kind} {json.dumps(members)[:60]}"


def _part(compact: str, index: int) -> dict[str, Any]:
    part = compact.split(".")[index]
    found: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=="))
    return found


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _forms(good: str) -> Iterator[tuple[str, str, str]]:
    head, body, signature = good.split(".")
    yield "a word", "not_three_parts", "word"
    yield "no signature part", "not_three_parts", f"{head}.{body}"
    yield "five parts", "not_three_parts", f"{good}.{body}.{signature}"
    yield "a thousand dots", "not_three_parts", "." * 1000
    yield "too large", "authorization_too_large", "A" * 17_000
    yield "padded", "bad_base64url", good + "="
    yield "standard base64", "bad_base64url", f"{head}.{body}.+{signature[1:]}"
    yield "latin-1 letters", "bad_base64url", f"{head}.{body}.{signature[:-1]}\xe9"
    yield "UTF-8 letters", "bad_base64url", f"{head}.{body}.{signature[:-2]}\xd0\xb5"
    yield "signature stripped", "signature_missing", f"{head}.{body}."
    yield "signature cut", "bad_signature", f"{head}.{body}.{_encoded(bytes(200))}"
    yield "signature twice", "bad_signature", f"{head}.{body}.{signature[:-2]}{signature}"
    changed = _part(good, 1) | {"oid": _OTHER_PRINCIPAL}
    exchanged = _encoded(json.dumps(changed).encode())
    yield "payload exchanged", "bad_signature", f"{head}.{exchanged}.{signature}"


def _documents(good: str) -> Iterator[tuple[str, str, str]]:
    head, body, signature = good.split(".")
    claims = json.dumps(_part(good, 1)).encode()
    for name, reason, payload in (
        ("no JSON", "bad_json", b"claims"),
        ("a byte order mark", "bad_json", b"\xef\xbb\xbf" + claims),
        ("not UTF-8", "bad_json", claims.replace(b"1.0", b"\xff")),
        ("NaN", "bad_json", claims.replace(b'"1.0"', b"NaN")),
        ("a list", "not_an_object", b"[]"),
        ("deep lists", "nested_too_deep", b"[" * 3000 + b"]" * 3000),
        ("two audiences", "duplicate_key", b'{"aud":"api://evil",' + claims[1:]),
        ("Tid beside tid", "ambiguous_name", b'{"Tid":"x",' + claims[1:]),
    ):
        yield f"payload: {name}", reason, f"{head}.{_encoded(payload)}.{signature}"
    for name, reason, header in (
        ("no JSON", "bad_json", b"{"),
        ("a list", "not_an_object", b"[]"),
        ("two algorithms", "duplicate_key", b'{"alg":"RS256","alg":"none"}'),
    ):
        yield f"header: {name}", reason, f"{_encoded(header)}.{body}.{signature}"


def _headers() -> Iterator[tuple[dict[str, Any], str]]:
    for algorithm in ("none", "NONE", "", "HS256", "RS512", "PS256", "ES256", ["RS256"], None):
        yield {"alg": algorithm}, "algorithm_not_allowed"
    for kind in ("at+jwt", "jwt", None):
        yield {"typ": kind}, "wrong_type"
    yield {"crit": ["exp"]}, "critical_header"
    yield {"b64": False, "crit": ["b64"]}, "critical_header"
    yield {"zip": "DEF"}, "unsupported_header"
    yield {"enc": "A256GCM"}, "unsupported_header"
    yield {"kid": None}, "key_id_missing"
    for kid in ("", "k" * 129, 7, "cur\nrent"):
        yield {"kid": kid}, "key_id_invalid"
    for kid in ("../../dev/null", "' OR 1=1 --", "https://evil.example/keys"):
        yield {"kid": kid}, "key_id_unknown"


def _claims() -> Iterator[tuple[dict[str, Any], str]]:
    issuer = f"https://sts.windows.net/{seed.TENANT_ID}/"
    yield {"exp": 2, "nbf": 1, "iat": 1}, "expired"
    yield {"nbf": 4_000_000_000, "iat": 4_000_000_000, "exp": 4_000_003_600}, "not_yet_valid"
    for wrong in (
        issuer[:-1],
        issuer.upper(),
        f"https://evil.example/?{issuer}",
        "http" + issuer[5:],
    ):
        yield {"iss": wrong}, "wrong_issuer"
    for name in ("iss", "tid", "aud", "oid", "exp", "nbf", "ver"):
        yield {name: None}, "missing_claim"
    for tenant in ("common", seed.OTHER_TENANT_ID):
        yield {"tid": tenant}, "wrong_tenant"
    for audience in (RESOURCE[:-1], RESOURCE.upper(), f"{RESOURCE} x", "*", ""):
        yield {"aud": audience}, "wrong_audience"
    yield {"aud": [RESOURCE, "api://evil"]}, "several_audiences"
    yield {"aud": {RESOURCE: 1}}, "wrong_claim_type"
    yield {"ver": "2.0"}, "wrong_version"
    yield {"oid": _OTHER_PRINCIPAL}, "wrong_principal"
    yield {"oid": [seed.CHAT_PRINCIPAL_ID]}, "wrong_claim_type"
    yield {"scp": "user_impersonation"}, "user_token"
    yield {"idtyp": "user"}, "user_token"
    yield {"xms_mirid": f"/subscriptions/{_OTHER_PRINCIPAL}"}, "wrong_resource"


def sent(bearer: str, *, without: str = "", **changed: str) -> list[Header]:
    """Return the service's headers for a message, changed or without one; `_` stands for `-`."""
    found = {
        "Content-Type": JSON,
        "Authorization": f"Bearer {bearer}",
        "X-ASRS-Hub": "chat",
        "X-ASRS-Category": "messages",
        "X-ASRS-Event": "echo",
        "X-ASRS-Connection-Id": "c-1",
    } | {name.replace("_", "-"): value for name, value in changed.items()}
    return [(name, value) for name, value in found.items() if name != without]


def hostile_requests(bearer: str) -> Iterator[Attack]:
    """Yield requests whose token is right, and something else is not."""
    yield from _lacking(bearer)
    yield from doubled(bearer)
    yield from _odd_headers(bearer)
    yield from _odd_bodies(bearer)
    yield from _odd_addresses(bearer)


def _lacking(bearer: str) -> Iterator[Attack]:
    for name in ("X-ASRS-Hub", "X-ASRS-Category", "X-ASRS-Event", "X-ASRS-Connection-Id"):
        yield Attack(f"no {name}", 400, "header_missing", sent(bearer, without=name))
    lacking = sent(bearer, without="Authorization")
    yield Attack("no Authorization", 401, "authorization_missing", lacking)
    yield Attack("no Content-Type", 415, "media_type", sent(bearer, without="Content-Type"))
    underscored = [*sent(bearer, without="X-ASRS-Hub"), ("X_ASRS_Hub", "chat")]
    yield Attack("X_ASRS_Hub with underscores", 400, "header_missing", underscored)


def doubled(bearer: str) -> Iterator[Attack]:
    """Servers join repeated headers with a comma; none of these may count as the first or last."""
    good = sent(bearer)
    for name, value, status, code in (
        ("Authorization", f"Bearer {bearer}", 401, "authorization_malformed"),
        ("Authorization", "Basic YTpi", 401, "authorization_malformed"),
        ("X-ASRS-Category", "connections", 400, "category_unknown"),
        ("X-ASRS-Hub", "game", 404, "no_handler"),
        ("X-ASRS-Event", "refuse", 400, "target_mismatch"),
        ("X-ASRS-Connection-Id", "c-2", 400, "header_repeated"),
    ):
        body = json_call(["hi"], id_=None)
        yield Attack(f"two of {name}: {value[:9]}", status, code, [*good, (name, value)], body)


def _odd_headers(bearer: str) -> Iterator[Attack]:
    def attack(name: str, code: str, status: int = 400, **changed: str) -> Attack:
        return Attack(name, status, code, sent(bearer, **changed), json_call(["hi"], id_=None))

    yield attack("Basic", "wrong_scheme", 401, Authorization="Basic YTpi")
    yield attack("no token", "authorization_malformed", 401, Authorization="Bearer")
    yield attack("two tokens", "authorization_malformed", 401, Authorization="Bearer a.b.c d.e.f")
    for category in ("groups", "messages,messages", "m\xe9ssages", "message"):
        yield attack(f"category {category}", _category_code(category), X_ASRS_Category=category)
    yield attack("hub of latin-1", "header_not_ascii", X_ASRS_Hub="ch\xe4t")
    yield attack("connection of UTF-8", "header_not_ascii", X_ASRS_Connection_Id="\xd0\x96")
    yield attack("event not UTF-8", "header_not_utf8", X_ASRS_Event="\xff\xfe")
    yield attack("event cut in a letter", "header_not_utf8", X_ASRS_Event="echo\xd0")
    yield attack("user not UTF-8", "header_not_utf8", X_ASRS_User_Id="\xe4nn")
    yield attack("empty user", "header_unreadable", X_ASRS_User_Id="")
    yield attack("NUL in the hub", "header_control", X_ASRS_Hub="ch\0at")
    yield attack("a control character", "header_control", X_ASRS_Event="ec\x1bho")
    yield attack("a long hub", "header_too_long", X_ASRS_Hub="h" * 129)
    yield attack("a long event", "header_too_long", X_ASRS_Event="e" * 1025)
    yield attack("a long query", "header_too_long", X_ASRS_Client_Query="?" + "q" * 16_384)
    yield attack("an invented hub", "no_handler", 404, X_ASRS_Hub="game")
    yield attack("an event of connections", "event_unknown", X_ASRS_Category="connections")
    yield attack("text", "media_type", 415, Content_Type="text/plain")
    yield attack("a form", "media_type", 415, Content_Type="application/x-www-form-urlencoded")
    yield attack("JSON called MessagePack", "body_malformed", Content_Type=MESSAGEPACK)


def _category_code(category: str) -> str:
    return "category_unknown" if category.isascii() else "header_not_ascii"


def _odd_bodies(bearer: str) -> Iterator[Attack]:
    headers = sent(bearer)
    deep = b'{"type":1,"target":"echo","arguments":' + b"[" * 3000 + b"]" * 3000 + b"}"
    for name, code, body in (
        ("nothing", "body_malformed", b""),
        ("half of it", "body_malformed", b'{"type":1'),
        ("NaN", "body_malformed", b'{"type":1,"target":"echo","arguments":[NaN]}'),
        ("not UTF-8", "body_malformed", b'{"type":1,"target":"\xff","arguments":[]}'),
        ("two values", "body_malformed", json_call(["hi"]) * 2),
        ("another target", "target_mismatch", json_call(["hi"], target="refuse")),
        ("deep lists", "body_malformed", deep),
    ):
        yield Attack(f"body: {name}", 400, code, headers, body)
    fitting = json_call(["hi"])
    yield Attack("body: too large", 413, "body_too_large", headers, fitting, length=2_000_000)
    packed = sent(bearer, Content_Type=MESSAGEPACK)
    for name, code, body in (
        ("nothing", "body_malformed", b""),
        ("cut", "body_malformed", b"\x95\x01"),
        ("a map", "body_field", b"\x81\xa1a\x01"),
    ):
        yield Attack(f"MessagePack: {name}", 400, code, packed, body)


def _odd_addresses(bearer: str) -> Iterator[Attack]:
    headers = sent(bearer)
    for path in ("/upstream/unknown/", "/upstream/%2e%2e/", "/upstream/%ff/"):
        yield Attack(f"path {path}", 404, "unknown_instance", headers, path=path)
    # Not the receiver's at all.
    yield Attack("an escaped slash", 404, "", headers, path=f"/upstream/%2F{seed.CHAT}/")
    other = f"/upstream/{seed.ORDERS}/"
    yield Attack("another instance's address", 401, "claims_mismatch", headers, path=other)
