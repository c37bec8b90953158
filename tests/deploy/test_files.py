"""The deployment's files are accepted by the tools that they are for, and name what exists."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from config.environment_variables import VARIABLES
from config.environment_variables.variable import Environment
from scripts.programs import path_of
from tests.cloud import REPOSITORY
from tests.conditions import on_linux_x86_64, with_kubectl
from tests.deploy.manifests import (
    COMPOSE,
    DOCKERFILE,
    FILES,
    INSTALLED,
    NGINX,
    PAGES,
    UNITS,
    compose_services,
    container,
    image_command,
    objects,
    unit_command,
    unit_environment,
    workloads,
)

NAMES = {variable.name for variable in VARIABLES}
BIN = Path(sys.executable).parent


def package_program(name: str) -> str:
    """Return the path of a program that a Python package brings."""
    return str(BIN / name)


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=REPOSITORY,
        env=os.environ | environment,
        timeout=120,
    )


def assert_accepted(outcome: subprocess.CompletedProcess[str]) -> None:
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def settings_of(text: str) -> set[str]:
    return set(re.findall(r"SIGNALMAN_[A-Z_]+", text))


@pytest.mark.parametrize("path", [*FILES, *PAGES], ids=lambda path: path.name)
def test_names_only_settings_that_exist(path: Path) -> None:
    assert settings_of(path.read_text()) <= NAMES


@on_linux_x86_64
def test_hadolint_accepts_dockerfile() -> None:
    assert_accepted(run(package_program("hadolint"), str(DOCKERFILE)))


def test_image_contains_every_package() -> None:
    lines = (REPOSITORY / ".dockerignore").read_text().splitlines()
    kept = {line.removeprefix("!") for line in lines if line.startswith("!")}
    project = (REPOSITORY / "pyproject.toml").read_text()
    (found,) = re.findall(r"^root_packages = \[(.*)\]", project, re.MULTILINE)
    packages = set(re.findall(r'"(\w+)"', found)) - {"localazure"}
    assert packages <= kept
    assert {"manage.py", "templates", "requirements.txt", "requirements-otel.txt"} <= kept
    # Neither secrets nor data.
    assert not {".env", ".git", "var", "tests"} & kept
    assert all((REPOSITORY / name).exists() for name in kept)


@on_linux_x86_64
def test_docker_compose_accepts_file(tmp_path: Path) -> None:
    # The file of settings that Compose requires.
    copied = tmp_path / "compose.yaml"
    copied.write_text(COMPOSE.read_text())
    shutil.copy(REPOSITORY / ".env.example", tmp_path / ".env")
    variables = {"POSTGRES_PASSWORD": "x", "TLS_CERTIFICATE": "/tls.crt", "TLS_KEY": "/tls.key"}
    outcome = run(package_program("docker-compose"), "--file", str(copied), "config", **variables)
    assert_accepted(outcome)
    services = yaml.safe_load(outcome.stdout)["services"]
    for name in compose_services():
        assert services[name]["read_only"] is True
        assert services[name]["cap_drop"] == ["ALL"]
        Environment(VARIABLES, services[name]["environment"] | {"SIGNALMAN_SECRET_KEY": "x"})
    assert services["receiver"]["environment"]["SIGNALMAN_WEB_ROLE"] == "receiver"
    assert services["portal"]["environment"]["SIGNALMAN_WEB_ROLE"] == "portal"


@on_linux_x86_64
def test_docker_compose_requires_password() -> None:
    outcome = run(package_program("docker-compose"), "config", TLS_CERTIFICATE="/c", TLS_KEY="/k")
    assert outcome.returncode != 0
    assert "POSTGRES_PASSWORD" in outcome.stderr


@pytest.mark.slow
@pytest.mark.parametrize("path", NGINX, ids=lambda path: path.parent.name)
def test_nginx_accepts_configuration(path: Path, tmp_path: Path) -> None:
    nginx, openssl = path_of("nginx"), path_of("openssl")
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    files = ("-keyout", str(key), "-out", str(certificate))
    assert_accepted(
        run(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=x", *files)
    )
    servers = re.sub(r"/etc/nginx/\w+\.crt", str(certificate), path.read_text())
    servers = re.sub(r"/etc/nginx/\w+\.key", str(key), servers)
    servers = re.sub(r"listen (\d+)", r"listen 127.0.0.1:2\1", servers)
    configuration = tmp_path / "nginx.conf"
    folders = "".join(
        f"{kind}_temp_path {tmp_path}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{folders}{servers}}}\n"
    )
    assert_accepted(run(nginx, "-t", "-q", "-c", str(configuration), "-p", str(tmp_path)))


def installed_units(folder: Path) -> list[str]:
    """Write the units for this project, one of each template, and return their paths."""
    found = []
    for unit in UNITS:
        name = unit.name.replace("@.", "@8001.")
        (folder / name).write_text(unit.read_text().replace(INSTALLED, str(REPOSITORY)))
        found.append(str(folder / name))
        if name != unit.name:
            shutil.copy(folder / name, folder / unit.name)
    return found


@pytest.mark.slow
def test_systemd_accepts_units(tmp_path: Path) -> None:
    outcome = run(path_of("systemd-analyze"), "verify", *installed_units(tmp_path))
    assert_accepted(outcome)
    assert outcome.stderr.strip() == ""


@pytest.mark.slow
def test_systemd_rates_units_as_safe(tmp_path: Path) -> None:
    units = [unit for unit in installed_units(tmp_path) if unit.endswith(".service")]
    # Tenths of systemd's scale from 0 to 10; up to 2.0 is its "OK".
    limits = ("--offline=true", "--threshold=20")
    assert_accepted(run(path_of("systemd-analyze"), "security", *limits, *units))


@pytest.mark.parametrize("role", ["receiver", "portal"])
def test_units_may_open_as_many_connections_as_they_take(role: str) -> None:
    (unit,) = [unit for unit in UNITS if unit.name.startswith(f"signalman-{role}")]
    command = unit_command(unit, "8000")
    connections = int(command[command.index("--backpressure") + 1])
    (files,) = re.findall(r"^LimitNOFILE=(\d+)$", unit.read_text(), re.MULTILINE)
    assert int(files) >= 2 * connections


def test_units_and_containers_run_the_same_commands() -> None:
    units = {unit.name.split("@")[0].split(".")[0]: unit for unit in UNITS}
    web = [part for part in image_command() if part not in {"0.0.0.0", "8000"}]  # noqa: S104
    for role in ("portal", "receiver"):
        unit = units[f"signalman-{role}"]
        command = unit_command(unit, "8000")
        assert Path(command[0]).name == "granian"
        assert set(web[1:]) - {"127.0.0.1"} <= set(command)
        assert unit_environment(unit) == {"SIGNALMAN_WEB_ROLE": role}
        (value,) = container(workloads()[role])["env"]
        assert value == {"name": "SIGNALMAN_WEB_ROLE", "value": role}
        assert "command" not in container(workloads()[role])
        assert "command" not in compose_services()[role]
    for name in ("worker", "scheduler", "migrate"):
        composed = compose_services()[name]["command"]
        assert container(workloads()[name])["command"] == composed
        command = unit_command(units[f"signalman-{name}"], "1")
        assert [Path(command[0]).name, *command[1:3]] == composed[:3]


def test_kubernetes_accepts_objects(tmp_path: Path) -> None:
    validate = package_program("kubernetes-validate")
    rendered = tmp_path / "objects.yaml"
    rendered.write_text(yaml.safe_dump_all(list(objects())))
    assert_accepted(run(validate, "--strict", str(rendered)))


@pytest.mark.slow
@with_kubectl
def test_kustomize_builds_objects() -> None:
    outcome = run("kubectl", "kustomize", str(REPOSITORY / "deploy" / "kubernetes"))
    assert_accepted(outcome)
    built = list(yaml.safe_load_all(outcome.stdout))
    # The migration is started by hand, once for each release.
    assert len(built) == len(list(objects())) - 1
    images = {container(each)["image"] for each in built if each["kind"] == "Deployment"} | {
        container(workloads()["migrate"])["image"]
    }
    assert len(images) == 1


def test_documented_targets_of_prometheus_are_portals() -> None:
    page = (REPOSITORY / "docs" / "how-to" / "operations.md").read_text()
    # The proxies answer 404.
    assert all("location = /metrics {\n        return 404;" in each.read_text() for each in NGINX)
    rows = dict(re.findall(r"^\| ([\w ]+) \| `([^`]+:\d+)` \|", page, re.MULTILINE))
    (target,) = [unit.read_text() for unit in UNITS if unit.name == "signalman.target"]
    (port, *_) = re.findall(r"signalman-portal@(\d+)\.service", target)
    services = [each["metadata"]["name"] for each in objects() if each["kind"] == "Service"]
    assert "signalman-portal" in services
    assert rows == {
        "systemd": f"127.0.0.1:{port}",
        "Docker Compose": "portal:8000",
        "Kubernetes": "signalman-portal.signalman:80",
    }
    assert f'targets: ["{rows["systemd"]}"]' in page
