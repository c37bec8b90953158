"""python -m benchmarks.portal.child SIZE: `measuring`, in a process that has set Django up."""

from __future__ import annotations

import runpy

import django

if __name__ == "__main__":
    django.setup()
    # Not an import at the top: models load after the set-up.
    runpy.run_module("benchmarks.portal.measuring", run_name="__main__")
