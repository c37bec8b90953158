"""Celery's filesystem transport, with messages that appear complete or not at all.

kombu opens a message's file, locks it and then writes: a reader in between gets an empty message,
and its worker stops permanently. The exchange's file has the same race.
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
    """kombu's channel, with atomic writes."""

    def _put(  # type: ignore[override]  # two classes of the stubs disagree
        self, queue: str, payload: dict[str, Any], **_options: Any
    ) -> None:
        """Put a message onto `queue`: a rename within a folder is atomic."""
        name = uuid.uuid4()
        folder = Path(self.data_folder_out)
        # A name without a queue's suffix is not read as a message.
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
