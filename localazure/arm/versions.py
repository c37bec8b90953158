"""The api-versions that a resource provider publishes, and what each of them shows.

A provider keeps one document per resource, with everything that its newest version knows. Each
answer is cut down to the version that the request names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Version = str
_ALL = "[]"


class ApiVersions:
    """The published versions of one provider.

    `since` maps a property's path to the first version that shows it, `until` to the last one. A
    path is names joined by dots; `[]` after a name means every element of that array, as in
    `properties.privateEndpointConnections[].properties.groupIds`. Versions are dates, so they
    compare as text; a preview comes after the stable version of the same date.
    """

    def __init__(
        self,
        published: Iterable[Version],
        *,
        since: Mapping[str, Version] | None = None,
        until: Mapping[str, Version] | None = None,
    ) -> None:
        self._published = frozenset(published)
        self._since = {tuple(path.split(".")): first for path, first in (since or {}).items()}
        self._until = {tuple(path.split(".")): last for path, last in (until or {}).items()}

    def __contains__(self, version: object) -> bool:
        return version in self._published

    def __iter__(self) -> Iterator[Version]:
        """Yield the versions, oldest first."""
        return iter(sorted(self._published))

    def shown(self, document: Any, version: Version) -> Any:
        """Return the document as `version` shows it; the document itself does not change."""
        for path in self._hidden_in(version):
            document = _without(document, path)
        return document

    def _hidden_in(self, version: Version) -> Iterator[tuple[str, ...]]:
        yield from (path for path, first in self._since.items() if version < first)
        yield from (path for path, last in self._until.items() if version > last)


def _without(value: Any, path: tuple[str, ...]) -> Any:
    """Return a copy of `value` that lacks the property at `path`."""
    name, rest = path[0], path[1:]
    key = name.removesuffix(_ALL)
    if not isinstance(value, dict) or key not in value:
        return value
    if not rest:
        return {other: member for other, member in value.items() if other != key}
    member = value[key]
    if name.endswith(_ALL):
        return value | {key: [_without(one, rest) for one in member or []]}
    return value | {key: _without(member, rest)}
