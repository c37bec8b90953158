"""Unmodified clients of SignalR's management work on Local Azure, each in its own environment."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cloud import LocalAzure
from tests.conformance.clients.report import Report, run
from tests.conformance.environments import node_with, python_with

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "clients"


@pytest.fixture(autouse=True)
def _at_once(local_azure: LocalAzure) -> None:
    """Operations end at the first poll, so that no client sleeps."""
    local_azure.post("/_local/operations", {"polls": 0})


def environment(cloud: LocalAzure, **more: str) -> dict[str, str]:
    """Return the variables that point a client at Local Azure."""
    return {**os.environ, **cloud.environment, **more}


def check(client: str, report: Report, tell: Callable[[str], None]) -> None:
    """Add the numbers of a client's report to the summary; fail if a call failed."""
    tell(f"{client}: {len(report.calls)} calls made, {len(report.failed)} failed")
    assert report.calls
    assert report.failed == {}


@pytest.mark.parametrize("version", ["1.2.0", "2.0.0b3"])
def test_signalr_sdk_for_python(
    version: str, local_azure: LocalAzure, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    packages = [f"azure-mgmt-signalr=={version}", "azure-identity==1.25.1"]
    python = python_with(f"signalr-{version}", packages)
    program = [str(python), str(PROGRAMS / "signalr_sdk.py")]
    report = run(program, environment(local_azure), tmp_path)
    check(f"azure-mgmt-signalr {version}", report, tell)


def test_signalr_sdk_for_javascript(
    local_azure: LocalAzure, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    packages = ["@azure/arm-signalr@5.2.0", "@azure/identity@4.13.1"]
    folder = node_with("arm-signalr", packages)
    program = folder / "signalr.mjs"
    program.write_text((PROGRAMS / "signalr.mjs").read_text())
    variables = environment(local_azure, NODE_EXTRA_CA_CERTS=str(local_azure.ca_file))
    report = run(["node", str(program)], variables, tmp_path)
    check("@azure/arm-signalr", report, tell)
