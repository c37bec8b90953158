"""Background work: the queue, the worker and its operations."""

from __future__ import annotations

from typing import Final

from config.environment_variables import parsers
from config.environment_variables.variable import Variable

BROKER_URL: Final = Variable(
    "SIGNALMAN_BROKER_URL",
    parsers.broker,
    # The host has no meaning for files, but Kombu warns where it has to guess one.
    "filesystem://localhost",
    "URL of the queue. Use redis://host:6379/1 or amqp://... if workers run on more than one\n"
    "machine.",
)
SCHEDULE_SECONDS: Final = Variable(
    "SIGNALMAN_SCHEDULE_SECONDS",
    parsers.positive_number,
    5.0,
    "Interval in seconds at which the schedule enqueues due work that no message announced.",
)
HEARTBEAT_LIMIT_SECONDS: Final = Variable(
    "SIGNALMAN_HEARTBEAT_LIMIT_SECONDS",
    parsers.positive_number,
    60.0,
    "Seconds without a heartbeat of a worker after which /readyz/worker reports that no worker\n"
    "runs.",
)
LEASE_SECONDS: Final = Variable(
    "SIGNALMAN_LEASE_SECONDS",
    parsers.positive_number,
    180.0,
    "Seconds after which another worker may continue an operation whose worker stopped. Must be\n"
    "longer than the slowest stage: getting a token, a read with its retries, and a write.",
)
OPERATION_DAYS: Final = Variable(
    "SIGNALMAN_OPERATION_DAYS",
    parsers.whole_number(1),
    90,
    "Days after which finished operations and the counts of the sync status are deleted. The\n"
    "audit trail is kept.",
)
