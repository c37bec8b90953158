"""The api-versions that a resource provider publishes, and the properties of each.

A provider keeps one document per resource, with everything that its newest version knows. Each
answer is cut down to the version that the request names.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Version = str
# A step of a path: a name, and for an array which of its elements.
_STEP = re.compile(r"(?P<name>\w+)(?P<each>\[(?:(?P<key>\w*)=(?P<value>\w+))?\])?")


class ApiVersions:
    """The published versions of one provider.

    `since` maps a property's path to the first version that shows it, `until` to the last one. A
    path is names joined by dots. After the name of an array, `[]` means every element,
    `[flag=EnableLiveTrace]` the elements with that member, and `[=Trace]` those with that value.
    Versions are dates, so they compare as text; a preview comes after the stable version of the
    same date.
    """

    def __init__(
        self,
        published: Iterable[Version],
        *,
        since: Mapping[str, Version] | None = None,
        until: Mapping[str, Version] | None = None,
    ) -> None:
        self._published = frozenset(published)
        self._since = {_steps(path): first for path, first in (since or {}).items()}
        self._until = {_steps(path): last for path, last in (until or {}).items()}

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

    def _hidden_in(self, version: Version) -> Iterator[tuple[re.Match[str], ...]]:
        yield from (path for path, first in self._since.items() if version < first)
        yield from (path for path, last in self._until.items() if version > last)


def _steps(path: str) -> tuple[re.Match[str], ...]:
    found = [_STEP.fullmatch(step) for step in path.split(".")]
    if None in found:
        raise ValueError(f"'{path}' is not a property path.")
    return tuple(step for step in found if step)


def _without(value: Any, path: tuple[re.Match[str], ...]) -> Any:
    """Return a copy of `value` that lacks what is at `path`."""
    step, rest = path[0], path[1:]
    name = step["name"]
    if not isinstance(value, dict) or name not in value:
        return value
    member = value[name]
    if step["each"]:
        return value | {name: member and _without_elements(member, step, rest)}
    if rest:
        return value | {name: _without(member, rest)}
    return {other: member for other, member in value.items() if other != name}


def _without_elements(
    elements: list[Any], step: re.Match[str], rest: tuple[re.Match[str], ...]
) -> list[Any]:
    if rest:
        return [_without(one, rest) if _is_meant(one, step) else one for one in elements]
    return [one for one in elements if not _is_meant(one, step)]


def _is_meant(element: Any, step: re.Match[str]) -> bool:
    if step["value"] is None:
        return True
    actual = element.get(step["key"]) if step["key"] else element
    return bool(actual == step["value"])
