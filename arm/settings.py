"""Endpoint, scope and time-outs of Azure Resource Manager."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple
from urllib.parse import urlsplit

HTTPS_PORT: Final = 443


class Call(NamedTuple):
    """One HTTP request to Azure; `status` is None where no response came."""

    host: str
    method: str
    status: int | None
    seconds: float


@dataclass(frozen=True, slots=True)
class ArmSettings:
    """How to reach one Azure: the public cloud by default.

    `scope` is that of the bearer token; national clouds have their own. Turn `instance_discovery`
    off only for an authority that Microsoft does not publish. Times are in seconds. `observe` is
    called with every request, including retries. Raises ValueError for an endpoint without https.
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
                f"{self.endpoint!r} is not an https URL. Signalman never sends a token unencrypted."
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
