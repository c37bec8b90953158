"""Connection strings as Microsoft documents them, in a file that only its owner can change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from upstreams.sender.connection_strings import (
    ConnectionStrings,
    InvalidConnectionString,
    parse,
)

KEY = "c2VjcmV0LWtleS1vZi10aGUtaW5zdGFuY2U="
HOST = "https://contoso.service.signalr.net"


def test_reads_endpoint_and_key() -> None:
    found = parse(f"Endpoint={HOST}/;AccessKey={KEY};Version=1.0;")
    assert found.endpoint == found.server_endpoint == found.client_endpoint == HOST
    assert found.access_key == KEY
    assert KEY not in repr(found)


def test_names_are_in_any_case_and_order() -> None:
    found = parse(f" accesskey = {KEY} ; VERSION=1.1;ENDPOINT={HOST};Port=8080")
    assert (found.endpoint, found.access_key) == (f"{HOST}:8080", KEY)


def test_gateways_have_endpoints_of_their_own() -> None:
    found = parse(
        f"Endpoint={HOST};AccessKey={KEY};ServerEndpoint=https://s.example.com/x/;"
        "ClientEndpoint=https://c.example.com"
    )
    assert found.endpoint == HOST
    assert found.server_endpoint == "https://s.example.com/x"
    assert found.client_endpoint == "https://c.example.com"


@pytest.mark.parametrize("kind", ["azure", "Azure.MSI", "aad"])
def test_without_a_key_entra_is_used(kind: str) -> None:
    assert parse(f"Endpoint={HOST};AuthType={kind};Version=1.0;").access_key == ""


def test_local_emulator_is_called_unencrypted() -> None:
    found = parse(f"Endpoint=http://localhost;Port=8888;AccessKey={KEY};Version=1.0;")
    assert found.endpoint == "http://localhost:8888"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "AccessKey"),
        (f"Endpoint={HOST}", "AccessKey"),
        (f"AccessKey={KEY}", "no Endpoint"),
        (f"Endpoint={HOST};AccessKey={KEY};Version=2.0", "Version"),
        (f"Endpoint={HOST};AccessKey={KEY};accesskey={KEY}", "twice"),
        (f"Endpoint={HOST};{KEY.rstrip('=')}", "name=value"),
        (f"Endpoint=contoso;AccessKey={KEY}", "https URL"),
        (f"Endpoint=ftp://contoso;AccessKey={KEY}", "https URL"),
        (f"Endpoint=https://user@contoso;AccessKey={KEY}", "https URL"),
        (f"Endpoint=http://contoso.service.signalr.net;AccessKey={KEY}", "unencrypted"),
        ("Endpoint=http://localhost;AuthType=azure", "unencrypted"),
        (f"Endpoint={HOST}?x=1;AccessKey={KEY}", "query"),
        (f"Endpoint={HOST}:x;AccessKey={KEY}", "URL"),
        (f"Endpoint={HOST}:1;Port=2;AccessKey={KEY}", "Port"),
        (f"Endpoint={HOST};Port=x;AccessKey={KEY}", "Port"),
        (f"Endpoint={HOST};AuthType=azure.app;ClientId=x", "AccessKey"),
        (f"Endpoint={HOST};AuthType=azure.msi;ClientId=x", "AZURE_CLIENT_ID"),
    ],
)
def test_refuses_what_is_no_connection_string(text: str, reason: str) -> None:
    with pytest.raises(InvalidConnectionString, match=reason) as raised:
        parse(text)
    assert KEY[:12] not in str(raised.value)


def write(path: Path, content: object, mode: int = 0o600) -> None:
    fresh = path.with_suffix(".new")
    fresh.write_text(content if isinstance(content, str) else json.dumps(content))
    fresh.chmod(mode)
    fresh.replace(path)


def test_file_is_read_again_once_it_changed(tmp_path: Path) -> None:
    path = tmp_path / "strings.json"
    write(path, {"Contoso": f"Endpoint={HOST};AccessKey={KEY}"})
    strings = ConnectionStrings(path)
    found = strings.of("CONTOSO")
    assert found is not None
    assert found.access_key == KEY
    assert strings.of("other") is None
    write(path, {"other": f"Endpoint={HOST};AccessKey={KEY}"})
    assert strings.of("contoso") is None


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        ("{", 0o600, "not JSON"),
        ([], 0o600, "not a JSON object"),
        ({"contoso": 7}, 0o600, "'contoso': it is not a string"),
        ({"contoso": f"AccessKey={KEY}"}, 0o600, "'contoso': it has no Endpoint"),
        ({}, 0o644, "chmod 600"),
    ],
)
def test_unusable_file_is_named(tmp_path: Path, content: object, mode: int, reason: str) -> None:
    path = tmp_path / "strings.json"
    write(path, content, mode)
    with pytest.raises(ImproperlyConfigured, match=reason) as raised:
        ConnectionStrings(path).of("contoso")
    assert "SIGNALMAN_CONNECTION_STRINGS_FILE" in str(raised.value)
    assert KEY not in str(raised.value)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match="cannot be read"):
        ConnectionStrings(tmp_path / "none.json").of("contoso")
