"""Celery's filesystem transport, with messages that appear complete or not at all.

kombu opens a message's file, locks it and then writes: a reader in between gets an empty message,
and its worker stops permanently. The exchange's file has the same race. A file that is malformed
for another reason, such as a full disk or an editor, is set aside: nothing is lost, because the
schedule enqueues due operations again.
"""

from __future__ import annotations

import fcntl
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any, Final

from kombu.exceptions import ChannelError
from kombu.transport import filesystem
from kombu.utils.json import dumps, loads

log = logging.getLogger(__name__)

# Where malformed files are kept, in the folder in which they were found.
SET_ASIDE: Final = "malformed"


class Channel(filesystem.Channel):
    """kombu's channel, with atomic writes; malformed files are set aside."""

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

    def _get(  # type: ignore[override]  # two classes of the stubs disagree
        self, queue: str
    ) -> Any:
        """Return the oldest message of `queue` that is JSON. Raises Empty."""
        for path in sorted(Path(self.data_folder_in).iterdir()):
            if path.name.partition(".")[2] != f"{queue}.msg":
                continue
            try:
                payload = loads(path.read_bytes())
                # The process that deletes the file has the message.
                path.unlink()
            except FileNotFoundError:
                continue
            except (OSError, ValueError, RecursionError) as error:
                _set_aside(path, error)
            else:
                return payload
        raise Empty

    def _get_and_deliver(self, queue: str, callback: Callable[[Any, str], None]) -> None:
        """Hand the oldest message to the worker; set it aside if the worker cannot handle it."""
        payload = self._get(queue)
        try:
            callback(payload, queue)
        except (OSError, ChannelError):
            raise
        # The worker's reader raises what it meets in a message of the wrong form, and would end. No
        # task runs yet, so what one raises does not arrive here.
        except Exception:
            path = _folder_aside(Path(self.data_folder_in)) / f"{uuid.uuid4()}.{queue}.msg"
            path.write_text(dumps(payload), encoding="utf-8")
            log.exception("A message that no worker can handle was moved to %s.", path)
            self._forget(payload)

    def _forget(self, payload: Any) -> None:
        """Acknowledge a message, so that it is not put back when the worker stops."""
        with suppress(TypeError, KeyError):
            tag = payload["properties"]["delivery_tag"]
            if tag in (self.qos._delivered or {}):  # noqa: SLF001
                self.qos.ack(tag)

    def get_table(self, exchange: str) -> list[Any]:
        """Return the queues of `exchange`; restore its file if that is malformed."""
        try:
            return self._table(exchange)
        except _Malformed:
            with self._locked():
                self._restore_table(exchange)
            return self._table(exchange)

    def _queue_bind(self, *binding: Any) -> None:
        """Bind a queue, one process after another."""
        with self._locked():
            self._restore_table(binding[0])
            super()._queue_bind(*binding)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the lock of the exchanges' files, which all processes share."""
        self.control_folder.mkdir(exist_ok=True)
        with (self.control_folder / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _table(self, exchange: str) -> list[Any]:
        try:
            return super().get_table(exchange)
        except (ValueError, TypeError, RecursionError) as error:
            raise _Malformed(str(error)) from error

    def _restore_table(self, exchange: str) -> None:
        """Replace a malformed exchange file by one with the bindings of this process."""
        try:
            self._table(exchange)
        except _Malformed as error:
            _set_aside(self.control_folder / f"{exchange}.exchange", error)
            known = (self.state.exchanges or {}).get(exchange, {})
            for binding in known.get("table", ()):
                super()._queue_bind(exchange, *binding)


class Transport(filesystem.Transport):
    """The transport that `CELERY_BROKER_TRANSPORT` names for the filesystem's broker URL."""

    Channel = Channel


class _Malformed(Exception):
    """An exchange's file is not a list of queues."""


def _folder_aside(folder: Path) -> Path:
    aside = folder / SET_ASIDE
    aside.mkdir(mode=0o700, exist_ok=True)
    return aside


def _set_aside(path: Path, error: Exception) -> None:
    """Move a malformed file out of the queue. Raises ChannelError if that is not possible."""
    try:
        moved = path.rename(_folder_aside(path.parent) / path.name)
    except FileNotFoundError:
        # Another worker was faster.
        return
    except OSError as trouble:
        raise ChannelError(f"{path} is malformed and cannot be moved: {trouble}") from trouble
    log.error("A malformed file of the queue (%r) was moved to %s.", error, moved)
