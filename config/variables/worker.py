"""Background work: the queue, the worker and its operations."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import Variable

BROKER_URL: Final = Variable(
    "SIGNALMAN_BROKER_URL",
    env.broker,
    # The host has no meaning for files, but Kombu warns where it has to guess one.
    "filesystem://localhost",
    "filesystem://localhost, or redis://host:6379/1 or amqp://... as soon as workers run on more\n"
    "than one machine.",
)
SCHEDULE_SECONDS: Final = Variable(
    "SIGNALMAN_SCHEDULE_SECONDS",
    env.positive_number,
    5.0,
    "How often workers look for due work that no message announced. Seconds.",
)
HEARTBEAT_LIMIT_SECONDS: Final = Variable(
    "SIGNALMAN_HEARTBEAT_LIMIT_SECONDS",
    env.positive_number,
    60.0,
    "How long after the last heartbeat of a worker /readyz reports that there is none. Seconds.",
)
LEASE_SECONDS: Final = Variable(
    "SIGNALMAN_LEASE_SECONDS",
    env.positive_number,
    180.0,
    "How long a worker may hold an operation before another takes it over. Longer than the\n"
    "slowest stage: a token, a read with its retries, and a write. Seconds.",
)
OPERATION_DAYS: Final = Variable(
    "SIGNALMAN_OPERATION_DAYS",
    env.whole_number(1),
    90,
    "Days after which ended operations and counts of the sync status are deleted. The audit trail\n"
    "stays.",
)
