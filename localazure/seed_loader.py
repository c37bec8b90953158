"""Load a seed: create the resources that it describes, with the same defaults each time.

`POST /_local/seed` and the built-in fleet take the same form. An instance's description is ARM's
own JSON, of which any part may be missing; unknown properties are kept unchanged.
"""

from __future__ import annotations

import base64
import copy
import hashlib
from collections.abc import Callable
from typing import Any

from localazure import seed
from localazure.arm import resource_groups, subscriptions
from localazure.arm.authorization import roles
from localazure.arm.authorization.effective_roles import assignment
from localazure.arm.identities import federated, user_assigned
from localazure.arm.keyvault import vault_document as vaults
from localazure.arm.keyvault.secrets import Secrets
from localazure.arm.resources import Resource, created
from localazure.arm.signalr import instance_document
from localazure.arm.signalr.shape import TYPE as SIGNALR
from localazure.arm.web import site_document as web
from localazure.entra.directory.home_tenant import Application, Group, User, derived_guid
from localazure.world import World

Description = dict[str, Any]
_BY = "local-azure"


def load_seed(world: World, description: Description) -> None:
    """Create the described resources. Raises ValueError on an unknown key."""
    unknown = set(description) - set(_LOADERS)
    if unknown:
        raise ValueError(
            f"Unknown keys: {', '.join(sorted(unknown))}. A seed can have: {', '.join(_LOADERS)}."
        )
    for kind, load in _LOADERS.items():
        for one in description.get(kind, []):
            load(world, one)


def _subscription(world: World, one: Description) -> None:
    tenant_id: str = one.get("tenantId", world.directory.tenant_id)
    subscription_id: str = one["subscriptionId"]
    name = one.get("displayName", subscription_id)
    world.resources.put(subscriptions.subscription(subscription_id, tenant_id, name))


def _application(world: World, one: Description) -> None:
    world.directory.add(Application.from_seed(one))


def _user(world: World, one: Description) -> None:
    world.directory.add_user(User.from_seed(one))


def _group(world: World, one: Description) -> None:
    world.directory.add_group(Group.from_seed(one))


def _role_assignment(world: World, one: Description) -> None:
    scope = one.get("scope", f"/subscriptions/{seed.SUBSCRIPTION_ID}")
    role = roles.find(one["role"], world.resources)
    if role is None:
        raise ValueError(f"There is no role '{one['role']}'.")
    name = derived_guid("assignment", one["principalId"], role.id, scope)
    made = assignment(scope, name, role, one["principalId"], _BY)
    made.document["properties"]["principalType"] = one.get("principalType", "ServicePrincipal")
    world.resources.put(made)


def _identity(world: World, one: Description) -> None:
    arm_id = one.get("id") or seed.identity_id(one["resourceGroup"], one["name"])
    _ensure_group(world, arm_id)
    properties = {
        "principalId": derived_guid("principal", arm_id),
        "clientId": derived_guid("client", arm_id),
        **one.get("properties", {}),
    }
    made = user_assigned.identity(
        arm_id, one.get("location", seed.LOCATION), world.directory.tenant_id, **properties
    )
    made.document["tags"] = one.get("tags", {})
    world.resources.put(made)
    for name, properties in one.get("federatedCredentials", {}).items():
        credential_id = f"{arm_id}/federatedIdentityCredentials/{name}"
        credential = {"id": credential_id, "name": name, "type": federated.TYPE}
        world.resources.put(Resource(credential | {"properties": properties}))


def _instance(world: World, one: Description) -> None:
    arm_id = one.get("id") or seed.resource_id(one["resourceGroup"], SIGNALR, one["name"])
    _ensure_group(world, arm_id)
    document = instance_document.blank(arm_id, one.get("location", seed.LOCATION))
    given = copy.deepcopy({key: value for key, value in one.items() if key != "resourceGroup"})
    document["properties"] |= given.pop("properties", {})
    _default_to_serverless(document["properties"], one.get("properties", {}))
    document |= given
    document.setdefault("systemData", created(_BY))
    if "identity" in document:
        document["identity"] = _filled(world, arm_id, document["identity"])
    world.resources.put(Resource(document, _access_keys(arm_id)))


def _default_to_serverless(properties: Description, described: Description) -> None:
    """Set the service mode in which upstream is used, unless the description names its flags."""
    if "features" not in described:
        flags = [flag for flag in properties["features"] if flag["flag"] != "ServiceMode"]
        mode = {"flag": "ServiceMode", "value": "Serverless", "properties": {}}
        properties["features"] = [mode, *flags]


def _vault(world: World, one: Description) -> None:
    arm_id = one.get("id") or seed.resource_id(one["resourceGroup"], vaults.TYPE, one["name"])
    _ensure_group(world, arm_id)
    location = one.get("location", seed.LOCATION)
    document = vaults.blank(arm_id, location, world.directory.tenant_id)
    document["properties"] |= copy.deepcopy(one.get("properties", {}))
    document |= {"tags": one.get("tags", {}), "systemData": created(_BY)}
    vault = Resource(document)
    for name, value in one.get("secrets", {}).items():
        Secrets(vault).set(name, **(value if isinstance(value, dict) else {"value": value}))
    world.resources.put(vault)


def _site(world: World, one: Description) -> None:
    arm_id = one.get("id") or seed.resource_id(one["resourceGroup"], web.TYPE, one["name"])
    _ensure_group(world, arm_id)
    kind = one.get("kind", "functionapp,linux")
    made = web.site(arm_id, one.get("location", seed.LOCATION), kind)
    made.document["tags"] = one.get("tags", {})
    properties = copy.deepcopy(one.get("properties", {}))
    made.hidden[web.WEB] |= properties.pop("siteConfig", {})
    made.document["properties"] |= {"httpsOnly": True} | properties
    if "identity" in one:
        made.document["identity"] = _filled(world, arm_id, one["identity"])
    if web.V2 in one:
        made.hidden[web.CLASSIC]["configVersion"] = "v2"
    for settings in (web.CLASSIC, web.V2, web.APP_SETTINGS, "keys", "functions"):
        made.hidden[settings] |= copy.deepcopy(one.get(settings, {}))
    world.resources.put(made)
    for name, slot in one.get("slots", {}).items():
        _site(world, {"kind": kind} | slot | {"id": f"{arm_id}/slots/{name}"})


def _filled(world: World, arm_id: str, identity: Description) -> Description:
    """Add the principal ids that Azure would assign."""
    if identity["type"] == "SystemAssigned":
        tenant_id = world.directory.tenant_id
        return {
            "principalId": derived_guid("principal", arm_id),
            "tenantId": tenant_id,
        } | identity
    users = identity.get("userAssignedIdentities", {})
    return identity | {
        "userAssignedIdentities": {
            user: _principal_of(world, user) | (given or {}) for user, given in users.items()
        }
    }


def _principal_of(world: World, identity_id: str) -> Description:
    found = world.resources.get(identity_id)
    if found is None:
        raise ValueError(f"The user-assigned identity '{identity_id}' is not in the seed.")
    properties = found.document["properties"]
    return {"principalId": properties["principalId"], "clientId": properties["clientId"]}


def _access_keys(arm_id: str) -> dict[str, str]:
    return {
        name: base64.b64encode(
            hashlib.sha256(f"{name} of {arm_id.lower()}".encode()).digest()
        ).decode()
        for name in ("primaryKey", "secondaryKey")
    }


def _ensure_group(world: World, arm_id: str) -> None:
    _, _, subscription_id, _, group, *_ = arm_id.split("/")
    made = resource_groups.group(subscription_id, group, seed.LOCATION)
    if world.resources.get(made.id) is None:
        world.resources.put(made)


# In the order of their dependencies.
_LOADERS: dict[str, Callable[[World, Description], None]] = {
    "subscriptions": _subscription,
    "applications": _application,
    "users": _user,
    "groups": _group,
    "roleAssignments": _role_assignment,
    "identities": _identity,
    "instances": _instance,
    "vaults": _vault,
    "sites": _site,
}
