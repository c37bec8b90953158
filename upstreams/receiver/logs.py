"""What is logged of requests: one line for each refusal, few where they are many, and no secret."""

from __future__ import annotations

import logging
from typing import Final

from validation.sparing import SparingLog
from validation.verdict import shown

# Slashes up to the end of /upstream/<instance>/.
_SEGMENTS: Final = 3
_ROOT: Final = "/upstream/"

refusals: Final = SparingLog(logging.getLogger(__name__))


def shown_path(path: str) -> str:
    """Return a path up to the instance's name: a secret may follow it."""
    return shown("/".join(path.split("/")[:_SEGMENTS]) + "/")


class WithoutRefusals(logging.Filter):
    """Keeps Django's own lines on what the receiver answers out of the log.

    Each refusal has one line already. Of an exception that nobody caught, Django's line is the only
    one: it stays, without the part of the address that may be secret.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether to keep the line."""
        path: str = getattr(getattr(record, "request", None), "path_info", "")
        if not path.startswith(_ROOT):
            return True
        if record.exc_info is None:
            return False
        # Django writes the whole path behind the reason phrase.
        record.msg, record.args = "%s: %s", (record.levelname, shown_path(path))
        return True
