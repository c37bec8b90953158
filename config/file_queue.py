"""Celery's filesystem transport, with messages that are there whole or not at all.

kombu's own opens a message's file, locks it and then writes: who looks in between takes an empty
message, and the worker ends for good. The exchange's file is read in the same gap.
"""

from __future__ import annotations

import fcntl
import uuid
from pathlib import Path
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps


class Channel(filesystem.Channel):
    """Writes as kombu's does, and so that a reader never comes too early."""

    def _put(  # type: ignore[override]  # two classes of the stubs disagree
        self, queue: str, payload: dict[str, Any], **_options: Any
    ) -> None:
        """Put a message onto `queue`: a rename within a folder is seen whole or not at all."""
        name = uuid.uuid4()
        folder = Path(self.data_folder_out)
        # A name that ends in no queue's is nobody's message.
        draft = folder / f"{name}.draft"
        try:
            draft.write_text(dumps(payload), encoding="utf-8")
            draft.rename(folder / f"{round(monotonic() * 1000)}_{name}.{queue}.msg")
        except OSError as error:
            draft.unlink(missing_ok=True)
            raise ChannelError(f"A message for {queue} cannot be written: {error}") from error

    def _queue_bind(self, *binding: Any) -> None:
        """Bind a queue, one process after another."""
        self.control_folder.mkdir(exist_ok=True)
        with (self.control_folder / "lock").open("a") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            super()._queue_bind(*binding)


class Transport(filesystem.Transport):
    """The transport that `CELERY_BROKER_TRANSPORT` names for the filesystem's broker URL."""

    Channel = Channel
