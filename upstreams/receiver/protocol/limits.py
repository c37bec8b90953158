"""The receiver's limits. The service's own limits are not documented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# Names in headers, in characters. A hub's is the service's own rule; the others are generous.
HUB_LENGTH: Final = 128
EVENT_LENGTH: Final = 256
CONNECTION_ID_LENGTH: Final = 128
USER_ID_LENGTH: Final = 256
INVOCATION_ID_LENGTH: Final = 64
# Claims and the client's query, in characters each.
FREE_HEADER_LENGTH: Final = 16_384
# Of the client's query.
QUERY_FIELDS: Final = 1_000

# Lists and maps within each other in a body.
NESTING: Final = 64
ARGUMENTS: Final = 64

# Characters of a handler's error that are sent to the client.
ERROR_LENGTH: Final = 2_048


@dataclass(frozen=True, slots=True)
class Limits:
    """The configurable limits: bytes of a request's body and of an encoded result.

    The service reads responses of at most 16 MiB: "Invocation failed, response too large."
    """

    body_bytes: int = 1_048_576
    result_bytes: int = 1_048_576
