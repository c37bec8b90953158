from __future__ import annotations

import os
import shlex
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure
from tests.localazure.rest import LAB_ID, Arm

pytestmark = pytest.mark.slow


def owner(cloud: LocalAzure) -> Arm:
    return Arm(cloud, seed.CLIENT_ID, seed.CLIENT_SECRET)


def test_exits_with_its_parent_process(tmp_path: Path) -> None:
    assert LocalAzure(tmp_path).stop() == 0


def test_sigterm_exits_with_status_0(tmp_path: Path) -> None:
    assert LocalAzure(tmp_path).terminate() == 0


def test_state_file_survives_a_kill(tmp_path: Path) -> None:
    state = str(tmp_path / "state.json")
    first = LocalAzure(tmp_path, "--state", state)
    first.post("/_local/operations", {"polls": 2})
    arm = owner(first)
    status = arm.call("PATCH", LAB_ID, {"identity": {"type": "SystemAssigned"}}).headers[
        "Azure-AsyncOperation"
    ]
    authority = first.ca_file.read_bytes()
    first.kill()
    with LocalAzure(tmp_path, "--state", state, port=first.port) as second:
        assert second.ca_file.read_bytes() == authority
        seen = [arm.document(status)["status"] for _ in range(3)]
        assert seen == ["Running", "Running", "Succeeded"]
        assert arm.document(LAB_ID)["identity"]["type"] == "SystemAssigned"


def test_state_file_is_private(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with LocalAzure(tmp_path, "--state", str(state)):
        assert state.stat().st_mode & 0o077 == 0


def test_refuses_invalid_state_file_and_keeps_it(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    state.write_text("{")
    run = subprocess.run(
        [sys.executable, "-m", "localazure", "--port", "0", "--state", str(state)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert str(state) in run.stderr
    assert state.read_text() == "{"


def test_names_the_port_that_is_in_use(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        run = subprocess.run(
            [sys.executable, "-m", "localazure", f"--port={port}", f"--ca-file={tmp_path / 'ca'}"],
            cwd=REPOSITORY,
            check=False,
            capture_output=True,
            text=True,
        )
    assert run.returncode == 1
    assert f"port {port} cannot be used: Address already in use." in run.stderr


def test_empty_has_no_instances(tmp_path: Path) -> None:
    with LocalAzure(tmp_path, "--empty") as cloud:
        arm = owner(cloud)
        (subscription,) = arm.document("/subscriptions", "2022-12-01")["value"]
        path = f"{subscription['id']}/providers/Microsoft.SignalRService/signalR"
        assert arm.document(path) == {"value": []}


def test_env_prints_shell_exports(tmp_path: Path) -> None:
    ca_file = tmp_path / "a b" / "ca.pem"
    lines = subprocess.run(
        [sys.executable, "-m", "localazure", "env", "--port", "1234", "--ca-file", str(ca_file)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    script = f"{lines}\necho $AZURE_AUTHORITY_HOST $REQUESTS_CA_BUNDLE $SIGNALMAN_AZURE_NAME"
    shown = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == f"https://localhost:1234 {ca_file} Local Azure"


def test_env_names_the_default_ca_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    run = [sys.executable, "-m", "localazure", "env", "--port", "1234"]
    lines = subprocess.run(run, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    (bundle,) = [line for line in shlex.split(lines) if line.startswith("REQUESTS_CA_BUNDLE=")]
    assert bundle == f"REQUESTS_CA_BUNDLE={tmp_path}/localazure-{os.getuid()}/1234-ca.pem"
