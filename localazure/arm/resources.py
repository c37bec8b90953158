"""The store of ARM resources, addressed by their ids in any case."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Resource:
    """A resource: the document that GET returns, and what it hides (keys, secrets, settings)."""

    document: dict[str, Any]
    hidden: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The ARM id, spelled as the provider spells it."""
        arm_id: str = self.document["id"]
        return arm_id

    @property
    def type(self) -> str:
        """The provider's type in lower case, for comparisons."""
        provider_type: str = self.document["type"]
        return provider_type.lower()

    @property
    def name(self) -> str:
        """The last part of the id."""
        return self.id.rsplit("/", 1)[-1]


class Resources:
    """All resources by id, in order of creation."""

    def __init__(self) -> None:
        self._by_id: dict[str, Resource] = {}
        # Each request reads the role assignments, and many look for the instance of a name.
        self._by_type: defaultdict[str, dict[str, Resource]] = defaultdict(dict)
        self._by_name: defaultdict[tuple[str, str], dict[str, Resource]] = defaultdict(dict)

    def get(self, arm_id: str) -> Resource | None:
        """Return the resource with this id."""
        return self._by_id.get(arm_id.lower())

    def put(self, resource: Resource) -> None:
        """Add a resource, or replace the one with the same id."""
        key = resource.id.lower()
        self._by_id[key] = self._by_type[resource.type][key] = resource
        self._by_name[resource.type, resource.name.lower()][key] = resource

    def remove(self, arm_id: str) -> None:
        """Remove the resource with this id, if it exists."""
        resource = self._by_id.pop(arm_id.lower(), None)
        if resource:
            del self._by_type[resource.type][arm_id.lower()]
            del self._by_name[resource.type, resource.name.lower()][arm_id.lower()]

    def of_type(self, provider_type: str, scope: str = "") -> Iterator[Resource]:
        """Yield the resources of a type whose id lies under `scope`."""
        prefix = f"{scope.lower().rstrip('/')}/"
        for arm_id, resource in self._by_type[provider_type.lower()].items():
            if arm_id.startswith(prefix):
                yield resource

    def named(self, provider_type: str, name: str) -> Resource | None:
        """Return the oldest resource of a type with this name, in any case."""
        found = self._by_name.get((provider_type.lower(), name.lower()), {})
        return next(iter(found.values()), None)

    def __iter__(self) -> Iterator[Resource]:
        """Yield all resources, in the order of their creation."""
        return iter(list(self._by_id.values()))

    def under(self, scope: str) -> list[Resource]:
        """Return the resources of every type whose id lies under `scope`, oldest first."""
        prefix = f"{scope.lower().rstrip('/')}/"
        return [one for arm_id, one in self._by_id.items() if arm_id.startswith(prefix)]

    def to_json(self) -> list[dict[str, Any]]:
        """Return the resources as JSON values; `from_json` reads them back."""
        return [asdict(resource) for resource in self._by_id.values()]

    @classmethod
    def from_json(cls, value: list[dict[str, Any]]) -> Resources:
        """Read the result of `to_json`."""
        resources = cls()
        for entry in value:
            resources.put(Resource(**entry))
        return resources


def timestamp() -> str:
    """Return the time in ARM's form: UTC, with seven digits of a second."""
    return dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def created(by: str) -> dict[str, str]:
    """Return the systemData of a new resource."""
    return {"createdBy": by, "createdByType": "Application", "createdAt": timestamp()} | touched(by)


def touched(by: str) -> dict[str, str]:
    """Return the part of systemData that changes with each write."""
    return {
        "lastModifiedBy": by,
        "lastModifiedByType": "Application",
        "lastModifiedAt": timestamp(),
    }
