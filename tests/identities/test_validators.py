"""Names and ids that Azure would refuse are refused before they are sent."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError

from identities.validators import (
    validate_instance_name,
    validate_resource_group,
    validate_user_assigned_id,
)

SUBSCRIPTION = "/subscriptions/0b1f6471-1bf0-4dda-aec3-cb9272f09590"
IDENTITY = "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"


@pytest.mark.parametrize("name", ["abc", "Chat-Prod-01", "a" * 63])
def test_instance_names_that_azure_takes(name: str) -> None:
    validate_instance_name(name)


@pytest.mark.parametrize("name", ["ab", "1abc", "abc-", "a_b", "a" * 64, "abc\n", "", "é-chat"])
def test_instance_names_that_azure_refuses(name: str) -> None:
    with pytest.raises(ValidationError, match="3 to 63"):
        validate_instance_name(name)


@pytest.mark.parametrize("name", ["a", "rg_1.(x)", "r" * 90])
def test_resource_groups_that_azure_takes(name: str) -> None:
    validate_resource_group(name)


@pytest.mark.parametrize("name", ["", "rg.", "a b", "r" * 91, "rg\n", "rg/1"])
def test_resource_groups_that_azure_refuses(name: str) -> None:
    with pytest.raises(ValidationError, match="1 to 90"):
        validate_resource_group(name)


@pytest.mark.parametrize(
    "arm_id",
    [
        f"{SUBSCRIPTION}/resourceGroups/apps{IDENTITY}/app-identity",
        f"{SUBSCRIPTION}/resourcegroups/APPS{IDENTITY.lower()}/app_1",
    ],
)
def test_identity_ids_in_the_cases_that_arm_uses(arm_id: str) -> None:
    validate_user_assigned_id(arm_id)


@pytest.mark.parametrize(
    "arm_id",
    [
        "app-identity",
        f"{SUBSCRIPTION}/resourceGroups/apps{IDENTITY}/",
        f"{SUBSCRIPTION}/resourceGroups/apps{IDENTITY}/ab",
        f"{SUBSCRIPTION}/resourceGroups/apps{IDENTITY}/app/extra",
        "/subscriptions/not-a-guid/resourceGroups/apps" + IDENTITY + "/app",
    ],
)
def test_identity_ids_that_name_nothing(arm_id: str) -> None:
    with pytest.raises(ValidationError, match="full resource ID"):
        validate_user_assigned_id(arm_id)
