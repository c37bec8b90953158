"""Write the generated pages of `docs/reference`: `python -m scripts.reference`."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Write every page, with a new database for the metrics."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        os.environ["SIGNALMAN_SECRET_KEY"] = "reference"  # noqa: S105  signs nothing
        os.environ["SIGNALMAN_DATABASE_URL"] = f"sqlite:///{Path(folder) / 'reference.sqlite3'}"
        _write()
    return 0


def _write() -> None:
    import django  # noqa: PLC0415  the settings read the environment
    from django.core.management import call_command  # noqa: PLC0415

    django.setup()
    call_command("migrate", verbosity=0)
    from scripts.reference.pages import FOLDER, PAGES  # noqa: PLC0415

    for name, page in PAGES.items():
        (FOLDER / name).write_text(page(), encoding="utf-8")
        print(f"docs/reference/{name}")


if __name__ == "__main__":
    sys.exit(main())
