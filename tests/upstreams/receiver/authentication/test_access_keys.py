"""Access keys come from a file that only its owner can read and change."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from upstreams.receiver.authentication.access_keys import AccessKeys

KEYS = {"Contoso-Chat": ["primary", "secondary"], "contoso-orders": ["only"]}


def write(path: Path, text: str, mode: int = 0o600) -> None:
    """Replace the file whole, as an operator should."""
    fresh = path.with_suffix(".new")
    fresh.write_text(text)
    fresh.chmod(mode)
    fresh.replace(path)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "keys.json"
    write(path, json.dumps(KEYS))
    return path


def test_finds_instances_in_any_case(path: Path) -> None:
    keys = AccessKeys(path)
    assert keys.of("contoso-CHAT") == ("primary", "secondary")
    assert keys.of("contoso-orders") == ("only",)
    assert keys.of("contoso-lab") == ()


def test_reads_changed_file_at_once(path: Path) -> None:
    keys = AccessKeys(path)
    assert keys.of("contoso-orders") == ("only",)
    write(path, json.dumps({"contoso-orders": ["new", "only"]}))
    assert keys.of("contoso-orders") == ("new", "only")
    path.unlink()
    assert keys.of("contoso-orders") == ()


@pytest.mark.parametrize("mode", [0o604, 0o602, 0o620, 0o666])
def test_refuses_file_with_access_for_others(
    path: Path, mode: int, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, json.dumps(KEYS), mode)
    assert AccessKeys(path).of("contoso-chat") == ()
    assert "chmod 600" in caplog.text


def test_accepts_group_readable_file(path: Path) -> None:
    write(path, json.dumps(KEYS), 0o640)
    assert AccessKeys(path).of("contoso-chat")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"a": "key"}', '{"a": []}', '{"a": ["x", "y", "z"]}', '{"a": [1]}']
)
def test_logs_malformed_file_once(path: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    write(path, text)
    keys = AccessKeys(path)
    assert [keys.of("a"), keys.of("a")] == [(), ()]
    assert len(caplog.records) == 1


def test_refuses_folder(tmp_path: Path) -> None:
    assert AccessKeys(tmp_path).of("contoso-chat") == ()
