"""One line in the log of a worker as the broker fails, and one as it works again.

Celery writes a line for each attempt to connect, and the schedule a traceback for each task that it
cannot publish: half a megabyte in a minute.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from typing import Any, Final

from celery.signals import after_task_publish
from kombu.exceptions import OperationalError

from validation.rate_limited_log import RateLimitedLog

# Celery's loggers: of the consumer, of its connections, which says that there is one, and of beat.
CONSUMER: Final = "celery.worker.consumer.consumer"
CONNECTION: Final = "celery.worker.consumer.connection"
SCHEDULE: Final = "celery.beat"
# Of a driver's message.
_MAX_CHARACTERS: Final = 200

# A broker that fails and works by turns does not fill the log either.
_log: Final = RateLimitedLog(logging.getLogger(__name__))


class Outage:
    """The time in which a consumer, or the schedule, of this process cannot use the broker."""

    def __init__(self, subject: str) -> None:
        self._subject: Final = subject
        self._lock: Final = threading.Lock()
        self._began_at: float | None = None

    def begin(self, error: BaseException) -> None:
        """Log the first error of an outage."""
        with self._lock:
            if self._began_at is not None:
                return
            self._began_at = time.monotonic()
        reason = " ".join(str(error).split())[:_MAX_CHARACTERS] or type(error).__name__
        message = "The %s cannot use the broker. It retries until it can: %s"
        _log.write(f"{self._subject} begins", message, self._subject, reason)

    def end(self, **_: Any) -> None:
        """Log the end of an outage, if there is one; also a receiver of Celery's signals."""
        with self._lock:
            if self._began_at is None:
                return
            seconds, self._began_at = time.monotonic() - self._began_at, None
        message = "The %s can use the broker again, after %.0f seconds."
        _log.write(f"{self._subject} ends", message, self._subject, seconds)


class BrokerOutages(logging.Filter):
    """Drops Celery's lines about a broker that cannot be used, and logs its outages."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line is about something else."""
        if record.name == CONNECTION:
            consumer.end()
            return False
        error = _broker_error(record)
        if error is None:
            return True
        (schedule if record.name == SCHEDULE else consumer).begin(error)
        return False


def _broker_error(record: logging.LogRecord) -> BaseException | None:
    """Return the exception that a line is about, if the broker or its client raised it."""
    arguments = record.args if isinstance(record.args, tuple) else ()
    raised = [each for each in arguments if isinstance(each, BaseException)]
    if record.exc_info and record.exc_info[1] is not None:
        raised.append(record.exc_info[1])
    return next((error for one in raised for error in _chain(one) if _is_of_broker(error)), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Return an exception and those that caused it."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _is_of_broker(error: BaseException) -> bool:
    # Both clients have exceptions that are no OSError; neither need be imported here.
    client = type(error).__module__.partition(".")[0]
    return isinstance(error, (OSError, OperationalError)) or client in {"amqp", "redis"}


consumer: Final = Outage("worker")
schedule: Final = Outage("schedule")
after_task_publish.connect(schedule.end, dispatch_uid="config.broker.outages")
