"""python -m benchmarks.sync.child SIZE MOST_APPLIED: run `measurement` after setting Django up."""

from __future__ import annotations

import runpy

import django

if __name__ == "__main__":
    django.setup()
    # Not imported at the top, because models load after the set-up.
    runpy.run_module("benchmarks.sync.measurement", run_name="__main__")
