"""Text that is piped into a command, as shells and editors write it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from localazure import seed
from sync.management.text_input import decode, read_stream, read_text
from tests.cloud import LocalAzure
from tests.stdin import set_stdin
from tests.sync.worker import imported
from upstreams.models import RequestRequirements, UpstreamTemplate

SECRET = "a secret with ünïcode"


ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-be with mark")


def encoded(text: str, encoding: str) -> bytes:
    if encoding == "utf-16-be with mark":
        return b"\xfe\xff" + text.encode("utf-16-be")
    return text.encode(encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_decodes_what_shells_write(encoding: str, tmp_path: Path) -> None:
    assert decode(encoded(SECRET, encoding)) == SECRET
    file = tmp_path / "text"
    file.write_bytes(encoded(SECRET, encoding))
    assert read_text(str(file)) == SECRET


def test_reads_stream_without_bytes() -> None:
    assert read_stream(io.StringIO(f"\ufeff{SECRET}")) == SECRET


@pytest.mark.parametrize("data", [b"\xff", b"a\x00b\x00", b"\xff\xfea", "é".encode("latin-1")])
def test_refuses_other_encodings(data: bytes) -> None:
    with pytest.raises(CommandError, match="not text"):
        decode(data)


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_url_secret_is_the_same_however_encoded(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch, encoding: str, ending: str
) -> None:
    imported(seed.CHAT)
    digests = set()
    for data in (SECRET.encode(), encoded(SECRET + ending, encoding)):
        set_stdin(monkeypatch, data)
        call_command("set_url_secret", seed.CHAT, "--only", stdout=io.StringIO())
        digests.add(RequestRequirements.objects.get().url_secret_digest)
    assert len(digests) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["set_url_secret", "set_upstream", "inspect_token"])
def test_commands_refuse_what_is_not_text(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    imported(seed.CHAT)
    set_stdin(monkeypatch, "[]".encode("utf-16-le") * 20)
    with pytest.raises(CommandError, match="not text"):
        call_command(command, seed.CHAT)


@pytest.mark.django_db
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_set_upstream_reads_what_shells_write(
    local_azure: LocalAzure, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    imported(seed.CHAT)
    set_stdin(monkeypatch, encoded('[{"urlTemplate": "https://receiver.example/"}]', encoding))
    call_command("set_upstream", seed.CHAT, stdout=io.StringIO())
    template = UpstreamTemplate.objects.get(instance__name=seed.CHAT)
    assert template.url_template == "https://receiver.example/"
