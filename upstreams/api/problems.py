"""Problem types of upstream requests."""

from __future__ import annotations

from typing import Final

from api.exception_handler import ProblemType
from upstreams.receiver.protocol.refusals import UnknownInstance

PROBLEM_TYPES: Final[dict[type[Exception], ProblemType]] = {
    UnknownInstance: ProblemType(404, "not-found", "Not found"),
}
