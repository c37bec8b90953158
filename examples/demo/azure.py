"""Client of Local Azure's control plane and Resource Manager."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import uuid4

import jwt
import requests
from azure.identity import ClientSecretCredential
from requests import Response

# The api-version of azure-mgmt-signalr 1.2.0.
_ARM_VERSION: Final = "2023-02-01"
_ROLES_VERSION: Final = "2022-04-01"


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
        answer = self._arm("GET", self._path(resource_group, name), _ARM_VERSION)
        answer.raise_for_status()
        instance: dict[str, Any] = answer.json()
        return instance

    def disable_access_keys(self, resource_group: str, name: str) -> None:
        """Turn off local authentication, as `az signalr update --disable-local-auth true` does."""
        body = {"properties": {"disableLocalAuth": True}}
        path = self._path(resource_group, name)
        self._arm("PATCH", path, _ARM_VERSION, body).raise_for_status()

    def has_access_keys(self, resource_group: str, name: str) -> bool:
        """Return whether an instance gives out access keys."""
        path = f"{self._path(resource_group, name)}/listKeys"
        answer = self._arm("POST", path, _ARM_VERSION)
        return answer.ok and bool(answer.json().get("primaryKey"))

    def assign_role(self, resource_group: str, name: str, role: str) -> None:
        """Assign a built-in role on an instance to Signalman's service principal."""
        provider = f"{self._subscription}/providers/Microsoft.Authorization"
        found = self._arm(
            "GET", f"{provider}/roleDefinitions?$filter=roleName eq '{role}'", _ROLES_VERSION
        )
        found.raise_for_status()
        claims = jwt.decode(self._access_token(), options={"verify_signature": False})
        properties = {
            "roleDefinitionId": found.json()["value"][0]["id"],
            "principalId": claims["oid"],
            "principalType": "ServicePrincipal",
        }
        scope = f"{self._path(resource_group, name)}/providers/Microsoft.Authorization"
        path = f"{scope}/roleAssignments/{uuid4()}"
        self._arm("PUT", path, _ROLES_VERSION, {"properties": properties}).raise_for_status()

    @property
    def _subscription(self) -> str:
        return f"/subscriptions/{self.environment['AZURE_SUBSCRIPTION_ID']}"

    def _path(self, resource_group: str, name: str) -> str:
        provider = "Microsoft.SignalRService/signalR"
        return f"{self._subscription}/resourceGroups/{resource_group}/providers/{provider}/{name}"

    def _arm(self, method: str, path: str, version: str, body: Any = None) -> Response:
        """Send a request to Resource Manager as Signalman's service principal."""
        return requests.request(
            method,
            f"{self.url}{path}",
            params={"api-version": version},
            json=body,
            headers={"Authorization": f"Bearer {self._access_token()}"},
            verify=self.ca_file,
            timeout=60,
        )

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
