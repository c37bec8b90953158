"""Where Azure Resource Manager is and how long to wait for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

HTTPS_PORT: Final = 443


class Call(NamedTuple):
    """One HTTP request to Azure and its answer: no status where none came."""

    host: str
    method: str
    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class ArmSettings:
    """How to reach one Azure: the public cloud by default.

    `scope` is what the bearer token is asked for; national clouds have their own. Switch
    `instance_discovery` off only where the authority is not one that Microsoft publishes. Times are
    in seconds. `observe` is told of every request, a repeated one each time. Raises ValueError for
    an endpoint that would carry a token in clear.
    """

    endpoint: str = "https://management.azure.com"
    instance_discovery: bool = True
    scope: str = "https://management.azure.com/.default"
    connect_seconds: float = 5.0
    read_seconds: float = 20.0
    observe: Callable[[Call], None] | None = None

    def __post_init__(self) -> None:
        if origin(self.endpoint) is None:
            raise ValueError(
                f"{self.endpoint!r} is not an https address; a bearer token is never sent in clear."
            )


def origin(url: str) -> tuple[str, int] | None:
    """Return the host and port that an https `url` goes to, or None for any other url."""
    try:
        parts = urlsplit(url)
        port = parts.port or HTTPS_PORT
    except ValueError:
        return None
    if parts.scheme != "https" or not parts.hostname:
        return None
    return parts.hostname, port
