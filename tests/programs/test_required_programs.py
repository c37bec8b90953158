"""The programs that tests start are installed, or named with how to install them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts import apt, programs
from tests.cloud import REPOSITORY


@pytest.fixture
def _nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs, "_FOLDERS", ())
    monkeypatch.setattr(apt, "is_usable", lambda: False)


def test_list_has_every_program_that_tests_start() -> None:
    sources = "".join(path.read_text() for path in (REPOSITORY / "tests").rglob("*.py"))
    started = set(re.findall(r'path_of\("([\w-]+)"\)', sources))
    # Some Pythons bring their own.
    assert {program.name for program in programs.PROGRAMS} | {"redis-server"} == started


@pytest.mark.usefixtures("_nothing_installed")
def test_names_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert programs.main() == 1
    printed = capsys.readouterr().err
    assert "  nginx, for the proxy in front of the receivers\n" in printed
    assert "apt-get install --no-install-recommends " in printed


@pytest.mark.usefixtures("_nothing_installed")
def test_test_without_its_program_fails() -> None:
    with pytest.raises(programs.MissingProgram, match="nginx is not installed: `make programs`"):
        programs.path_of("nginx")


def test_installing_starts_no_service(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with apt.services_stopped(policy):
        assert subprocess.run([policy], check=False).returncode == 101
    assert not policy.exists()


def test_policy_of_the_machine_is_kept(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("its own")
    with apt.services_stopped(policy):
        assert policy.read_text() == "its own"
    assert policy.read_text() == "its own"


def test_no_test_is_skipped_elsewhere() -> None:
    skips = re.compile(r"pytest\.skip|mark\.skip|importorskip")
    found = {
        str(path.relative_to(REPOSITORY))
        for path in (REPOSITORY / "tests").rglob("*.py")
        if path != Path(__file__) and skips.search(path.read_text())
    }
    assert found == {"tests/conditions.py", "tests/deploy/test_processes.py"}
