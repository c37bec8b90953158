"""Names and ids of what is set up."""

from __future__ import annotations

from typing import Any, Final

from localazure import seed
from tests.cases.case import GROUP

APP, VAULT, HOST = "app-cases", "kv-cases", "app-cases.azurewebsites.net"
APP_ID: Final = seed.resource_id(GROUP, "Microsoft.Web/sites", APP)
VAULT_ID: Final = seed.resource_id(GROUP, "Microsoft.KeyVault/vaults", VAULT)
CUSTOM_HOST: Final = "events.contoso.example"
# The principals of the system-assigned and of the user-assigned identity.
SYSTEM: Final = "77777777-0000-4000-8000-000000000007"
USER: Final = "77777777-0000-4000-8000-000000000006"
CLIENT: Final = "77777777-0000-4000-8000-000000000008"
OTHER: Final = "99999999-0000-4000-8000-000000000009"
IDENTITY_ID: Final = seed.identity_id(GROUP, "id-cases")
KEY: Final = "system"
V1: Final = f"https://sts.windows.net/{seed.TENANT_ID}/"
V2: Final = f"https://login.microsoftonline.com/{seed.TENANT_ID}/v2.0"
Json = dict[str, Any]
# Replaced by the address of the receiver that the test serves.
RECEIVER: Final = "http://receiver.invalid"


def reference(secret: str = "code", vault: str = VAULT) -> str:
    """Return a Key Vault reference."""
    uri = f"https://{vault}.vault.azure.net/secrets/{secret}"
    return f"{{@Microsoft.KeyVault(SecretUri={uri})}}"
