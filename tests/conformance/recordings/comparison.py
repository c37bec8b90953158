"""The comparison of a recorded answer with Local Azure's: status, headers and body."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from localazure import seed
from tests.conformance.recordings.exchanges import Answer
from tests.conformance.recordings.names import GUID, HEX32, brief, form, plain, url_form

# Transport and edge headers: not the service's own, or changed by recorders.
UNCOMPARED_HEADERS = frozenset(
    {
        *("date", "connection", "transfer-encoding", "content-encoding", "content-length"),
        *("server", "vary", "x-powered-by", "x-aspnet-version", "x-rp-server-mvid"),
        # Azure Front Door and Microsoft's network.
        *("x-cache", "x-msedge-ref", "x-azure-ref", "set-cookie", "alt-svc"),
        # Microsoft Graph's data centre.
        *("x-ms-ags-diagnostic", "request-id", "client-request-id", "odata-version"),
    }
)
# Headers of which only the presence is compared: the service generates their values.
_PRESENCE_ONLY = re.compile(
    r"x-ms-(?!failure-cause).*|etag|www-authenticate-nonce|dataserviceid", re.IGNORECASE
)
# Properties that the service generates, or that describe the caller.
_GENERATED = frozenset(
    {
        *("primaryKey", "secondaryKey", "primaryConnectionString", "secondaryConnectionString"),
        *("createdBy", "lastModifiedBy", "createdByType", "lastModifiedByType", "updatedBy"),
        *("principalId", "clientId", "tenantId", "objectId", "homeTenantId", "keyId"),
        *("homeStamp", "selfLink", "deploymentId"),
        *("etag", "externalIP", "nextLink", "trace_id", "correlation_id", "timestamp"),
        *("secretText", "hint", "resourceGuid", "home", "default-hostname", "ftpUsername"),
        *("inboundIpAddress", "possibleInboundIpAddresses", "outboundIpAddresses"),
        *("possibleOutboundIpAddresses", "ftpsHostName", "customDomainVerificationId"),
        *("created", "updated", "deletedDate", "scheduledPurgeDate", "lastModifiedTimeUtc"),
    }
)
# Blobs that only their service can read, such as the backup of a secret.
_OPAQUE = re.compile(r"[A-Za-z0-9_-]{200,}")
_SUBSCRIPTION = re.compile(r"(/subscriptions/)[^/?\"\\ ]+")
_PAGE = "$skiptoken"
# Placeholders that recorders write.
_REPLACED = re.compile(
    r"REDACTED|Sanitized|\{KEY\}|2001-02-03T04:05:06Z|someone@contoso\.example", re.IGNORECASE
)
# Members by which the elements of a list are paired.
_KEYS = ("flag", "name", "id")


class Comparison:
    """Compares answers, and learns which local value stands for a recorded one.

    `base` is Local Azure's URL.
    """

    def __init__(self, base: str) -> None:
        self._base = base
        self._learned: dict[str, str] = {}

    def translated(self, text: str) -> str:
        """Return a recorded text with the local values."""
        text = _SUBSCRIPTION.sub(rf"\g<1>{seed.SUBSCRIPTION_ID}", text)
        for recorded, local in self._learned.items():
            text = text.replace(recorded, local)
        return text

    def differences(self, recorded: Answer, local: Answer) -> list[str]:
        """Return the differences as text."""
        found = []
        if recorded.status != local.status:
            found.append(f"status: Azure {_status(recorded)}, local {_status(local)}")
        found += self._headers(recorded, local)
        if bool(recorded.text.strip()) != bool(local.text.strip()):
            states = ("a body" if one.text.strip() else "none" for one in (recorded, local))
            found.append("body: Azure {}, local {}".format(*states))
        elif recorded.text.strip():
            found += self._values(recorded.document, local.document, "")
        return list(dict.fromkeys(found))

    def _headers(self, recorded: Answer, local: Answer) -> Iterator[str]:
        for name, value in recorded.headers.items():
            if name in UNCOMPARED_HEADERS:
                continue
            there = _header(name, value)
            here = _header(name, local.headers[name]) if name in local.headers else None
            if here is None:
                yield f"header {name}: Azure {there!r}, local none"
            elif there != here:
                yield f"header {name}: Azure {there!r}, local {here!r}"
        for name, value in local.headers.items():
            extra = name not in recorded.headers and name not in UNCOMPARED_HEADERS
            if extra and not name.startswith("x-ms-"):
                yield f"header {name}: Azure none, local {_header(name, value)!r}"

    def _values(self, recorded: Any, local: Any, path: str) -> Iterator[str]:
        if isinstance(recorded, dict) and isinstance(local, dict):
            yield from self._objects(recorded, local, path)
        elif isinstance(recorded, list) and isinstance(local, list):
            yield from self._lists(recorded, local, path)
        elif isinstance(recorded, str) and isinstance(local, str):
            yield from self._texts(recorded, local, path)
        elif path.rpartition(".")[2] not in _GENERATED and recorded != local:
            yield f"body {path}: Azure {brief(recorded)}, local {brief(local)}"

    def _objects(self, recorded: Any, local: Any, path: str) -> Iterator[str]:
        here = {self._key(name): name for name in local}
        for name, value in recorded.items():
            spelled = here.pop(self._key(name), None)
            label = f"{path}.{plain(name, self._base)}"
            if spelled is None:
                yield f"body {label}: Azure {brief(value)}, local none"
                continue
            if plain(name, self._base) != plain(spelled, self._base):
                yield f"body {label}: local spells {plain(spelled, self._base)!r}"
            yield from self._values(value, local[spelled], label)
        for name in here.values():
            label = f"{path}.{plain(name, self._base)}"
            yield f"body {label}: Azure none, local {brief(local[name])}"

    def _lists(self, recorded: list[Any], local: list[Any], path: str) -> Iterator[str]:
        key = next((one for one in _KEYS if _all_have([*recorded, *local], one)), None)
        pairs, rest = self._pairs(recorded, local, key)
        for one, other in pairs:
            label = f"{path}[{one[key] if key == 'flag' else ''}]"
            if other is None and one is not None:
                yield f"body {label}: Azure {brief(one)}, local none"
            else:
                yield from self._values(one, other, label)
        if rest:
            yield f"body {path}[]: Azure none, local {brief(rest[0])}"

    def _pairs(
        self, recorded: list[Any], local: list[Any], key: str | None
    ) -> tuple[list[tuple[Any, Any]], list[Any]]:
        """Return each recorded element with its local one (or None), and the local rest."""
        if key is None:
            padded = local + [None] * (len(recorded) - len(local))
            return list(zip(recorded, padded, strict=False)), local[len(recorded) :]
        rest, pairs = list(local), []
        for one in recorded:
            name = self.translated(one[key]).lower()
            exact = (other for other in rest if other[key].lower() == name)
            alike = (other for other in rest if self._key(other[key]) == self._key(one[key]))
            other = next(exact, None) or next(alike, None)
            pairs.append((one, other))
            if other is not None:
                rest.remove(other)
        return pairs, rest

    def _texts(self, recorded: str, local: str, path: str) -> Iterator[str]:
        if _REPLACED.search(recorded):
            return
        one, other = plain(recorded, self._base), plain(local, self._base)
        if path == ".nextLink":
            self._learn_page(recorded, local)
            return
        if form(recorded) and form(recorded) == form(local):
            self._learn(recorded, local)
            return
        if one == other:
            self._learn_parts(recorded, local)
            return
        if _OPAQUE.fullmatch(recorded) and _OPAQUE.fullmatch(local):
            self._learned.setdefault(recorded, local)
            return
        if path.rpartition(".")[2] not in _GENERATED:
            yield f"body {path}: Azure {brief(one)}, local {brief(other)}"

    def _learn_parts(self, recorded: str, local: str) -> None:
        for pattern in (GUID, HEX32):
            for there, here in zip(pattern.findall(recorded), pattern.findall(local), strict=False):
                self._learn(there, here)

    def _learn_page(self, recorded: str, local: str) -> None:
        """Learn which token names the next page of a list."""
        there, here = (dict(parse_qsl(urlsplit(one).query)) for one in (recorded, local))
        if _PAGE in there and _PAGE in here:
            self._learned[there[_PAGE]] = here[_PAGE]

    def _learn(self, recorded: str, local: str) -> None:
        if GUID.fullmatch(recorded) or HEX32.fullmatch(recorded):
            is_null = not recorded.strip("0-")
            if recorded.lower() != local.lower() and not is_null:
                self._learned.setdefault(recorded, local)

    def _key(self, text: str) -> str:
        return plain(text, self._base).lower()


def _status(answer: Answer) -> str:
    document = answer.document
    error = document.get("error") if isinstance(document, dict) else None
    code = error.get("code") if isinstance(error, dict) else None
    return f"{answer.status} {code}" if code else str(answer.status)


def _header(name: str, value: str) -> str:
    """Return what of a header is the same each time."""
    if name == "www-authenticate":
        return " ".join(re.findall(r"^\w+|\w+(?==)", value))
    if _PRESENCE_ONLY.fullmatch(name):
        return "..."
    if value.startswith(("http", "/subscriptions")):
        return url_form(value)
    return value.lower().replace("; ", ";").replace(", ", ",")


def _all_have(elements: list[Any], key: str) -> bool:
    return bool(elements) and all(
        isinstance(one, dict) and isinstance(one.get(key), str) for one in elements
    )
