"""Key Vault references: a secret as another Azure service reads it, by its managed identity."""

from __future__ import annotations

from localazure.arm.keyvault import access
from localazure.arm.keyvault.errors import VaultError
from localazure.arm.keyvault.secrets import Secrets
from localazure.arm.keyvault.vault_document import HOST_SUFFIX, TYPE
from localazure.arm.resources import Resource, Resources
from localazure.arm.signalr.private_links import has_link
from localazure.world import World


class ReferenceFailed(Exception):
    """The secret cannot be read; the text says why."""


def read(world: World, service: Resource, object_id: str, uri: str) -> str:
    """Return the value of the secret at `uri`, read by `service` as the principal `object_id`.

    The network counts first. A vault without public access, or with a firewall, is reached through
    an approved shared private link only: `bypass` applies to trusted services, and Azure SignalR
    Service is not in Microsoft's list of these ("Virtual network service endpoints for Azure Key
    Vault"). Raises ReferenceFailed.
    """
    host, _, path = uri.removeprefix("https://").rstrip("/").partition("/")
    vault = _vault(world.resources, host)
    _require_network(world.resources, vault, service)
    _, name, *version = path.split("/")
    if not access.may(vault, world, object_id, "get", name):
        raise ReferenceFailed(f"The identity '{object_id}' may not read the secrets of '{host}'.")
    try:
        found = Secrets(vault).find(name, *version)
    except VaultError as error:
        raise ReferenceFailed(f"The secret '{uri}' was not found.") from error
    if not found["attributes"]["enabled"]:
        raise ReferenceFailed(f"The secret '{uri}' is disabled.")
    value: str = found["value"]
    return value


def _vault(resources: Resources, host: str) -> Resource:
    vault = resources.named(TYPE, host.removesuffix(HOST_SUFFIX))
    if vault is None:
        raise ReferenceFailed(f"There is no vault at '{host}'.")
    return vault


def _require_network(resources: Resources, vault: Resource, service: Resource) -> None:
    properties = vault.document["properties"]
    is_open = not access.is_private(properties) and not access.denies_by_default(properties)
    if is_open or has_link(resources, service, vault):
        return
    raise ReferenceFailed(
        f"The vault '{vault.name}' allows no public network access, and '{service.name}' has no "
        "approved shared private link to it."
    )
