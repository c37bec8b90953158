"""The home tenant's directory: applications and their service principals."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

# Names of things that a seed leaves out are derived from what it does say, so that two runs agree.
_NAMESPACE = uuid.UUID("10ca1a22-0000-4000-8000-000000000000")


def derived_guid(*parts: str) -> str:
    """Return the same GUID for the same parts, whatever their case."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts).lower()))


@dataclass
class Application:
    """An app registration with its service principal in the home tenant."""

    app_id: str
    display_name: str
    principal_id: str
    identifier_uris: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    # 1 or absent: v1 tokens for this application; 2: v2 tokens.
    token_version: int | None = None

    @classmethod
    def from_seed(cls, value: dict[str, Any]) -> Application:
        """Read an application as a seed writes it; only `displayName` must be given."""
        app_id = value.get("appId") or derived_guid("application", value["displayName"])
        return cls(
            app_id=app_id,
            display_name=value["displayName"],
            principal_id=value.get("principalId") or derived_guid("principal", app_id),
            identifier_uris=value.get("identifierUris", []),
            secrets=value.get("secrets", []),
            token_version=value.get("requestedAccessTokenVersion"),
        )

    def accepts(self, secret: str) -> bool:
        """Tell whether the secret is one of this application's."""
        return any(hmac.compare_digest(secret.encode(), known.encode()) for known in self.secrets)

    def answers_to(self, resource: str) -> bool:
        """Tell whether a token asked for `resource` is for this application."""
        return resource.rstrip("/") in {self.app_id, *(u.rstrip("/") for u in self.identifier_uris)}


class Directory:
    """The applications by id."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._applications: dict[str, Application] = {}

    def add(self, application: Application) -> None:
        """Add an application, or replace the one of the same id."""
        self._applications[application.app_id.lower()] = application

    def find(self, app_id: str) -> Application | None:
        """Return the application of that client id."""
        return self._applications.get(app_id.lower())

    def for_resource(self, resource: str) -> Application | None:
        """Return the application that a token for `resource` is meant for."""
        return next((app for app in self.applications() if app.answers_to(resource)), None)

    def applications(self) -> list[Application]:
        """Return all applications."""
        return list(self._applications.values())

    def to_json(self) -> dict[str, Any]:
        """Return the directory as JSON values; `from_json` reads it back."""
        return {
            "tenantId": self.tenant_id,
            "applications": [asdict(application) for application in self.applications()],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Directory:
        """Read what `to_json` wrote."""
        directory = cls(value["tenantId"])
        for application in value["applications"]:
            directory.add(Application(**application))
        return directory
