"""python -m tests.shape [--minutes N] [--results FILE]: the whole deployment under trouble."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser
from pathlib import Path

import django

from tests.shape.results import end_in_order, open_folder, report


def main() -> int:
    """Run it, print the sums as JSON, and return the exit code."""
    parser = ArgumentParser(prog="python -m tests.shape", description=__doc__)
    parser.add_argument("--minutes", type=float, default=0, help="0: each trouble comes once")
    parser.add_argument("--results", type=Path, help="folder of the file with the counts")
    chosen = parser.parse_args()
    end_in_order()
    # The hostile requests are those of the receiver's tests, which import models.
    os.environ.setdefault("SIGNALMAN_SECRET_KEY", "test")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from tests.shape.run import run  # noqa: PLC0415

    with open_folder("signalman-shape-") as folder:
        counts, problems, versions = run(folder, chosen.minutes)
        return report("shape", counts, problems, chosen.results, versions)


if __name__ == "__main__":
    sys.exit(main())
