"""The home tenant's directory: applications with their service principals, users and groups."""

from __future__ import annotations

import hmac
import uuid
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any

# Ids that a seed leaves out are derived from the rest of it, so that two runs agree.
_NAMESPACE = uuid.UUID("10ca1a22-0000-4000-8000-000000000000")


@lru_cache(maxsize=10_000)
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
    # Certificates as PEM, and issuers whose tokens stand in for a secret.
    certificates: list[str] = field(default_factory=list)
    federated_credentials: list[dict[str, Any]] = field(default_factory=list)
    # 1 or absent: v1 tokens for this application; 2: v2 tokens.
    token_version: int | None = None
    # Where users are redirected to after they sign in.
    redirect_uris: list[str] = field(default_factory=list)
    # Of an application of another tenant, which has only a service principal in this one.
    owner_tenant_id: str | None = None
    # Entra issues no token for an application without one (AADSTS500011).
    has_service_principal: bool = True

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
            certificates=value.get("certificates", []),
            federated_credentials=value.get("federatedCredentials", []),
            token_version=value.get("requestedAccessTokenVersion"),
            redirect_uris=value.get("redirectUris", []),
            owner_tenant_id=value.get("ownerTenantId"),
            has_service_principal=value.get("hasServicePrincipal", True),
        )

    def accepts(self, secret: str) -> bool:
        """Return whether the secret is one of this application's."""
        return any(hmac.compare_digest(secret.encode(), known.encode()) for known in self.secrets)

    def is_named_by(self, resource: str) -> bool:
        """Return whether `resource` names this application."""
        return resource.rstrip("/") in {self.app_id, *(u.rstrip("/") for u in self.identifier_uris)}


@dataclass
class User:
    """A user of the home tenant; `app_roles` are the values of the app roles, by client id."""

    object_id: str
    display_name: str
    user_principal_name: str
    app_roles: dict[str, list[str]] = field(default_factory=dict)

    @classmethod
    def from_seed(cls, value: dict[str, Any]) -> User:
        """Read a user as a seed writes it; only `userPrincipalName` must be given."""
        name: str = value["userPrincipalName"]
        return cls(
            object_id=value.get("id") or derived_guid("user", name),
            display_name=value.get("displayName", name.partition("@")[0]),
            user_principal_name=name,
            app_roles=value.get("appRoles", {}),
        )


@dataclass
class Group:
    """A security group; `members` are object ids of users, groups and service principals."""

    object_id: str
    display_name: str
    members: list[str] = field(default_factory=list)

    @classmethod
    def from_seed(cls, value: dict[str, Any]) -> Group:
        """Read a group as a seed writes it; only `displayName` must be given."""
        name: str = value["displayName"]
        return cls(
            object_id=value.get("id") or derived_guid("group", name),
            display_name=name,
            members=value.get("members", []),
        )


class Directory:
    """The applications, users and groups, by id."""

    def __init__(self, tenant_id: str) -> None:
        self.tenant_id = tenant_id
        self._applications: dict[str, Application] = {}
        self._users: dict[str, User] = {}
        self._groups: dict[str, Group] = {}

    def add(self, application: Application) -> None:
        """Add an application, or replace the one of the same id."""
        self._applications[application.app_id.lower()] = application

    def remove(self, application: Application) -> None:
        """Delete an application with its service principal."""
        del self._applications[application.app_id.lower()]

    def find(self, app_id: str) -> Application | None:
        """Return the application of that client id."""
        return self._applications.get(app_id.lower())

    def for_resource(self, resource: str) -> Application | None:
        """Return the application that `resource` names."""
        return next((app for app in self.applications() if app.is_named_by(resource)), None)

    def add_user(self, user: User) -> None:
        """Add a user, or replace the one of the same id."""
        self._users[user.object_id.lower()] = user

    def find_user(self, object_id: str) -> User | None:
        """Return the user of that object id."""
        return self._users.get(object_id.lower())

    def users(self) -> list[User]:
        """Return all users."""
        return list(self._users.values())

    def add_group(self, group: Group) -> None:
        """Add a group, or replace the one of the same id."""
        self._groups[group.object_id.lower()] = group

    def find_group(self, object_id: str) -> Group | None:
        """Return the group of that object id."""
        return self._groups.get(object_id.lower())

    def groups(self) -> list[Group]:
        """Return all groups."""
        return list(self._groups.values())

    def with_groups(self, object_id: str) -> frozenset[str]:
        """Return the principal's id and those of its groups, direct or not, in lower case."""
        found, pending = set(), [object_id.lower()]
        while pending:
            one = pending.pop()
            found.add(one)
            pending += [
                group_id
                for group_id, group in self._groups.items()
                if group_id not in found and one in {member.lower() for member in group.members}
            ]
        return frozenset(found)

    def applications(self) -> list[Application]:
        """Return all applications."""
        return list(self._applications.values())

    def to_json(self) -> dict[str, Any]:
        """Return the directory as JSON values; `from_json` reads it back."""
        return {
            "tenantId": self.tenant_id,
            "applications": [asdict(application) for application in self.applications()],
            "people": [asdict(user) for user in self.users()],
            "groups": [asdict(group) for group in self.groups()],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> Directory:
        """Read what `to_json` wrote."""
        directory = cls(value["tenantId"])
        for application in value["applications"]:
            directory.add(Application(**application))
        for user in value.get("people", []):
            directory.add_user(User(**user))
        for group in value.get("groups", []):
            directory.add_group(Group(**group))
        return directory
