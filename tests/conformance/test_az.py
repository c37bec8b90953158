"""The unmodified `az` works with Local Azure."""

from __future__ import annotations

from typing import Any

import pytest

from localazure import seed
from tests.conformance.az import Az, AzFailed

pytestmark = pytest.mark.slow

LAB = ["--name", seed.LAB, "--resource-group", seed.PAYMENTS_GROUP]


def names(instances: list[dict[str, Any]]) -> set[str]:
    """Return the instances' names."""
    return {instance["name"] for instance in instances}


def test_list_and_show(az: Az) -> None:
    assert seed.LAB in names(az("signalr", "list"))
    assert seed.LAB not in names(az("signalr", "list", "-g", seed.REALTIME_GROUP))
    assert az("signalr", "show", *LAB)["location"] == seed.LOCATION


def test_error_names_unknown_instance(az: Az) -> None:
    with pytest.raises(AzFailed, match="contoso-missing"):
        az("signalr", "show", "--name", "contoso-missing", "--resource-group", seed.PAYMENTS_GROUP)


def test_create(az: Az) -> None:
    created = az(
        *["signalr", "create", "--name", "contoso-new", "--sku", "Standard_S1"],
        *["--resource-group", seed.PAYMENTS_GROUP, "--service-mode", "Serverless"],
        *["--location", seed.LOCATION],
    )
    assert created["provisioningState"] == "Succeeded"
    assert "contoso-new" in names(az("signalr", "list"))


def test_identity_assign_show_and_remove(az: Az) -> None:
    az("signalr", "identity", "assign", *LAB, "--identity", "[system]")
    shown = az("signalr", "identity", "show", *LAB)
    assert shown["type"] == "SystemAssigned"
    assert shown["principalId"]
    az("signalr", "identity", "remove", *LAB)
    assert az("signalr", "identity", "show", *LAB) is None


def test_assigns_user_assigned_identity(az: Az) -> None:
    identity = seed.identity_id(seed.PAYMENTS_GROUP, seed.SHARED_IDENTITY)
    az("signalr", "identity", "assign", *LAB, "--identity", identity)
    [(arm_id, assigned)] = az("signalr", "identity", "show", *LAB)["userAssignedIdentities"].items()
    assert arm_id.lower() == identity.lower()
    assert assigned["principalId"] == seed.SHARED_PRINCIPAL_ID


def test_upstream_update_list_and_clear(az: Az) -> None:
    az(
        *["signalr", "upstream", "update", *LAB],
        *["--template", "url-template=https://fn.example/{event}", "hub-pattern=chat"],
        *["--template", "url-template=https://fn.example/rest"],
    )
    first, second = az("signalr", "upstream", "list", *LAB)["templates"]
    assert (first["hubPattern"], first["categoryPattern"]) == ("chat", "*")
    assert second["urlTemplate"] == "https://fn.example/rest"
    az("signalr", "upstream", "clear", *LAB)
    assert az("signalr", "upstream", "list", *LAB)["templates"] == []
