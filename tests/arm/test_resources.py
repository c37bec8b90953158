from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from arm.errors import UnexpectedAnswer
from arm.resources import SignalRResource, SubscriptionResource, UserAssignedIdentityResource

SUBSCRIPTION = UUID("bbbbbbbb-0000-4000-8000-000000000001")
PRINCIPAL = UUID("eeeeeeee-0000-4000-8000-000000000001")
TENANT = UUID("aaaaaaaa-0000-4000-8000-000000000001")
USER_ASSIGNED = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg/providers"
    "/Microsoft.ManagedIdentity/userAssignedIdentities/Id-1"
)


def _answer(**changes: Any) -> dict[str, Any]:
    return {
        "id": f"/subscriptions/{SUBSCRIPTION}/resourcegroups/rg/providers"
        "/Microsoft.SignalRService/SignalR/contoso",
        "name": "contoso",
        "location": "westeurope",
        "properties": {"provisioningState": "Succeeded", "hostName": "contoso.example"},
        "systemData": {"lastModifiedAt": "2026-01-02T03:04:05.1234567Z"},
    } | changes


def test_an_answer_is_read_whatever_the_case_of_its_id() -> None:
    resource = SignalRResource.from_arm(_answer())
    assert (resource.subscription_id, resource.resource_group) == (SUBSCRIPTION, "rg")
    assert (resource.provisioning_state, resource.host_name) == ("Succeeded", "contoso.example")
    assert resource.last_modified_at == datetime(2026, 1, 2, 3, 4, 5, 123456, tzinfo=UTC)


def test_a_system_assigned_identity_has_the_instances_principal() -> None:
    identity = {
        "type": "SystemAssigned",
        "principalId": str(PRINCIPAL),
        "tenantId": str(TENANT),
    }
    resource = SignalRResource.from_arm(_answer(identity=identity))
    assert (resource.principal_id, resource.tenant_id) == (PRINCIPAL, TENANT)


def test_user_assigned_identity_has_its_own_principal_and_case() -> None:
    ids = {"principalId": str(PRINCIPAL), "clientId": str(TENANT)}
    identity = {"type": "UserAssigned", "userAssignedIdentities": {USER_ASSIGNED: ids}}
    resource = SignalRResource.from_arm(_answer(identity=identity))
    assert resource.principal_id == PRINCIPAL
    assert resource.user_assigned == UserAssignedIdentityResource(
        arm_id=USER_ASSIGNED, name="Id-1", principal_id=PRINCIPAL, client_id=TENANT
    )


def test_keeps_unknown_fields() -> None:
    resource = SignalRResource.from_arm(_answer(fromTheFuture=1))
    assert resource.raw["fromTheFuture"] == 1


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"id": "/not/an/arm/id"},
        _answer(identity={"type": "SystemAssigned,UserAssigned"}),
        _answer(systemData={"lastModifiedAt": "yesterday"}),
        _answer(properties=[1]),
    ],
)
def test_an_answer_of_another_shape_is_refused(answer: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedAnswer):
        SignalRResource.from_arm(answer)


def test_a_subscription_names_its_tenant() -> None:
    answer = {"subscriptionId": str(SUBSCRIPTION), "tenantId": str(TENANT), "displayName": "Dev"}
    assert SubscriptionResource.from_arm(answer) == SubscriptionResource(
        SUBSCRIPTION, TENANT, "Dev"
    )
