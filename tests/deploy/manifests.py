"""The files that deploy Signalman, and the commands and settings in them."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import yaml

from tests.cloud import REPOSITORY

DEPLOY: Final = REPOSITORY / "deploy"
DOCKERFILE: Final = REPOSITORY / "Dockerfile"
COMPOSE: Final = REPOSITORY / "compose.yaml"
UNITS: Final = sorted((DEPLOY / "systemd").iterdir())
KUBERNETES: Final = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
NGINX: Final = (DEPLOY / "nginx" / "signalman.conf", DEPLOY / "compose" / "nginx.conf")
PAGES: Final = sorted((REPOSITORY / "docs" / "how-to" / "deploy").glob("*.md"))
FILES: Final = (DOCKERFILE, COMPOSE, *UNITS, *KUBERNETES, *NGINX)

# Where the units expect the project.
INSTALLED: Final = "/opt/signalman/current"


def image_command() -> list[str]:
    """Return the command of a container that names none."""
    (found,) = re.findall(r"^CMD (\[.*?\])$", DOCKERFILE.read_text(), re.DOTALL | re.MULTILINE)
    command: list[str] = json.loads(found.replace("\\\n", ""))
    return command


def compose_services() -> dict[str, dict[str, Any]]:
    """Return the services that run Signalman's image, by name."""
    services = yaml.safe_load(COMPOSE.read_text())["services"]
    return {name: each for name, each in services.items() if each["image"] == "signalman"}


def objects() -> Iterator[dict[str, Any]]:
    """Yield every Kubernetes object, without the kustomization."""
    for path in KUBERNETES:
        if path.name != "kustomization.yaml":
            yield from yaml.safe_load_all(path.read_text())


def workloads() -> dict[str, dict[str, Any]]:
    """Return the Deployments and Jobs by the component that they run."""
    return {
        each["spec"]["template"]["metadata"]["labels"]["app.kubernetes.io/component"]: each
        for each in objects()
        if each["kind"] in {"Deployment", "Job"}
    }


def container(workload: dict[str, Any]) -> dict[str, Any]:
    """Return the one container of a workload."""
    (found,) = workload["spec"]["template"]["spec"]["containers"]
    assert isinstance(found, dict)
    return found


def unit_command(unit: Path, instance: str = "", *, run_folder: Path | None = None) -> list[str]:
    """Return the command that a unit starts, with this project in place of the installed one."""
    (line,) = re.findall(
        r"^ExecStart=((?:.*\\\n)*.*)$", unit.read_text().replace(INSTALLED, "."), re.MULTILINE
    )
    values = {"%i": instance, "%%h": "%h", "%t": str(run_folder)}
    for name, value in values.items():
        line = line.replace(name, value)
    return shlex.split(line.replace("\\\n", " "))


def unit_environment(unit: Path) -> dict[str, str]:
    """Return the variables that a unit sets itself."""
    return dict(re.findall(r"^Environment=(\w+)=(.*)$", unit.read_text(), re.MULTILINE))
