"""The log of refused requests: one line each, rate-limited, and without secrets."""

from __future__ import annotations

import logging
from typing import Final

from upstreams.receiver.protocol.paths import ROOT, shown_path
from upstreams.receiver.protocol.refusals import Refusal
from validation.rate_limited_log import RateLimitedLog

refusals: Final = RateLimitedLog(logging.getLogger(__name__))


def log_refusal(refusal: Refusal, path: str) -> None:
    """Write the line of a refusal, unless there were too many with its code."""
    skipped = refusals.admit(refusal.code)
    if skipped is not None:
        refusals.put(skipped, "Refused %s (%s): %s", shown_path(path), refusal.code, refusal)


class WithoutRefusals(logging.Filter):
    """Drops Django's own lines about the receiver's responses.

    Each refusal has a line already. Of an exception that was not caught, Django's line is the only
    one: it stays, without the part of the path that may be secret.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether to keep the line."""
        path: str = getattr(getattr(record, "request", None), "path_info", "")
        if not path.startswith(ROOT):
            return True
        if record.exc_info is None:
            return False
        # Django writes the whole path behind the reason phrase.
        record.msg, record.args = "%s: %s", (record.levelname, shown_path(path))
        return True
