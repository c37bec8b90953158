"""Results of the long suites, and the folder that they run in."""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.report import save


def report(
    name: str,
    counts: dict[str, Any],
    problems: Sequence[str],
    folder: Path | None,
    versions: dict[str, str],
) -> int:
    """Print the counts, write them to a file in `folder`, and return the exit code.

    The code is 1 if there are problems. `versions` are those of the stores.
    """
    measured = {**counts, "problems": list(problems)}
    sys.stdout.write(json.dumps(measured, indent=2) + "\n")
    if folder is not None:
        save(name, measured, versions=versions, results=folder)
    return 1 if problems else 0


def end_in_order() -> None:
    """Let SIGTERM end this program as Ctrl+C does: what it started ends with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


@contextmanager
def open_folder(prefix: str) -> Iterator[Path]:
    """Give a new folder that every account can enter; it is kept where the block fails."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    try:
        yield folder
    except BaseException:
        sys.stderr.write(f"The logs are in {folder}.\n")
        raise
    shutil.rmtree(folder, ignore_errors=True)
