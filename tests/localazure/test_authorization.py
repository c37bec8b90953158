from __future__ import annotations

from typing import Any

import pytest
import requests

from localazure import seed
from tests.localazure.rest import CHAT_ID, Arm

VERSION = "2022-04-01"
SUBSCRIPTION = f"/subscriptions/{seed.SUBSCRIPTION_ID}"
ASSIGNMENTS = "/providers/Microsoft.Authorization/roleAssignments"
DEFINITIONS = "/providers/Microsoft.Authorization/roleDefinitions"
NAME = "0a0a0a0a-0000-4000-8000-00000000000a"
OTHER_NAME = "0a0a0a0a-0000-4000-8000-00000000000b"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def give(arm: Arm, name: str = NAME, scope: str = CHAT_ID, **asked: str) -> requests.Response:
    properties = {
        "roleDefinitionId": f"{SUBSCRIPTION}{DEFINITIONS}/{READER}",
        "principalId": seed.ORDERS_PRINCIPAL_ID,
        "principalType": "ServicePrincipal",
    }
    path = f"{scope}{ASSIGNMENTS}/{name}"
    return arm.call("PUT", path, {"properties": properties | asked}, VERSION)


def code(answer: requests.Response) -> Any:
    return answer.json()["error"]["code"]


def principals(arm: Arm, scope: str, wanted: str) -> set[str]:
    path = f"{scope}{ASSIGNMENTS}?api-version={VERSION}&$filter={wanted}"
    return {one["properties"]["principalId"] for one in arm.document(path)["value"]}


def test_a_role_is_given_once_and_the_same_again_is_no_error(arm: Arm) -> None:
    assert give(arm).status_code == 201
    assert give(arm).status_code == 200
    assert code(give(arm, OTHER_NAME)) == "RoleAssignmentExists"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"principalType": "User"}, "UnmatchedPrincipalType"),
        ({"roleDefinitionId": f"{SUBSCRIPTION}{DEFINITIONS}/{NAME}"}, "RoleDefinitionDoesNotExist"),
        ({"name": "not-a-guid"}, "InvalidRoleAssignmentId"),
        ({"scope": f"{CHAT_ID}-2"}, "ResourceNotFound"),
    ],
)
def test_a_wrong_assignment_is_refused(arm: Arm, asked: dict[str, str], expected: str) -> None:
    assert code(give(arm, **asked)) == expected


def test_an_assignment_does_not_change(arm: Arm) -> None:
    give(arm)
    answer = give(arm, principalId=seed.SHARED_PRINCIPAL_ID)
    assert (answer.status_code, code(answer)) == (409, "RoleAssignmentUpdateNotPermitted")


def test_a_list_holds_what_is_inherited(arm: Arm) -> None:
    give(arm)
    both = {seed.CLIENT_OBJECT_ID, seed.READER_OBJECT_ID}
    assert principals(arm, CHAT_ID, "atScope()") == both | {seed.ORDERS_PRINCIPAL_ID}
    assert principals(arm, SUBSCRIPTION, "atScope()") == both
    mine = f"principalId eq '{seed.ORDERS_PRINCIPAL_ID}'"
    assert principals(arm, SUBSCRIPTION, mine) == {seed.ORDERS_PRINCIPAL_ID}


def test_a_role_can_be_taken_away(arm: Arm) -> None:
    give(arm)
    path = f"{CHAT_ID}{ASSIGNMENTS}/{NAME}"
    assert arm.call("DELETE", path, version=VERSION).status_code == 200
    assert arm.call("DELETE", path, version=VERSION).status_code == 204
    assert arm.call("GET", path, version=VERSION).status_code == 404


def test_roles_are_found_by_name_and_by_id(arm: Arm) -> None:
    path = f"{SUBSCRIPTION}{DEFINITIONS}?api-version={VERSION}&$filter=roleName eq 'Reader'"
    (role,) = arm.document(path)["value"]
    assert role["name"] == READER
    assert arm.document(f"{DEFINITIONS}/{OWNER}", VERSION)["properties"]["roleName"] == "Owner"


def test_a_caller_may_ask_what_he_may(arm: Arm) -> None:
    path = f"{CHAT_ID}/providers/Microsoft.Authorization/permissions"
    (held,) = arm.document(path, VERSION)["value"]
    assert held["actions"] == ["*"]


def test_a_system_identity_shows_its_client_id_by_scope(arm: Arm) -> None:
    path = f"{CHAT_ID}/providers/Microsoft.ManagedIdentity/identities/default"
    properties = arm.document(path, "2024-11-30")["properties"]
    assert properties["principalId"] == seed.CHAT_PRINCIPAL_ID
    assert properties["clientId"] != seed.CHAT_PRINCIPAL_ID
    lab = path.replace(seed.REALTIME_GROUP, seed.PAYMENTS_GROUP).replace(seed.CHAT, seed.LAB)
    assert arm.call("GET", lab, version="2024-11-30").status_code == 404
