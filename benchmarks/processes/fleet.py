"""python -m benchmarks.processes.fleet SIZE: create the tables, and a fleet of rows."""

from __future__ import annotations

import sys

import django

if __name__ == "__main__":
    django.setup()
    # Models load after the set-up.
    from django.core.management import call_command

    from tests.portal.large_fleet import create_fleet

    call_command("migrate", verbosity=0)
    create_fleet(int(sys.argv[1]))
