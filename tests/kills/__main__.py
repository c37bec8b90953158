"""python -m tests.kills [--kills N] [--seed N] [--results FILE]: see --help."""

from __future__ import annotations

import math
import os
import sys
from argparse import ArgumentParser
from pathlib import Path

import django

from tests.shape.results import end_in_order, open_folder, report


def main() -> int:
    """Run the campaign, print its counts as JSON, and return the exit code."""
    parser = ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=16)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--instances", type=int, default=24)
    parser.add_argument("--progress", type=int, default=3, help="what ends between two kills")
    parser.add_argument("--minutes", type=float, default=math.inf, help="end then at the latest")
    parser.add_argument("--results", type=Path, help="folder of the file with the counts")
    chosen = parser.parse_args()
    end_in_order()
    # What the campaign imports of the tests reads settings.
    os.environ.setdefault("SIGNALMAN_SECRET_KEY", "test")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from tests.kills.campaign import Options, run  # noqa: PLC0415

    options = Options(
        kills=chosen.kills,
        seed=chosen.seed,
        workers=chosen.workers,
        instances=chosen.instances,
        progress=chosen.progress,
        minutes=chosen.minutes,
    )
    with open_folder("signalman-kills-") as folder:
        counts, problems, versions = run(folder, options)
        return report("kills", counts, problems, chosen.results, versions)


if __name__ == "__main__":
    sys.exit(main())
