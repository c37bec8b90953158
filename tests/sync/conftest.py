"""Fixtures of the commands' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from localazure import seed
from sync.inventory.import_subscription import import_subscription
from tests.cloud import LocalAzure
from tests.sync.commands import run
from tests.sync.declared import Fleet


@pytest.fixture
def fleet(local_azure: LocalAzure, db: None, tmp_path: Path) -> Fleet:
    """The built-in fleet, imported and exported; Azure finishes changes at the first poll."""
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0})
    import_subscription(seed.SUBSCRIPTION_ID)
    path = tmp_path / "fleet.yaml"
    path.write_text(run("export").out)
    return Fleet(path, local_azure)
