"""Connection strings of instances, read from the operator's file, never from the database.

The file is JSON, `{"<instance>": "Endpoint=https://...;AccessKey=...;Version=1.0;"}`, with mode
600. It is read again as soon as it changes; replace it atomically, by renaming another file over
it. Sources: Microsoft's "Connection strings in Azure SignalR Service", ConnectionStringParser.cs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from upstreams.private_file import PrivateFile, PrivateFileProblem, read_json_object

# All of them mean the credential of this process, which azure-identity's variables choose.
_ENTRA_TYPES: Final = frozenset({"aad", "azure", "azure.msi"})
_OTHER_CREDENTIALS: Final = ("clientid", "clientsecret", "clientcert", "tenantid")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ENDPOINTS: Final = ("endpoint", "serverendpoint", "clientendpoint")


@dataclass(frozen=True, slots=True)
class ConnectionString:
    """The parts of a connection string; an empty access key means Microsoft Entra."""

    endpoint: str
    server_endpoint: str
    client_endpoint: str
    access_key: str = field(repr=False)


class InvalidConnectionString(ValueError):
    """The text is not a connection string. The message does not quote it."""


def parse(text: str) -> ConnectionString:
    """Return the parts of a connection string. Raises InvalidConnectionString."""
    parts: dict[str, str] = {}
    for piece in filter(None, map(str.strip, text.split(";"))):
        name, equals, value = piece.partition("=")
        key = name.strip().lower()
        if not equals or not key:
            raise InvalidConnectionString("it must consist of name=value pairs, separated by ';'.")
        if key in parts:
            raise InvalidConnectionString(f"it names {key} twice.")
        parts[key] = value.strip()
    if not parts.get("version", "1.0").startswith("1."):
        raise InvalidConnectionString("its Version is not 1.x.")
    access_key = parts.get("accesskey", "")
    _check_credential(parts, access_key)
    endpoints = {name: _endpoint(name, parts, access_key) for name in _ENDPOINTS}
    endpoint = _with_port(endpoints["endpoint"], parts.get("port", ""))
    if not endpoint:
        raise InvalidConnectionString("it has no Endpoint.")
    return ConnectionString(
        endpoint=endpoint,
        server_endpoint=endpoints["serverendpoint"] or endpoint,
        client_endpoint=endpoints["clientendpoint"] or endpoint,
        access_key=access_key,
    )


class ConnectionStrings(PrivateFile[ConnectionString]):
    """The connection strings in the file at `path`. `of` raises ImproperlyConfigured."""

    def _load(self) -> Mapping[str, ConnectionString]:
        try:
            document = read_json_object(self._path)
        except PrivateFileProblem as problem:
            raise ImproperlyConfigured(f"SIGNALMAN_CONNECTION_STRINGS_FILE: {problem}") from problem
        return {name.lower(): _parsed(name, value) for name, value in document.items()}


@cache
def connection_strings(path: str) -> ConnectionStrings:
    """Return the process's connection strings of a file."""
    return ConnectionStrings(Path(path))


def _parsed(name: str, value: object) -> ConnectionString:
    where = f"SIGNALMAN_CONNECTION_STRINGS_FILE: the connection string of {name!r}: "
    if not isinstance(value, str):
        raise ImproperlyConfigured(f"{where}it is not a string.")
    try:
        return parse(value)
    except InvalidConnectionString as error:
        raise ImproperlyConfigured(f"{where}{error}") from error


def _check_credential(parts: Mapping[str, str], access_key: str) -> None:
    kind = parts.get("authtype", "").lower()
    others = [name for name in _OTHER_CREDENTIALS if parts.get(name)]
    if not access_key and kind not in _ENTRA_TYPES:
        raise InvalidConnectionString("it has neither an AccessKey nor AuthType=azure.")
    if not access_key and others:
        raise InvalidConnectionString(
            f"it names {others[0]}; set azure-identity's variables instead, such as "
            "AZURE_CLIENT_ID."
        )


def _endpoint(name: str, parts: Mapping[str, str], access_key: str) -> str:
    url = parts.get(name, "").rstrip("/")
    if not url:
        return ""
    try:
        found = urlsplit(url)
        _ = found.port
    except ValueError as error:
        raise InvalidConnectionString(f"its {name} is not a URL.") from error
    if found.scheme not in {"http", "https"} or not found.hostname or "@" in found.netloc:
        raise InvalidConnectionString(f"its {name} is not an https URL.")
    if found.query or found.fragment:
        raise InvalidConnectionString(f"its {name} has a query.")
    if found.scheme == "http" and (found.hostname not in _LOOPBACK or not access_key):
        raise InvalidConnectionString(
            f"its {name} is not https; a token is never sent unencrypted."
        )
    return url


def _with_port(endpoint: str, port: str) -> str:
    if not port:
        return endpoint
    if not port.isdecimal() or urlsplit(endpoint).port is not None:
        raise InvalidConnectionString("its Port is not a number, or its Endpoint has one already.")
    return f"{endpoint}:{port}"
