"""Client of Local Azure's control plane and Resource Manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
from azure.identity import ClientSecretCredential

# The api-version of azure-mgmt-signalr 1.2.0.
_ARM_VERSION: Final = "2023-02-01"


@dataclass(frozen=True)
class LocalAzure:
    """A running Local Azure at `url`; `ca_file` holds its certificate authority.

    `environment` has the variables that `python -m localazure env` prints.
    """

    url: str
    ca_file: str
    environment: Mapping[str, str]

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a POST with JSON to the control plane and return the JSON answer."""
        answer = requests.post(f"{self.url}{path}", json=body, verify=self.ca_file, timeout=60)
        answer.raise_for_status()
        result: dict[str, Any] = answer.json() if answer.content else {}
        return result

    def requests(self) -> list[dict[str, Any]]:
        """Return the requests that Local Azure received, oldest first."""
        answer = requests.get(f"{self.url}/_local/requests", verify=self.ca_file, timeout=60)
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()
        return found

    def send_event(self, instance: str, category: str, event: str, **rest: Any) -> dict[str, Any]:
        """Send an event of a client of the hub `chat` upstream, as the service does."""
        return self.post(
            "/_local/events",
            {"instance": instance, "hub": "chat", "category": category, "event": event, **rest},
        )

    def token(self, principal: str, resource: str, **forgery: Any) -> str:
        """Return a token of `principal`'s identity for `resource`, changed as `forgery` says."""
        token: str = self.post(
            "/_local/tokens", {"principal": principal, "resource": resource, **forgery}
        )["token"]
        return token

    def instance(self, resource_group: str, name: str) -> dict[str, Any]:
        """Return an instance as Resource Manager answers it, with all its properties."""
        path = f"/resourceGroups/{resource_group}/providers/Microsoft.SignalRService/signalR/{name}"
        answer = requests.get(
            f"{self.url}/subscriptions/{self.environment['AZURE_SUBSCRIPTION_ID']}{path}",
            params={"api-version": _ARM_VERSION},
            headers={"Authorization": f"Bearer {self._access_token()}"},
            verify=self.ca_file,
            timeout=60,
        )
        answer.raise_for_status()
        instance: dict[str, Any] = answer.json()
        return instance

    def _access_token(self) -> str:
        credential = ClientSecretCredential(
            self.environment["AZURE_TENANT_ID"],
            self.environment["AZURE_CLIENT_ID"],
            self.environment["AZURE_CLIENT_SECRET"],
            authority=self.url,
            disable_instance_discovery=True,
            connection_verify=self.ca_file,
        )
        return credential.get_token("https://management.azure.com/.default").token
