"""Federated credentials of user-assigned identities: trusted issuers and subjects.

Sources: recordings of azure-cli (2023) and azure-service-operator (2024); limits: Microsoft's
"Important considerations and restrictions for federated identity credentials".
"""

from __future__ import annotations

import re
from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.identities.user_assigned import API_VERSIONS, ONE, identity_id
from localazure.arm.identities.user_assigned import TYPE as IDENTITY_TYPE
from localazure.arm.resources import Resource, Resources
from localazure.arm.routing import Call, Provider
from localazure.arm.schema import ANYTHING

TYPE = f"{IDENTITY_TYPE}/federatedIdentityCredentials"
LIMIT = 20
_LIST = f"{ONE}/federatedIdentityCredentials"
_ONE = f"{_LIST}/{{credential}}"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
_SHAPE = {
    **dict.fromkeys(("id", "name", "type"), str),
    "systemData": ANYTHING,
    "properties": {
        "issuer": str,
        "subject": str,
        "audiences": [str],
        "claimsMatchingExpression": ANYTHING,
    },
}

federated_credentials = Provider(TYPE, API_VERSIONS)


class CredentialNotFound(errors.ArmError):
    """No federated credential has this id; the message is recorded."""

    status = 404
    code = "NotFound"

    def __init__(self, arm_id: str) -> None:
        super().__init__(f"Resource '{arm_id}' was not found.")


class CredentialConflict(errors.Conflict):
    """Another credential of the identity has the same issuer and subject (ours)."""


def of_identity(resources: Resources, arm_id: str) -> list[dict[str, Any]]:
    """Return the properties of an identity's credentials."""
    return [one.document["properties"] for one in resources.of_type(TYPE, arm_id)]


@federated_credentials.serves("GET", _LIST, action="read")
def list_credentials(call: Call) -> Response:
    """List an identity's credentials."""
    found = call.resource(identity_id(call))
    return call.page(call.world.resources.of_type(TYPE, found.id))


@federated_credentials.serves("GET", _ONE, action="read")
def get_credential(call: Call) -> Response:
    """Read one credential. Raises CredentialNotFound."""
    found = call.world.resources.get(_id(call))
    if found is None:
        raise CredentialNotFound(_id(call))
    return call.json(found.document)


@federated_credentials.serves("PUT", _ONE, action="write")
def put_credential(call: Call) -> Response:
    """Create a credential (201) or replace it."""
    call.resource(identity_id(call))
    given = call.content(_SHAPE).get("properties") or {}
    found = call.world.resources.get(_id(call))
    _check(call, given, is_new=found is None)
    name = call.parameters["credential"]
    properties = {key: value for key, value in given.items() if value is not None}
    made = Resource({"id": _id(call), "name": name, "type": TYPE, "properties": properties})
    call.world.resources.put(made)
    if found is not None:
        return call.json(made.document)
    answer = call.json(made.document, 201)
    answer.headers["Location"] = made.id
    return answer


@federated_credentials.serves("DELETE", _ONE, action="delete")
def delete_credential(call: Call) -> Response:
    """Delete a credential: 200, or 204 where there is none."""
    if call.world.resources.get(_id(call)) is None:
        return Response(status_code=204)
    call.world.resources.remove(_id(call))
    return Response(status_code=200)


def _check(call: Call, given: dict[str, Any], *, is_new: bool) -> None:
    """Check the properties as the service does. Raises InvalidParameter, CredentialConflict."""
    name = call.parameters["credential"]
    if not _NAME.fullmatch(name):
        raise errors.InvalidParameter(f"The federated credential name '{name}' is invalid.")
    for member in ("issuer", "subject", "audiences"):
        if not given.get(member):
            raise errors.InvalidParameter(f"A federated credential requires {member}.")
    held = list(call.world.resources.of_type(TYPE, identity_id(call)))
    if is_new and len(held) >= LIMIT:
        raise errors.InvalidParameter(f"An identity has at most {LIMIT} federated credentials.")
    for other in held:
        properties = other.document["properties"]
        same = all(properties[member] == given[member] for member in ("issuer", "subject"))
        if same and other.name.lower() != name.lower():
            raise CredentialConflict(
                f"The federated credential '{other.name}' has the same issuer and subject."
            )


def _id(call: Call) -> str:
    return f"{identity_id(call)}/federatedIdentityCredentials/{call.parameters['credential']}"
