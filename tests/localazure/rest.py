"""ARM without an SDK, for tests of headers and bodies."""

from __future__ import annotations

from typing import Any

import requests

from localazure import seed
from tests.cloud import LocalAzure

API_VERSION = "2023-02-01"
CHAT_ID = seed.resource_id(seed.REALTIME_GROUP, "Microsoft.SignalRService/signalR", seed.CHAT)
LAB_ID = seed.resource_id(seed.PAYMENTS_GROUP, "Microsoft.SignalRService/signalR", seed.LAB)


class Arm:
    """Calls Local Azure's ARM with a token of a service principal."""

    def __init__(self, cloud: LocalAzure, client: str, secret: str) -> None:
        self._cloud = cloud
        self.token = self._token(client, secret)

    def _token(self, client: str, secret: str) -> str:
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        answer = requests.post(
            f"{self._cloud.url}/{seed.TENANT_ID}/oauth2/v2.0/token",
            data=form | {"scope": "https://management.azure.com/.default"},
            verify=str(self._cloud.ca_file),
            timeout=10,
        )
        token: str = answer.json()["access_token"]
        return token

    def call(
        self, method: str, path: str, body: Any = None, version: str | None = API_VERSION
    ) -> requests.Response:
        """Send a request and return the answer, whatever its status."""
        return requests.request(
            method,
            path if path.startswith("https://") else self._cloud.url + path,
            params={} if "api-version=" in path or version is None else {"api-version": version},
            json=body,
            headers={"Authorization": f"Bearer {self.token}"},
            verify=str(self._cloud.ca_file),
            timeout=10,
        )

    def document(self, path: str, version: str = API_VERSION) -> Any:
        """Return the JSON of a GET that succeeds."""
        answer = self.call("GET", path, version=version)
        answer.raise_for_status()
        return answer.json()
