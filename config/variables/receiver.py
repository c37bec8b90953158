"""The receiver of upstream requests."""

from __future__ import annotations

from typing import Final

from config import environment as env
from config.environment import Variable

BODY_BYTES: Final = Variable(
    "SIGNALMAN_BODY_BYTES",
    env.whole_number(1),
    1_048_576,
    "Largest request body, and largest result of a handler. Bytes; the service reads at most\n"
    "16 MiB.",
)
RESULT_BYTES: Final = Variable("SIGNALMAN_RESULT_BYTES", env.whole_number(1), 1_048_576, "")
BODY_SECONDS: Final = Variable(
    "SIGNALMAN_BODY_SECONDS",
    env.positive_number,
    10.0,
    "How long the body of an upstream request may take to arrive. Seconds.",
)
POLICY_SECONDS: Final = Variable(
    "SIGNALMAN_POLICY_SECONDS",
    env.non_negative_number,
    5.0,
    "How soon every process uses a change of an instance or its templates. Seconds.",
)
POLICY_GRACE_SECONDS: Final = Variable(
    "SIGNALMAN_POLICY_GRACE_SECONDS",
    env.non_negative_number,
    900.0,
    "How long a process keeps using what it has read while the database cannot be read. Seconds.",
)
FLUSH_SECONDS: Final = Variable(
    "SIGNALMAN_FLUSH_SECONDS",
    env.non_negative_number,
    1.0,
    "How long deliveries wait in memory to be written together. Seconds; 0 writes each at once,\n"
    "which is slow.",
)
SAMPLES_A_MINUTE: Final = Variable(
    "SIGNALMAN_SAMPLES_A_MINUTE",
    env.whole_number(),
    60,
    "Deliveries stored as rows: the first of each minute, per instance, reason and process.\n"
    "All are counted.",
)
INSTANCE_SAMPLES_A_MINUTE: Final = Variable(
    "SIGNALMAN_INSTANCE_SAMPLES_A_MINUTE",
    env.whole_number(),
    120,
    "The most of these rows for one instance and for all instances, per process. Accepted\n"
    "deliveries take at most half of each.",
)
PROCESS_SAMPLES_A_MINUTE: Final = Variable(
    "SIGNALMAN_PROCESS_SAMPLES_A_MINUTE", env.whole_number(), 1_200, ""
)
DELIVERY_DAYS: Final = Variable(
    "SIGNALMAN_DELIVERY_DAYS",
    env.whole_number(1),
    7,
    "Days after which deliveries, and the counts of them, are deleted.",
)
COUNT_DAYS: Final = Variable("SIGNALMAN_COUNT_DAYS", env.whole_number(1), 90, "")
DUPLICATE_SECONDS: Final = Variable(
    "SIGNALMAN_DUPLICATE_SECONDS",
    env.non_negative_number,
    300.0,
    "How long the result of a handler with idempotent=True is kept for duplicates. Seconds.",
)
RECEIVER_THREADS: Final = Variable(
    "SIGNALMAN_RECEIVER_THREADS",
    env.whole_number(1),
    8,
    "Threads of each web process in which handlers run.",
)
ACCESS_KEYS_FILE: Final = Variable(
    "SIGNALMAN_ACCESS_KEYS_FILE",
    env.text,
    "",
    "Access keys of the instances whose X-ASRS-Signature is required, as JSON in a file with mode\n"
    '600: {"<instance>": ["<primary key>", "<secondary key>"]}. They are never stored in the\n'
    "database.",
)
