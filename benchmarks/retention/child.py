"""python -m benchmarks.retention.child ROWS: run `measurement` after setting Django up."""

from __future__ import annotations

import runpy

import django

if __name__ == "__main__":
    django.setup()
    # Not imported at the top, because models load after the set-up.
    runpy.run_module("benchmarks.retention.measurement", run_name="__main__")
