"""Results of a benchmark as files: measured values with machine and versions, and a plot.

`save("sync", measured, plot)` writes `benchmarks/results/sync.json` and
`docs/images/benchmark-sync.svg`, which the documentation shows.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

REPOSITORY: Final = Path(__file__).resolve().parent.parent
RESULTS: Final = REPOSITORY / "benchmarks" / "results"
IMAGES: Final = REPOSITORY / "docs" / "images"
# Packages on which the measured values depend.
_PACKAGES: Final = (
    "Django",
    "djangorestframework",
    "celery",
    "granian",
    "psycopg",
    "redis",
    "PyJWT",
    "cryptography",
    "azure-core",
    "azure-identity",
    "azure-mgmt-signalr",
)


def save(
    name: str,
    measured: object,
    plot: str = "",
    *,
    versions: dict[str, str] | None = None,
    results: Path = RESULTS,
    images: Path = IMAGES,
) -> Path:
    """Write the results of the benchmark `name`, and return the file with the values.

    `measured` are JSON values, `plot` is an SVG document, `versions` are those of further programs,
    such as the database server.
    """
    document = {
        "benchmark": name,
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": machine(),
        # The average number of waiting processes over 1, 5 and 15 minutes: other programs.
        "load": [round(each, 1) for each in os.getloadavg()],
        "versions": package_versions() | (versions or {}),
        "measured": measured,
    }
    results.mkdir(parents=True, exist_ok=True)
    path = results / f"{name}.json"
    path.write_text(json.dumps(document, indent=2) + "\n")
    if plot:
        images.mkdir(parents=True, exist_ok=True)
        (images / f"benchmark-{name}.svg").write_text(plot)
    return path


def machine() -> dict[str, Any]:
    """Return the processor, the number of cores this process may use, the memory and the system."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def package_versions() -> dict[str, str]:
    """Return the versions of Python and of the installed packages that matter."""
    found = {"Python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _commit() -> str:
    """Return the commit that was measured, with `+` if files were changed since; or nothing."""
    try:
        commit = _git("rev-parse", "--short=12", "HEAD")
        return commit + ("+" if _git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return ""


def _git(*arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],  # noqa: S607
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
