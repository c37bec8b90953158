"""The commands of the units and the containers, started on PostgreSQL and Redis."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from examples.demo.processes import free_port
from scripts.programs import path_of
from tests.cloud import REPOSITORY
from tests.conditions import NO_MOUNTS, as_root
from tests.deploy.manifests import (
    DOCKERFILE,
    UNITS,
    compose_services,
    image_command,
    unit_command,
    unit_environment,
)
from tests.postgres_server import postgres_server
from tests.redis_server import redis_server
from tests.waits import LOOK_SECONDS, PATIENCE_SECONDS

pytestmark = pytest.mark.slow

BIN = Path(sys.executable).parent
# The account of the image.
ACCOUNT = 10001
WITHOUT_CAPABILITIES = (
    "--no-new-privs",
    "--bounding-set=-all",
    "--inh-caps=-all",
    "--ambient-caps=-all",
)
OTHER_ROLE = "The SIGNALMAN_WEB_ROLE of this process does not include this URL."
# A folder that the containers can write, in place of their /tmp, which these tests need themselves.
TEMPORARY = "/dev/shm"  # noqa: S108


@dataclass
class Shape:
    """The processes of one deployment: a folder, and the environment that they share."""

    folder: Path
    environment: dict[str, str]
    # Put before each command.
    wrapper: Sequence[str] = ()

    def run(self, command: Sequence[str]) -> None:
        """Run a command to its end, which must be a success."""
        outcome = subprocess.run(
            [*self.wrapper, *command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE_SECONDS,
        )
        assert outcome.returncode == 0, outcome.stderr

    @contextmanager
    def running(
        self, name: str, command: Sequence[str], environment: dict[str, str]
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command until the end of the block; SIGTERM must then end it."""
        log = Path(self.environment["LOGS"]) / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*self.wrapper, *command],
                cwd=self.folder,
                env=self.environment | environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process
            assert process.poll() is None, log.read_text()[-2_000:]
            process.terminate()
            process.wait(PATIENCE_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@pytest.fixture
def stores() -> Iterator[dict[str, str]]:
    """Settings that name a new PostgreSQL server and a new Redis server."""
    # Not below pytest's own folder, which other accounts cannot enter.
    with tempfile.TemporaryDirectory(prefix="signalman-redis-") as folder, ExitStack() as servers:
        postgres = servers.enter_context(postgres_server())
        # Where its socket is. PostgreSQL looks at the mode when it starts only.
        postgres.pgdata.chmod(0o711)
        address = servers.enter_context(redis_server(Path(folder)))
        yield {
            "SIGNALMAN_DATABASE_URL": postgres.get_uri(),
            "SIGNALMAN_CACHE_URL": f"{address}/0",
            "SIGNALMAN_BROKER_URL": f"{address}/1",
            "SIGNALMAN_SECRET_KEY": "test",
            "SIGNALMAN_SCHEDULE_SECONDS": "1",
        }


def wait_until_ready(port: int, role: str) -> None:
    """Wait until a process answers that the role is ready."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    answer = ""
    while True:
        with suppress(requests.RequestException):
            response = requests.get(f"http://127.0.0.1:{port}/readyz/{role}", timeout=30)
            if response.ok:
                return
            answer = response.text
        assert time.monotonic() < deadline, answer or "The process does not answer."
        time.sleep(LOOK_SECONDS)


def assert_serves(portal: int, receiver: int) -> None:
    """Assert that each process serves its role, and that a worker does scheduled work."""
    wait_until_ready(portal, "portal")
    wait_until_ready(receiver, "receiver")
    wait_until_ready(portal, "worker")
    page = requests.get(f"http://127.0.0.1:{portal}/admin/login/", timeout=60)
    assert page.status_code == 200
    style = requests.get(f"http://127.0.0.1:{portal}/static/portal/favicon.svg", timeout=60)
    assert style.status_code == 200
    for address in ("/admin/login/", "/api/v1/instances/", "/nowhere/", "/readyz/portal"):
        answer = requests.get(f"http://127.0.0.1:{receiver}{address}", timeout=60)
        assert (address, answer.json()["detail"]) == (address, OTHER_ROLE)
    answer = requests.get(f"http://127.0.0.1:{portal}/readyz/receiver", timeout=60)
    assert answer.json()["detail"] == OTHER_ROLE
    refused = [
        requests.post(f"http://127.0.0.1:{port}/upstream/unknown/", timeout=60).json()["detail"]
        for port in (portal, receiver)
    ]
    assert refused == [OTHER_ROLE, "The receiver has no instance of this name."]
    assert requests.get(f"http://127.0.0.1:{receiver}/metrics", timeout=60).status_code == 200


def start_all(shape: Shape, commands: Callable[[str], tuple[list[str], dict[str, str]]]) -> None:
    """Migrate, start every process, and check what they serve."""
    shape.run(commands("migrate")[0])
    portal, receiver = free_port(), free_port()
    with ExitStack() as processes:
        for name in (f"portal@{portal}", f"receiver@{receiver}", "worker@1", "scheduler"):
            command, environment = commands(name)
            processes.enter_context(shape.running(name, command, environment))
        assert_serves(portal, receiver)


def test_units_start(stores: dict[str, str], tmp_path: Path) -> None:
    units = {
        unit.name.split("@")[0].split(".")[0].removeprefix("signalman-"): unit for unit in UNITS
    }

    def commands(name: str) -> tuple[list[str], dict[str, str]]:
        component, _, instance = name.partition("@")
        unit = units[component]
        (tmp_path / "signalman-scheduler").mkdir(exist_ok=True)
        command = unit_command(unit, instance, run_folder=tmp_path)
        return command, unit_environment(unit)

    data = {"SIGNALMAN_DATA_DIR": str(tmp_path / "data"), "LOGS": str(tmp_path)}
    start_all(Shape(REPOSITORY, os.environ | stores | data), commands)


@pytest.fixture
def image() -> Iterator[Path]:
    """The folder /app of the image, as the Dockerfile and .dockerignore make it."""
    with tempfile.TemporaryDirectory(prefix="signalman-image-", dir="/var/tmp") as folder:
        app = Path(folder) / "app"
        app.mkdir()
        Path(folder).chmod(0o755)
        for line in (REPOSITORY / ".dockerignore").read_text().splitlines():
            source = REPOSITORY / line.removeprefix("!")
            if line.startswith("!") and source.is_dir():
                shutil.copytree(source, app / source.name)
            elif line.startswith("!"):
                shutil.copy(source, app)
        yield app


def containment() -> list[str]:
    """Return what runs a command without rights, where only TEMPORARY can be written.

    As the image's account, or as root without capabilities where Python is in root's own folder.
    """
    unshare, setpriv = path_of("unshare"), path_of("setpriv")
    script = (
        "mount --make-rprivate / && mount -o remount,bind,ro / && "
        f'mount -t tmpfs -o mode=1777 tmpfs {TEMPORARY} && exec "$@"'
    )
    contained = [unshare, "--mount", "sh", "-c", script, "sh", setpriv, *WITHOUT_CAPABILITIES]
    account = [f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    for wrapper in ([*contained, *account], contained):
        # By a shell that has lost its capabilities already.
        probe = [*wrapper, "sh", "-c", f'"{BIN}/python" -c "import django"']
        if not subprocess.run(probe, check=False, capture_output=True).returncode:
            return wrapper
    pytest.skip(NO_MOUNTS)


@as_root
def test_containers_start_without_rights(
    stores: dict[str, str], image: Path, tmp_path: Path
) -> None:
    wrapper = containment()
    environment = {
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": TEMPORARY,
        "TMPDIR": TEMPORARY,
        "PYTHONDONTWRITEBYTECODE": "1",
        "SIGNALMAN_DATA_DIR": str(image / "var"),
        "LOGS": str(tmp_path),
    }
    # As the Dockerfile does.
    built = {
        "SIGNALMAN_SECRET_KEY": "build",
        "SIGNALMAN_DATABASE_URL": "sqlite:///:memory:",
        "SIGNALMAN_BROKER_URL": "memory://",
    }
    collect = ["python", "manage.py", "collectstatic", "--no-input"]
    Shape(image, environment | built).run([str(BIN / collect[0]), *collect[1:]])
    make_readable(image)
    dockerfile = DOCKERFILE.read_text()
    assert " ".join(collect) in dockerfile
    assert all(f"{name}={value}" in dockerfile for name, value in built.items())

    def commands(name: str) -> tuple[list[str], dict[str, str]]:
        component, _, port = name.partition("@")
        service = compose_services()[component]
        command = [
            port if part == "8000" else part.replace("/tmp/", f"{TEMPORARY}/")  # noqa: S108
            for part in service.get("command") or image_command()
        ]
        role = service.get("environment", {}).get("SIGNALMAN_WEB_ROLE", "all")
        return command, {"SIGNALMAN_WEB_ROLE": role}

    start_all(Shape(image, environment | stores, wrapper), commands)


def make_readable(folder: Path) -> None:
    """Let every account read a folder, as `chmod -R a+rX` does in the Dockerfile."""
    assert "chmod -R a+rX /app" in DOCKERFILE.read_text()
    for path in (folder, *folder.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
