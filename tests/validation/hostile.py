"""Hostile tokens, each with the reason for which it must be refused.

Used here against the checks, and against endpoints that must refuse them.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import zlib
from collections.abc import Iterator
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding

from tests.validation.tokens import (
    AUDIENCE,
    CLIENT,
    INSTANCE,
    ISSUER,
    NOW,
    OTHER_PRINCIPAL,
    OTHER_TENANT,
    TENANT,
    base64url,
    claims,
    header,
    jwk,
    private_key,
    signed,
    token,
)

Hostile = tuple[str, str, str]

_PADDED_LENGTH: Final = 4
_NO_TIMES: Final[tuple[Any, ...]] = ("1900000000", 1.8e9, True, [NOW], {})


def hostile_tokens() -> Iterator[Hostile]:
    """Yield a name, the reason code and the token, for each attack."""
    for group in (_forms, _documents, _algorithms, _headers, _signatures, _times, _bindings):
        yield from group()


def _raw(header_bytes: bytes, payload_bytes: bytes, signature: bytes) -> str:
    return ".".join(map(base64url, (header_bytes, payload_bytes, signature)))


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()


def _with_header(**members: Any) -> str:
    return token({}, members)


def _with_payload(payload: bytes) -> str:
    return signed(_json(header()), payload)


def _forms() -> Iterator[Hostile]:
    good = token()
    head, body, signature = good.split(".")
    yield "a megabyte", "token_too_large", "A" * 1_000_000
    yield "17 KiB of claims", "token_too_large", token({"groups": "g" * 17_000})
    yield "nothing", "not_three_parts", ""
    yield "one part", "not_three_parts", head
    yield "signature and its dot stripped", "not_three_parts", f"{head}.{body}"
    yield "encrypted, five parts", "not_three_parts", f"{good}.{body}.{signature}"
    yield "a fourth part", "not_three_parts", f"{good}.{signature}"
    yield "a thousand dots", "not_three_parts", "." * 1000
    yield "a URL", "bad_base64url", "https://www.evil.example/token"
    yield "padded signature", "bad_base64url", good + "=="
    yield "padded header", "bad_base64url", f"{_padded(head)}.{body}.{signature}"
    yield "standard base64", "bad_base64url", f"{head}.{body}.{'+' + signature[1:]}"
    yield "a newline behind", "bad_base64url", good + "\n"
    yield "a tab before", "bad_base64url", "\t" + good
    yield "a NUL behind", "bad_base64url", good + "\0"
    yield "letters that look alike", "bad_base64url", good.replace("e", "\u0435", 1)
    yield "a length that base64 cannot have", "bad_base64url", f"{head}.{body}.{signature}AAA"
    yield "unused bits set", "bad_base64url", _other_spelling(good)


def _padded(part: str) -> str:
    missing = -len(part) % _PADDED_LENGTH
    return part + "=" * (missing or _PADDED_LENGTH)


def _other_spelling(compact: str) -> str:
    # 256 bytes leave four unused bits in the last character, which lenient readers ignore.
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(compact[-1])
    return compact[:-1] + alphabet[last ^ 1]


def _documents() -> Iterator[Hostile]:
    body = _json(claims())
    yield "header is no JSON", "bad_json", signed(b"{", body)
    yield "payload is no JSON", "bad_json", _with_payload(b"not json")
    yield "payload is empty", "bad_json", _with_payload(b"")
    yield "byte order mark", "bad_json", _with_payload(b"\xef\xbb\xbf" + body)
    yield "not UTF-8", "bad_json", _with_payload(body.replace(b"chat", b"ch\xffat", 1))
    yield "UTF-16", "bad_json", _with_payload(body.decode().encode("utf-16"))
    yield "lone surrogate", "bad_json", _with_payload(body.replace(b"abcdef", rb"\ud800"))
    yield "NaN", "bad_json", _with_payload(body.replace(b'"abcdef"', b"NaN"))
    yield "infinity", "bad_json", _with_payload(body.replace(b'"abcdef"', b"1e999"))
    yield (
        "number of 5,000 digits",
        "bad_json",
        _with_payload(body.replace(b'"abcdef"', b"9" * 5000)),
    )
    yield "two documents", "bad_json", _with_payload(body + b"{}")
    yield "NUL behind the document", "bad_json", _with_payload(body + b"\0")
    yield "header is a list", "not_an_object", signed(b"[]", body)
    yield "payload is a string", "not_an_object", _with_payload(b'"claims"')
    yield "payload is null", "not_an_object", _with_payload(b"null")
    yield "deep lists", "nested_too_deep", _with_payload(b"[" * 5000 + b"]" * 5000)
    yield "deep objects", "nested_too_deep", _with_payload(b'{"a":' * 900 + b"1" + b"}" * 900)
    yield "deep header", "nested_too_deep", signed(b"[" * 5000 + b"]" * 5000, body)
    yield (
        "two audiences by duplicate",
        "duplicate_key",
        _with_payload(b'{"aud": "api://evil", ' + body[1:]),
    )
    yield (
        "two algorithms by duplicate",
        "duplicate_key",
        signed(b'{"alg": "none", ' + _json(header())[1:], body),
    )
    yield "nested duplicate", "duplicate_key", token_with_raw(rb'{"a": 1, "\u0061": 2}')
    yield "Tid beside tid", "ambiguous_name", token({"Tid": OTHER_TENANT})
    yield "OID instead of oid", "ambiguous_name", token({"oid": None, "OID": OTHER_PRINCIPAL})
    yield "long s in iss", "ambiguous_name", token({"i\u017fs": "https://evil/"})
    yield "Alg beside alg", "ambiguous_name", _with_header(Alg="none")


def token_with_raw(value: bytes) -> str:
    """Return a signed token, one of whose claims is exactly this JSON."""
    return _with_payload(_json(claims()).replace(b'"abcdef"', value))


def _algorithms() -> Iterator[Hostile]:
    body = _json(claims())
    for none in ("none", "None", "NONE", "nOnE", "", " RS256", "rs256"):
        yield (
            f"algorithm {none!r}",
            "algorithm_not_allowed",
            _raw(_json(header(alg=none)), body, b""),
        )
    for value in (["RS256"], {"alg": "RS256"}, 256, True):
        yield f"algorithm {value!r}", "algorithm_not_allowed", _with_header(alg=value)
    yield "no algorithm", "algorithm_not_allowed", _with_header(alg=None)
    for name, secret in _public_key_spellings():
        yield f"HS256 with the public key as {name}", "algorithm_not_allowed", _hs256(secret)
    for other in ("HS512", "RS384", "RS512", "PS256", "ES256", "EdDSA", "RSA-OAEP", "dir"):
        yield f"algorithm {other}", "algorithm_not_allowed", _with_header(alg=other)
    yield "PS256 signed", "algorithm_not_allowed", _pss("PS256")
    yield "PS256 signed and called RS256", "bad_signature", _pss("RS256")
    yield "an elliptic curve's, called RS256", "bad_signature", _elliptic()


def _public_key_spellings() -> Iterator[tuple[str, bytes]]:
    public = private_key().public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = public.public_bytes(serialization.Encoding.PEM, form)
    yield "PEM", pem
    yield "PEM without its last newline", pem.rstrip()
    yield "DER", public.public_bytes(serialization.Encoding.DER, form)
    yield "JWK", _json(jwk())
    yield "nothing", b""


def _hs256(secret: bytes) -> str:
    part = f"{base64url(_json(header(alg='HS256')))}.{base64url(_json(claims()))}"
    return f"{part}.{base64url(hmac.digest(secret, part.encode(), hashlib.sha256))}"


def _pss(name: str) -> str:
    part = f"{base64url(_json(header(alg=name)))}.{base64url(_json(claims()))}"
    pss = padding.PSS(padding.MGF1(hashes.SHA256()), 32)
    return f"{part}.{base64url(private_key().sign(part.encode(), pss, hashes.SHA256()))}"


def _elliptic() -> str:
    part = f"{base64url(_json(header()))}.{base64url(_json(claims()))}"
    key = ec.generate_private_key(ec.SECP256R1())
    return f"{part}.{base64url(key.sign(part.encode(), ec.ECDSA(hashes.SHA256())))}"


def _headers() -> Iterator[Hostile]:
    evil = jwk("unknown")
    certificate = base64.b64encode(b"certificate").decode()
    for kind in ("at+jwt", "logout+jwt", "jwt", "JOSE", 1, None):
        yield f"type {kind!r}", "wrong_type", _with_header(typ=kind)
    yield "crit", "critical_header", _with_header(crit=["exp"])
    yield "crit that is empty", "critical_header", _with_header(crit=[])
    yield "b64 false", "critical_header", _with_header(b64=False, crit=["b64"])
    yield (
        "compressed",
        "unsupported_header",
        signed(_json(header(zip="DEF")), zlib.compress(_json(claims()))),
    )
    yield "nested", "unsupported_header", signed(_json(header(cty="JWT")), token().encode())
    yield "encrypted by header", "unsupported_header", _with_header(enc="A256GCM")
    yield "no key id", "key_id_missing", _with_header(kid=None)
    for kid in ("", "k" * 129, 7, ["current"], {"a": 1}, "cur\nrent", "\u043aey"):
        yield f"key id {str(kid)[:9]!r}", "key_id_invalid", _with_header(kid=kid)
    for kid in ("../../dev/null", "' OR 1=1 --", "https://evil.example/jwks", "CURRENT", "unknown"):
        yield f"key id {kid!r}", "key_id_unknown", token({}, {"kid": kid}, kid="unknown")
    yield "own key in jwk", "bad_signature", _forged(jwk=evil)
    yield "own key by jku", "bad_signature", _forged(jku="https://evil.example/jwks")
    yield "own key by x5u", "bad_signature", _forged(x5u="https://evil.example/cert")
    yield "own key in x5c", "bad_signature", _forged(x5c=[certificate])
    yield "own key in jwk, named", "key_id_unknown", _forged(jwk=evil, kid="unknown")
    yield "key of 1,024 bits", "key_unusable", token({}, kid="weak")
    yield "key to encrypt with", "key_unusable", token({}, kid="encryption")
    yield "key of another issuer", "key_of_another_issuer", token({}, kid="foreign")


def _forged(**members: Any) -> str:
    return token({}, {"kid": "current", **members}, kid="unknown")


def _signatures() -> Iterator[Hostile]:
    good = token()
    head, body, signature = good.split(".")
    other_signature = token({"uti": "other"}).split(".")[2]
    yield "signature stripped", "signature_missing", f"{head}.{body}."
    yield "signature of another token", "bad_signature", f"{head}.{body}.{other_signature}"
    yield "signature twice", "bad_signature", f"{head}.{body}.{_doubled(signature)}"
    yield "signature cut", "bad_signature", f"{head}.{body}.{signature[:-2]}"
    yield "signature of zeros", "bad_signature", _raw(_json(header()), _json(claims()), bytes(256))
    yield "signature with zeros before", "bad_signature", f"{head}.{body}.{_zeros(signature)}"
    changed = base64url(_json(claims(oid=OTHER_PRINCIPAL)))
    yield "payload exchanged", "bad_signature", f"{head}.{changed}.{signature}"
    yield (
        "header exchanged",
        "bad_signature",
        (f"{base64url(_json(header(x5t='other')))}.{body}.{signature}"),
    )
    yield "Graph's nonce", "bad_signature", _forged(nonce="n")


def _decoded(signature: str) -> bytes:
    return base64.urlsafe_b64decode(signature + "==")


def _doubled(signature: str) -> str:
    return base64url(_decoded(signature) * 2)


def _zeros(signature: str) -> str:
    return base64url(bytes(3) + _decoded(signature))


def _times() -> Iterator[Hostile]:
    for name in ("exp", "nbf", "iat"):
        yield f"no {name}", "missing_claim", token({name: None})
        yield f"{name} null", "missing_claim", token_with_null(name)
        for odd in _NO_TIMES:
            yield f"{name} {odd!r}", "wrong_claim_type", token({name: odd})
    yield "expired", "expired", token({"nbf": NOW - 7200, "exp": NOW - 3600})
    yield "expired a minute ago", "expired", token({"exp": NOW - 60})
    yield "valid tomorrow", "not_yet_valid", token({"nbf": NOW + 80_000})
    yield "issued tomorrow", "issued_in_the_future", token({"iat": NOW + 80_000})
    yield "negative exp", "lifetime_inverted", token({"exp": -1})
    yield "exp zero", "lifetime_inverted", token({"exp": 0})
    yield "exp before nbf", "lifetime_inverted", token({"nbf": NOW + 30, "exp": NOW + 20})
    yield "valid for ten years", "lifetime_too_long", token({"exp": NOW + 315_360_000})
    yield "valid for ever", "lifetime_too_long", token({"exp": 2**63})


def token_with_null(name: str) -> str:
    """Return a signed token, one of whose claims is null."""
    return _with_payload(_json(claims() | {name: None}))


def _bindings() -> Iterator[Hostile]:
    for issuer in _issuers():
        yield f"issuer {issuer}", "wrong_issuer", token({"iss": issuer})
    yield "issuer as a list", "wrong_claim_type", token({"iss": [ISSUER]})
    for name in ("iss", "tid", "ver", "aud", "oid", "appid"):
        yield f"no {name}", "missing_claim", token({name: None})
    for tenant in (OTHER_TENANT, TENANT.replace("-", ""), f"{{{TENANT}}}", "common", ""):
        yield f"tenant {tenant!r}", "wrong_tenant", token({"tid": tenant})
    yield (
        "another tenant whole",
        "wrong_issuer",
        token({"tid": OTHER_TENANT, "iss": ISSUER.replace(TENANT, OTHER_TENANT)}),
    )
    yield "version 2", "wrong_version", token({"ver": "2.0"})
    for audience in _audiences():
        yield f"audience {audience!r}", "wrong_audience", token({"aud": audience})
    for several in ([AUDIENCE, "api://evil"], ["api://evil", AUDIENCE], [AUDIENCE, AUDIENCE], []):
        yield f"audiences {several!r}", "several_audiences", token({"aud": several})
    for odd in ({"aud": AUDIENCE}, 7, [7], [[AUDIENCE]]):
        yield f"audience {odd!r}", "wrong_claim_type", token({"aud": odd})
    yield "a user's token", "user_token", token({"scp": "user_impersonation"})
    yield "a user's by idtyp", "user_token", token({"idtyp": "user"})
    yield "a scope that is empty", "user_token", token({"scp": ""})
    for oid in (OTHER_PRINCIPAL, CLIENT, "", "*"):
        yield f"principal {oid!r}", "wrong_principal", token({"oid": oid})
    yield "principal as a list", "wrong_claim_type", token({"oid": [OTHER_PRINCIPAL]})
    yield "another client", "wrong_client", token({"appid": OTHER_PRINCIPAL})
    yield "another instance by xms_mirid", "wrong_resource", token({"xms_mirid": INSTANCE + "2"})
    yield "another instance by xms_az_rid", "wrong_resource", token({"xms_az_rid": INSTANCE[:-1]})
    yield "resource as a list", "wrong_claim_type", token({"xms_mirid": [INSTANCE]})


def _issuers() -> tuple[str, ...]:
    return (
        ISSUER.rstrip("/"),
        ISSUER + "/",
        ISSUER.upper(),
        f"https://login.microsoftonline.com/{TENANT}/v2.0",
        f"https://sts.windows.net.evil.example/{TENANT}/",
        f"http://sts.windows.net/{TENANT}/",
        f"https://sts.windows.net/{OTHER_TENANT}/",
        f"https://evil.example/?{ISSUER}",
        f"https://sts.wind\u043ews.net/{TENANT}/",
        "",
    )


def _audiences() -> tuple[Any, ...]:
    return (
        AUDIENCE[:-1],
        AUDIENCE + "2",
        AUDIENCE + "/",
        AUDIENCE.upper(),
        f" {AUDIENCE}",
        f"{AUDIENCE} api://other",
        f"{AUDIENCE},api://other",
        "https://management.azure.com/",
        "*",
        "",
        ["api://other"],
    )
