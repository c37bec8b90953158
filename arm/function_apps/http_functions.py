"""The functions of a Function App that answer HTTP requests, as Azure returned them.

Shapes: Microsoft.Web/sites/functions, api-version 2025-05-01. Source: "Azure Functions HTTP
trigger", authorization level. `config` is the function.json, whose names differ in case.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from arm.errors import unreadable

AuthLevel = Literal["anonymous", "function", "admin"]

_LEVELS: Final[Mapping[str, AuthLevel]] = {
    "anonymous": "anonymous",
    "function": "function",
    "admin": "admin",
}
# An address is no URL: a route may hold a question mark.
_ORIGIN: Final = re.compile(r"^https?://[^/]*", re.IGNORECASE)
# A parameter of a route, such as {id:int?}, or one that takes the rest of the path: {*rest}.
_PARAMETER: Final = re.compile(r"\{(\*?)[^{}]*?(\??)\}")


@dataclass(frozen=True, slots=True)
class HttpFunction:
    """A function with an HTTP trigger.

    `path` is its route with the app's prefix, such as `/api/orders/{id}`. Except for `anonymous`, a
    request needs a key: of the function or host (`function`), or the master key (`admin`).
    """

    name: str
    path: str
    level: AuthLevel
    is_disabled: bool = False

    def serves(self, path: str) -> bool:
        """Return whether requests to `path` reach the function; routes ignore case."""
        return re.fullmatch(_pattern(self.path), path.rstrip("/"), re.IGNORECASE) is not None

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, which are the arguments of this class."""
        return asdict(self)


def http_functions(functions: Iterable[Mapping[str, Any]]) -> tuple[HttpFunction, ...]:
    """Read a list of functions; other triggers are left out. Raises UnexpectedAnswer."""
    try:
        return tuple(found for each in functions for found in _read(each["properties"] or {}))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise unreadable(error, "a list of functions") from error


def _read(properties: Mapping[str, Any]) -> Iterator[HttpFunction]:
    config = properties.get("config") or {}
    for binding in config.get("bindings") or ():
        if str(binding.get("type")).lower() != "httptrigger":
            continue
        name = str(properties.get("name") or "")
        invoked = _ORIGIN.sub("", properties.get("invoke_url_template") or "")
        yield HttpFunction(
            name=name,
            path=invoked or f"/api/{binding.get('route') or name}",
            level=_LEVELS.get(str(binding.get("authLevel")).lower(), "function"),
            is_disabled=bool(properties.get("isDisabled")),
        )


def _pattern(route: str) -> str:
    """Return the regular expression of a route."""
    pattern, at = "", 0
    for found in _PARAMETER.finditer(route.rstrip("/")):
        pattern += re.escape(route[at : found.start()])
        pattern += ".*" if found[1] else "[^/]*" if found[2] else "[^/]+"
        at = found.end()
    return pattern + re.escape(route.rstrip("/")[at:])
