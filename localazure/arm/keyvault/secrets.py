"""The secrets that a vault stores: versions, attributes, and deleted secrets until their purge.

Names are compared in any case, and shown as in the first request that set them.
"""

from __future__ import annotations

import base64
import copy
import json
import secrets
import time
from typing import Any

from localazure.arm.keyvault.errors import (
    BadParameter,
    DeletedButRecoverable,
    DeletedSecretNotFound,
    PurgeNotAllowed,
    SecretExists,
    SecretNotFound,
)
from localazure.arm.keyvault.vault_document import RETENTION_DAYS
from localazure.arm.resources import Resource

_DAY_SECONDS = 24 * 60 * 60

Version = dict[str, Any]
Deleted = dict[str, Any]


class Secrets:
    """The secrets of one vault, kept in the hidden part of its resource."""

    def __init__(self, vault: Resource) -> None:
        self._vault = vault
        self._live: dict[str, list[Version]] = vault.hidden.setdefault("secrets", {})
        self._deleted: dict[str, Deleted] = vault.hidden.setdefault("deletedSecrets", {})

    def names(self) -> list[str]:
        """Return the names of the secrets, in the order in which they are listed."""
        return [self._live[key][0]["name"] for key in sorted(self._live)]

    def deleted_names(self) -> list[str]:
        """Return the names of the deleted secrets."""
        return [self._deleted[key]["versions"][0]["name"] for key in sorted(self._deleted)]

    def versions(self, name: str) -> list[Version]:
        """Return the versions, oldest first; none where there is no such secret."""
        return self._live.get(name.lower(), [])

    def find(self, name: str, version: str = "") -> Version:
        """Return a version, or the latest. Raises SecretNotFound."""
        found = [one for one in self.versions(name) if version in ("", one["version"])]
        if not found:
            raise SecretNotFound(name)
        return found[-1]

    def set(self, name: str, value: str, **members: Any) -> Version:
        """Add a version. Raises DeletedButRecoverable."""
        key, now = name.lower(), int(time.time())
        if key in self._deleted:
            raise DeletedButRecoverable(name)
        held = self._live.setdefault(key, [])
        attributes = {"enabled": True, **(members.get("attributes") or {})}
        held.append(
            {
                "name": held[0]["name"] if held else name,
                "version": _new_version(),
                "value": value,
                "contentType": members.get("contentType"),
                "tags": members.get("tags"),
                "attributes": attributes | {"created": now, "updated": now},
            }
        )
        return held[-1]

    def update(self, name: str, version: str, **members: Any) -> Version:
        """Write attributes, tags and content type of a version. Raises SecretNotFound."""
        found = self.find(name, version)
        for member in ("contentType", "tags"):
            if members.get(member) is not None:
                found[member] = members[member]
        given = {k: v for k, v in (members.get("attributes") or {}).items() if v is not None}
        found["attributes"] |= given | {"updated": int(time.time())}
        return found

    def delete(self, name: str) -> Deleted:
        """Delete all versions; they can be recovered until the purge. Raises SecretNotFound."""
        self.find(name)
        now = int(time.time())
        deleted = {
            "versions": self._live.pop(name.lower()),
            "deletedDate": now,
            "scheduledPurgeDate": now + self.retention_days * _DAY_SECONDS,
        }
        self._deleted[name.lower()] = deleted
        return deleted

    def find_deleted(self, name: str) -> Deleted:
        """Return a deleted secret. Raises DeletedSecretNotFound."""
        if name.lower() not in self._deleted:
            raise DeletedSecretNotFound(name)
        return self._deleted[name.lower()]

    def recover(self, name: str) -> Version:
        """Undo a deletion; return the latest version. Raises DeletedSecretNotFound."""
        self._live[name.lower()] = self.find_deleted(name)["versions"]
        del self._deleted[name.lower()]
        return self.find(name)

    def purge(self, name: str) -> None:
        """Remove a deleted secret permanently. Raises DeletedSecretNotFound, PurgeNotAllowed."""
        self.find_deleted(name)
        if self.is_protected:
            raise PurgeNotAllowed
        del self._deleted[name.lower()]

    def backup(self, name: str) -> str:
        """Return all versions as text that `restore` reads. Raises SecretNotFound."""
        self.find(name)
        content = json.dumps(self.versions(name)).encode("utf-8")
        return base64.urlsafe_b64encode(content).rstrip(b"=").decode("ascii")

    def restore(self, text: str) -> Version:
        """Write the versions of a backup; return the latest. Raises BadParameter, SecretExists."""
        try:
            padded = text + "=" * (-len(text) % 4)
            versions: list[Version] = json.loads(base64.urlsafe_b64decode(padded))
            name: str = versions[0]["name"]
        except (ValueError, TypeError, KeyError, IndexError) as error:
            raise BadParameter("Backup blob contains invalid or corrupt version.") from error
        if name.lower() in self._live or name.lower() in self._deleted:
            raise SecretExists(name)
        self._live[name.lower()] = copy.deepcopy(versions)
        return self.find(name)

    @property
    def retention_days(self) -> int:
        """The number of days for which deleted secrets can be recovered."""
        days: int = self._properties.get("softDeleteRetentionInDays") or RETENTION_DAYS
        return days

    @property
    def is_protected(self) -> bool:
        """Whether purge protection is enabled."""
        return bool(self._properties.get("enablePurgeProtection"))

    @property
    def recovery_level(self) -> str:
        """The `recoveryLevel` of all secrets, which follows from the vault's settings."""
        custom = "" if self.retention_days == RETENTION_DAYS else "Customized"
        return f"{custom}Recoverable{'' if self.is_protected else '+Purgeable'}"

    @property
    def _properties(self) -> dict[str, Any]:
        properties: dict[str, Any] = self._vault.document["properties"]
        return properties


def _new_version() -> str:
    """Return an id of 32 hexadecimal digits; later ones sort after earlier ones."""
    return f"{time.time_ns():016x}{secrets.token_hex(8)}"
