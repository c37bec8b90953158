"""Writes of the unmodified `az` are drift in Signalman, and `az` shows what Signalman applied.

The instance is not hardened: az sends its models' defaults with each change, which undo hardening.
"""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.cloud import LocalAzure
from tests.conformance.az import Az
from tests.sync.commands import Outcome, run
from tests.sync.worker import SIGNED, drive, imported, set_desired, start

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

LAB = ["--name", seed.LAB, "--resource-group", seed.PAYMENTS_GROUP]
SYNCED, DRIFTED = 0, 2


@pytest.fixture(autouse=True)
def _lab(local_azure: LocalAzure) -> None:
    """Import the instance, with default settings; operations end quickly."""
    local_azure.post("/_local/operations", {"polls": 1, "retryAfter": 0.1})
    imported(seed.LAB)


def drift() -> Outcome:
    """Refresh from Azure, and compare."""
    return run("drift", seed.LAB, "--json")


def changed_paths(outcome: Outcome) -> list[str]:
    """Return the paths that an apply would change."""
    (entry,) = outcome.document["instances"]
    steps: list[dict[str, Any]] = entry["plan"]["steps"]
    return [change["path"] for step in steps for change in step["changes"]]


def test_identity_assigned_by_az_is_drift(az: Az) -> None:
    assert drift().code == SYNCED
    az("signalr", "identity", "assign", *LAB, "--identity", "[system]")
    outcome = drift()
    assert outcome.code == DRIFTED
    assert changed_paths(outcome) == ["identity"]
    az("signalr", "identity", "remove", *LAB)
    assert drift().code == SYNCED


def test_template_set_by_az_is_drift(az: Az) -> None:
    template = ["url-template=https://fn.example/{event}", "hub-pattern=chat"]
    az("signalr", "upstream", "update", *LAB, "--template", *template)
    outcome = drift()
    assert outcome.code == DRIFTED
    assert changed_paths(outcome) == ["upstream.templates[0]"]


def test_az_shows_applied_state(az: Az) -> None:
    apply_signed()
    assert az("signalr", "identity", "show", *LAB)["type"] == "SystemAssigned"
    (template,) = az("signalr", "upstream", "list", *LAB)["templates"]
    assert template["urlTemplate"] == SIGNED["urlTemplate"]
    assert template["auth"] == SIGNED["auth"]
    assert drift().code == SYNCED


def test_authentication_removed_by_az_is_drift(az: Az) -> None:
    apply_signed()
    az(
        *["signalr", "upstream", "update", *LAB],
        *["--template", f"url-template={SIGNED['urlTemplate']}"],
    )
    outcome = drift()
    assert outcome.code == DRIFTED
    assert "upstream.templates[0].auth_type" in changed_paths(outcome)


def apply_signed() -> None:
    """Apply an identity and a signed template to the instance."""
    operation = drive(start(set_desired(imported(seed.LAB), "SystemAssigned", SIGNED)))
    assert operation.state == "succeeded", operation.status_text
