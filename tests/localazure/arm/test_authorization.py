from __future__ import annotations

from typing import Any

import pytest
import requests

from localazure import seed
from localazure.entra.directory.home_tenant import derived_guid
from tests.cloud import LocalAzure
from tests.localazure.rest import CHAT_ID, Arm

VERSION = "2022-04-01"
SUBSCRIPTION = f"/subscriptions/{seed.SUBSCRIPTION_ID}"
ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"
NAME = "0a0a0a0a-0000-4000-8000-00000000000a"
OTHER_NAME = "0a0a0a0a-0000-4000-8000-00000000000b"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def assign(arm: Arm, name: str = NAME, scope: str = CHAT_ID, **asked: str) -> requests.Response:
    properties = {
        "roleDefinitionId": f"{SUBSCRIPTION}{DEFINITIONS}/{READER}",
        "principalId": seed.ORDERS_PRINCIPAL_ID,
        "principalType": "ServicePrincipal",
    }
    path = f"{scope}{ASSIGNMENTS}/{name}"
    return arm.call("PUT", path, {"properties": properties | asked}, VERSION)


def code(answer: requests.Response) -> Any:
    return answer.json()["error"]["code"]


def principals(arm: Arm, scope: str, condition: str) -> set[str]:
    path = f"{scope}{ASSIGNMENTS}?api-version={VERSION}&$filter={condition}"
    return {one["properties"]["principalId"] for one in arm.document(path)["value"]}


def test_assigns_role_once(arm: Arm) -> None:
    assert assign(arm).status_code == 201
    assert assign(arm).status_code == 200
    assert code(assign(arm, OTHER_NAME)) == "RoleAssignmentExists"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"principalType": "User"}, "UnmatchedPrincipalType"),
        ({"roleDefinitionId": f"{SUBSCRIPTION}{DEFINITIONS}/{NAME}"}, "RoleDefinitionDoesNotExist"),
        ({"name": "not-a-guid"}, "InvalidRoleAssignmentId"),
        ({"scope": f"{CHAT_ID}-2"}, "ResourceNotFound"),
    ],
)
def test_refuses_invalid_assignment(arm: Arm, asked: dict[str, str], expected: str) -> None:
    assert code(assign(arm, **asked)) == expected


def test_assignment_cannot_change(arm: Arm) -> None:
    assign(arm)
    answer = assign(arm, principalId=seed.SHARED_PRINCIPAL_ID)
    assert (answer.status_code, code(answer)) == (409, "RoleAssignmentUpdateNotPermitted")


def test_list_includes_inherited_assignments(arm: Arm) -> None:
    assign(arm)
    both = {seed.CLIENT_OBJECT_ID, seed.READER_OBJECT_ID}
    assert principals(arm, CHAT_ID, "atScope()") == both | {seed.ORDERS_PRINCIPAL_ID}
    assert principals(arm, SUBSCRIPTION, "atScope()") == both
    mine = f"principalId eq '{seed.ORDERS_PRINCIPAL_ID}'"
    assert principals(arm, SUBSCRIPTION, mine) == {seed.ORDERS_PRINCIPAL_ID}


def test_deletes_assignment(arm: Arm) -> None:
    assign(arm)
    path = f"{CHAT_ID}{ASSIGNMENTS}/{NAME}"
    assert arm.call("DELETE", path, version=VERSION).status_code == 200
    assert arm.call("DELETE", path, version=VERSION).status_code == 204
    missing = arm.call("GET", path, version=VERSION)
    assert (missing.status_code, code(missing)) == (404, "RoleAssignmentNotFound")
    assert missing.json()["error"]["message"] == f"The role assignment '{NAME}' is not found."


def test_finds_roles_by_name_and_id(arm: Arm) -> None:
    path = f"{SUBSCRIPTION}{DEFINITIONS}?api-version={VERSION}&$filter=roleName eq 'Reader'"
    (role,) = arm.document(path)["value"]
    assert role["name"] == READER
    assert role["id"] == f"{SUBSCRIPTION}{DEFINITIONS}/{READER}"
    assert arm.document(f"{DEFINITIONS}/{OWNER}", VERSION)["properties"]["roleName"] == "Owner"


def test_lists_permissions_of_caller(arm: Arm) -> None:
    path = f"{CHAT_ID}/providers/Microsoft.Authorization/permissions"
    (held,) = arm.document(path, VERSION)["value"]
    assert held["actions"] == ["*"]


def test_shows_client_id_of_system_assigned_identity(arm: Arm) -> None:
    path = f"{CHAT_ID}/providers/Microsoft.ManagedIdentity/identities/default"
    properties = arm.document(path, "2024-11-30")["properties"]
    assert properties["principalId"] == seed.CHAT_PRINCIPAL_ID
    assert properties["clientId"] != seed.CHAT_PRINCIPAL_ID
    lab = path.replace(seed.REALTIME_GROUP, seed.PAYMENTS_GROUP).replace(seed.CHAT, seed.LAB)
    assert arm.call("GET", lab, version="2024-11-30").status_code == 404


def test_unknown_principal_needs_a_type(arm: Arm) -> None:
    properties = {"roleDefinitionId": f"{DEFINITIONS}/{READER}", "principalId": OTHER_NAME}
    path = f"{CHAT_ID}{ASSIGNMENTS}/{NAME}"
    refused = arm.call("PUT", path, {"properties": properties}, VERSION)
    assert (refused.status_code, code(refused)) == (400, "PrincipalNotFound")
    typed = properties | {"principalType": "User"}
    assert arm.call("PUT", path, {"properties": typed}, VERSION).status_code == 201


@pytest.mark.parametrize("kind", ["User", "Group", "ServicePrincipal"])
def test_type_follows_from_principal(arm: Arm, local_azure: LocalAzure, kind: str) -> None:
    group = {"displayName": "Operators", "id": OTHER_NAME, "members": []}
    local_azure.seed(groups=[group])
    ids = {
        "User": derived_guid("user", seed.OPERATOR_UPN),
        "Group": OTHER_NAME,
        "ServicePrincipal": seed.CHAT_PRINCIPAL_ID,
    }
    body = {"roleDefinitionId": f"{DEFINITIONS}/{READER}", "principalId": ids[kind]}
    made = arm.call("PUT", f"{CHAT_ID}{ASSIGNMENTS}/{NAME}", {"properties": body}, VERSION)
    assert made.json()["properties"]["principalType"] == kind


def test_role_of_group_applies_to_members(arm: Arm, local_azure: LocalAzure) -> None:
    outer = {"displayName": "Outer", "id": NAME, "members": [OTHER_NAME]}
    inner = {"displayName": "Inner", "id": OTHER_NAME, "members": [seed.ORDERS_PRINCIPAL_ID]}
    local_azure.seed(groups=[outer, inner])
    assign(arm, principalId=NAME, principalType="Group")
    condition = f"assignedTo('{seed.ORDERS_PRINCIPAL_ID}')"
    assert principals(arm, CHAT_ID, condition) == {NAME}
    order = {
        "resource": "https://management.azure.com",
        "principal": seed.identity_id(seed.PAYMENTS_GROUP, seed.SHARED_IDENTITY),
    }
    arm.token = local_azure.post("/_local/tokens", order)["token"]
    assert arm.call("GET", CHAT_ID).status_code == 403
    order["principal"] = seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY)
    arm.token = local_azure.post("/_local/tokens", order)["token"]
    assert arm.call("GET", CHAT_ID).status_code == 200


def test_custom_role_is_created_assigned_and_deleted(arm: Arm) -> None:
    permissions = [{"actions": ["Microsoft.SignalRService/*/read"], "notActions": []}]
    body = {
        "roleName": "SignalR watcher",
        "assignableScopes": [SUBSCRIPTION],
        "permissions": permissions,
    }
    path = f"{SUBSCRIPTION}{DEFINITIONS}/{OTHER_NAME}"
    assert arm.call("PUT", path, {"properties": body}, VERSION).status_code == 201
    query = f"{SUBSCRIPTION}{DEFINITIONS}?api-version={VERSION}&$filter=type eq 'CustomRole'"
    assert [one["name"] for one in arm.document(query)["value"]] == [OTHER_NAME]
    assert assign(arm, roleDefinitionId=path).status_code == 201
    assert arm.call("DELETE", path, version=VERSION).status_code == 200
    assert arm.call("GET", path, version=VERSION).status_code == 404
