"""python -m benchmarks processes [--sizes N...]: start-up time and memory of each process.

Starts each process of a deployment with fleets of these sizes in a SQLite file: the web server with
two workers in each role, a worker, the scheduler, and a management command that ends at once.
Prints the seconds until it is ready, and the resident memory of the process that does the work, two
seconds later. Celery's programs count as ready when they have printed their settings. Forked
workers share a part of their memory.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final

import requests

from benchmarks import report
from benchmarks.plot import bar_chart
from benchmarks.receiver.processes import resident_bytes
from examples.demo.processes import PYTHON, DidNotStart, Programs, free_port, web_server
from tests.waits import wait_until

SIZES: Final = (100, 10_000)
_ROUNDS: Final = 3
_SETTLE_SECONDS: Final = 2.0
_CELERY: Final = (PYTHON, "-m", "celery", "-A", "config")
_MEBIBYTE: Final = 2**20

# Seconds until ready, and mebibytes.
Figures = tuple[float, float]
Measured = dict[str, dict[str, float]]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure each size, print the tables, and save the results of the default sizes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks processes", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES))
    sizes = parser.parse_args(arguments).sizes
    measured = {str(size): _measure(size) for size in sizes}
    for size, figures in measured.items():
        print(f"\n{int(size):>8,} instances{'':<22}{'seconds':>10}{'MiB':>8}")
        for name, found in figures.items():
            print(f"{name:<40}{found['seconds']:>10.2f}{found['mebibytes']:>8.0f}")
    if tuple(sizes) == SIZES:
        largest = {name: found["mebibytes"] for name, found in measured[str(SIZES[-1])].items()}
        plot = bar_chart(f"Memory with {SIZES[-1]:,} instances", largest, unit="MiB")
        print(f"\nWrote {report.save('processes', measured, plot)}.")
    return 0


def _measure(size: int) -> Measured:
    with tempfile.TemporaryDirectory(prefix="signalman-bench-") as folder:
        environment = {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SIGNALMAN_SECRET_KEY": "measures-only-and-signs-nothing",
            "SIGNALMAN_DATA_DIR": folder,
            "SIGNALMAN_DATABASE_URL": f"sqlite:///{folder}/signalman.sqlite3",
            "SIGNALMAN_LOG_LEVEL": "WARNING",
        }
        with Programs(Path(folder), environment) as programs:
            done = programs.run(PYTHON, "-m", "benchmarks.processes.fleet", str(size))
            if done.returncode:
                raise DidNotStart(done.stderr[-2000:])
        found = {
            name: [one(Path(folder), environment) for _ in range(_ROUNDS)] for name, one in _KINDS
        }
    return {
        name: {
            "seconds": statistics.median(seconds for seconds, _ in rounds),
            "mebibytes": statistics.median(mebibytes for _, mebibytes in rounds),
        }
        for name, rounds in found.items()
    }


def _web(role: str) -> Callable[[Path, dict[str, str]], Figures]:
    def measure(folder: Path, environment: dict[str, str]) -> Figures:
        port = free_port()
        with Programs(folder, environment | {"SIGNALMAN_WEB_ROLE": role}) as programs:
            began = time.monotonic()
            pid = programs.start(f"web-{role}", web_server(port, workers=2)).pid
            wait_until(lambda: _is_live(port), "The web server is not ready.")
            return time.monotonic() - began, _settled_mebibytes(pid)

    return measure


def _celery(name: str, *arguments: str, ready: str) -> Callable[[Path, dict[str, str]], Figures]:
    def measure(folder: Path, environment: dict[str, str]) -> Figures:
        with (
            tempfile.TemporaryDirectory(dir=folder) as logs,
            Programs(Path(logs), environment) as programs,
        ):
            began = time.monotonic()
            pid = programs.start(name, [*_CELERY, *arguments, "--loglevel", "INFO"]).pid
            programs.wait_for_line(name, ready)
            return time.monotonic() - began, _settled_mebibytes(pid)

    return measure


def _command(folder: Path, environment: dict[str, str]) -> Figures:
    """Run a command that reads the settings and the models, and nothing else."""
    code = (
        "import resource, sys; from django.core.management import execute_from_command_line; "
        "execute_from_command_line(['manage.py', 'check']); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    with Programs(folder, environment) as programs:
        began = time.monotonic()
        done = programs.run(PYTHON, "-c", code)
    if done.returncode:
        raise DidNotStart(done.stderr[-2000:])
    return time.monotonic() - began, int(done.stdout.split()[-1]) * 1024 / _MEBIBYTE


_KINDS: Final = (
    ("web server: all roles, each worker", _web("all")),
    ("web server: portal and API, each worker", _web("portal")),
    ("web server: receiver, each worker", _web("receiver")),
    (
        "worker, 8 threads",
        _celery("worker", "worker", "--pool", "threads", "--concurrency", "8", ready="[tasks]"),
    ),
    ("scheduler", _celery("scheduler", "beat", ready="maxinterval")),
    ("manage.py check", _command),
)


def _is_live(port: int) -> bool:
    try:
        answer = requests.get(f"http://127.0.0.1:{port}/livez", timeout=1)
    except requests.RequestException:
        return False
    return answer.status_code == HTTPStatus.OK


def _settled_mebibytes(pid: int) -> float:
    time.sleep(_SETTLE_SECONDS)
    return max(resident_bytes(pid)) / _MEBIBYTE


if __name__ == "__main__":
    sys.exit(main())
