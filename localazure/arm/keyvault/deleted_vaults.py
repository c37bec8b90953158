"""Deleted vaults, kept until they are recovered or purged (Microsoft.KeyVault/deletedVaults)."""

from __future__ import annotations

import datetime as dt
import re
import uuid

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.keyvault.vault_document import (
    API_VERSIONS,
    DELETED_TYPE,
    RETENTION_DAYS,
    SERVICE_HEADERS,
    TYPE,
)
from localazure.arm.resources import Resource, Resources
from localazure.arm.routing import SUBSCRIPTION, Call, Provider

_LOCATION = f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/locations/{{location}}"
_ONE = f"{_LOCATION}/deletedVaults/{{name}}"


deleted_vaults = Provider(TYPE, API_VERSIONS, headers=SERVICE_HEADERS)


class VaultDeleted(errors.Conflict):
    """A deleted vault holds the name."""

    code = "ConflictError"

    def __init__(self) -> None:
        super().__init__(
            "A vault with the same name already exists in deleted state. You need to either "
            "recover or purge existing key vault. Follow this link "
            "https://go.microsoft.com/fwlink/?linkid=2149745 for more information on soft delete."
        )


class DeletedVaultNotFound(errors.ArmError):
    """No deleted vault of that name at that location."""

    status = 404
    code = "DeletedVaultNotFound"

    def __init__(self, name: str) -> None:
        super().__init__(f"The specified deleted vault '{name}' does not exist.")


class PurgeNotAllowed(errors.ArmError):
    """The vault has purge protection."""

    code = "MethodNotAllowed"

    def __init__(self, name: str) -> None:
        super().__init__(
            f"Operation 'DeletedVaultPurge' is not allowed: '{name}' has purge protection."
        )


def delete(resources: Resources, vault: Resource) -> None:
    """Move a vault to the deleted ones."""
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    properties = vault.document["properties"]
    days = properties.get("softDeleteRetentionInDays") or RETENTION_DAYS
    location = vault.document["location"]
    protected = {"purgeProtectionEnabled": True}
    subscription = "/".join(vault.id.split("/")[:3])
    arm_id = (
        f"{subscription}/providers/Microsoft.KeyVault/locations/{location}"
        f"/deletedVaults/{vault.name}"
    )
    document = {
        "id": arm_id,
        "name": vault.name,
        "type": DELETED_TYPE,
        "properties": {
            "vaultId": vault.id,
            "location": location,
            "tags": vault.document.get("tags") or {},
            "deletionDate": _written(now),
            "scheduledPurgeDate": _written(now + dt.timedelta(days=days)),
            **(protected if properties.get("enablePurgeProtection") else {}),
        },
    }
    resources.remove(vault.id)
    resources.put(Resource(document, {"document": vault.document, "hidden": vault.hidden}))


def recover(resources: Resources, deleted: Resource) -> Resource:
    """Move a deleted vault back, with its secrets."""
    vault = Resource(deleted.hidden["document"], deleted.hidden["hidden"])
    resources.remove(deleted.id)
    resources.put(vault)
    return vault


def find_by_name(resources: Resources, name: str) -> Resource | None:
    """Return the deleted vault of that name: names are unique in all of Azure."""
    return resources.named(DELETED_TYPE, name)


def _written(time: dt.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


@deleted_vaults.serves(
    "GET", f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedVaults", action="read"
)
def list_deleted(call: Call) -> Response:
    """List the deleted vaults of a subscription."""
    return call.page(call.world.resources.of_type(DELETED_TYPE, call.scope))


@deleted_vaults.serves(
    "GET", f"{SUBSCRIPTION}/providers/Microsoft.KeyVault/deletedManagedHSMs", action="read"
)
def list_deleted_modules(call: Call) -> Response:
    """List the deleted hardware security modules, which `az` requests too: there are none."""
    return call.page(())


@deleted_vaults.serves("GET", _ONE, action="read")
def get_deleted(call: Call) -> Response:
    """Read a deleted vault. Raises DeletedVaultNotFound."""
    return JSONResponse(_deleted(call).document)


@deleted_vaults.serves("POST", f"{_ONE}/purge", action="purge/action")
def purge_deleted(call: Call) -> Response:
    """Purge a deleted vault permanently: 202, and an operation that has ended."""
    deleted = _deleted(call)
    if deleted.document["properties"].get("purgeProtectionEnabled"):
        raise PurgeNotAllowed(deleted.name)
    call.world.resources.remove(deleted.id)
    location = re.split("/deletedVaults/", call.path, flags=re.IGNORECASE)[0]
    link = call.link(f"{location}/operationResults/{uuid.uuid4()}")
    return Response(status_code=202, headers={"Location": link})


@deleted_vaults.serves("GET", f"{_LOCATION}/operationResults/{{operation}}", action="read")
def operation_result(_call: Call) -> Response:
    """Answer that a purge has ended."""
    return Response(status_code=200)


def _deleted(call: Call) -> Resource:
    path = re.sub("/purge$", "", call.path, flags=re.IGNORECASE)
    found = call.world.resources.get(path)
    if found is None:
        raise DeletedVaultNotFound(call.parameters["name"])
    return found
