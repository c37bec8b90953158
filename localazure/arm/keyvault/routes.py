"""The routes of Microsoft.KeyVault, by subject."""

from __future__ import annotations

from localazure.arm.keyvault.deleted_vaults import deleted_vaults
from localazure.arm.keyvault.private_endpoints import vault_connections
from localazure.arm.keyvault.secret_resources import vault_secrets
from localazure.arm.keyvault.vaults import vaults

PROVIDERS = (vaults, deleted_vaults, vault_secrets, vault_connections)
