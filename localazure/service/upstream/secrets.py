"""Key Vault references of URL templates, read as the instance's managed identity.

The service reads a secret every 30 minutes; here each event does.
"""

from __future__ import annotations

from localazure.arm.keyvault import references
from localazure.arm.resources import Resource
from localazure.entra.directory.managed_identities import principal_of
from localazure.world import World


class SecretUnavailable(Exception):
    """A referenced secret cannot be read; the text says why."""


def read_secret(world: World, instance: Resource, uri: str) -> str:
    """Return the value of a secret. Raises SecretUnavailable, NoIdentity."""
    principal = principal_of(instance, world.resources)
    try:
        return references.read(world, instance, principal.object_id, uri)
    except references.ReferenceFailed as error:
        raise SecretUnavailable(str(error)) from error
