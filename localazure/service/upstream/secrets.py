"""Key Vault references of URL templates, read as the instance's managed identity.

The service reads a secret every 30 minutes; here each event does.
"""

from __future__ import annotations

from localazure.arm.keyvault import rules as vaults
from localazure.arm.resources import Resource
from localazure.entra.managed import principal_of
from localazure.entra.tokens import Principal
from localazure.world import World


class SecretUnavailable(Exception):
    """A referenced secret cannot be read; the text says why."""


def read_secret(world: World, instance: Resource, uri: str) -> str:
    """Return the value of a secret. Raises SecretUnavailable, NoIdentity."""
    principal = principal_of(instance, world.resources)
    host, _, path = uri.rstrip("/").removeprefix("https://").partition("/")
    _, name, *version = path.split("/")
    found = vaults.find_version(_vault(world, host, principal), name, *version)
    if found is None:
        raise SecretUnavailable(f"The secret '{uri}' was not found.")
    value: str = found["value"]
    return value


def _vault(world: World, host: str, principal: Principal) -> Resource:
    name = host.removesuffix(vaults.HOST_SUFFIX).lower()
    for vault in world.resources.of_type(vaults.TYPE):
        if vault.name.lower() == name:
            if vaults.may(vault, world.resources, principal.object_id, "get"):
                return vault
            raise SecretUnavailable(
                f"The identity '{principal.object_id}' may not read the secrets of '{host}'."
            )
    raise SecretUnavailable(f"There is no vault at '{host}'.")
