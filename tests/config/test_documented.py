"""The documentation names files that exist, and every metric and check, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client

from tests.observability.prometheus import names

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "how-to" / "operations.md").read_text()
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.django_db
def test_documents_every_metric() -> None:
    rows = re.findall(r"^\| `(signalman_\w+)` \|", PAGE, re.MULTILINE)
    assert {name.removesuffix("_total") for name in rows} == names()


@pytest.mark.django_db
def test_alerts_name_existing_metrics() -> None:
    alerts = PAGE[PAGE.index("groups:") : PAGE.index("## Read the logs")]
    found = {name.removesuffix("_total") for name in re.findall(r"signalman_\w+", alerts)}
    assert len(found) > 5
    assert found <= names()


@pytest.mark.django_db
def test_documents_every_check() -> None:
    checks = Client().get("/readyz").json()["checks"]
    assert set(re.findall(r"^\| `(\w+)` \| [^`|]", PAGE, re.MULTILINE)) >= checks.keys()


def test_documented_web_server_replaces_failed_workers() -> None:
    found = [
        command
        for page in PAGES
        for command in re.findall(
            r"granian,? --interface[^`]*?config\.asgi:application", page.read_text(), re.DOTALL
        )
    ]
    assert len(found) >= 3
    assert [each for each in found if "--respawn-failed-workers" not in each] == []


@pytest.mark.parametrize(
    "page", sorted({*ROOT.glob("*.md"), *PAGES}), ids=lambda page: str(page.relative_to(ROOT))
)
def test_names_files_that_exist(page: Path) -> None:
    text = page.read_text()
    named = re.findall(r"`((?:[\w-]+/)+[\w-]+\.(?:py|toml|yaml|md))`", text)
    # What the reader of a tutorial writes.
    written = set(re.findall(r"<!-- file: (\S+) -->", text))
    assert [path for path in named if not (ROOT / path).exists() and path not in written] == []
