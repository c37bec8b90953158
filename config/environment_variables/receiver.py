"""The receiver of upstream requests."""

from __future__ import annotations

from typing import Final

from config.environment_variables import parsers
from config.environment_variables.variable import Variable

BODY_BYTES: Final = Variable(
    "SIGNALMAN_BODY_BYTES",
    parsers.whole_number(1),
    1_048_576,
    "Maximum size of the body of an upstream request, in bytes.",
)
RESULT_BYTES: Final = Variable(
    "SIGNALMAN_RESULT_BYTES",
    parsers.whole_number(1),
    1_048_576,
    "Maximum size of the result of a handler, in bytes. The service reads at most 16 MiB.",
)
BODY_SECONDS: Final = Variable(
    "SIGNALMAN_BODY_SECONDS",
    parsers.positive_number,
    10.0,
    "Maximum time in seconds in which the body of an upstream request must arrive.",
)
POLICY_SECONDS: Final = Variable(
    "SIGNALMAN_POLICY_SECONDS",
    parsers.non_negative_number,
    5.0,
    "Seconds within which every process uses a change of an instance or of its templates.",
)
POLICY_GRACE_SECONDS: Final = Variable(
    "SIGNALMAN_POLICY_GRACE_SECONDS",
    parsers.non_negative_number,
    900.0,
    "Seconds for which a process continues with the policies in memory while the database is\n"
    "unavailable.",
)
FLUSH_SECONDS: Final = Variable(
    "SIGNALMAN_FLUSH_SECONDS",
    parsers.non_negative_number,
    1.0,
    "Seconds for which deliveries are collected in memory before they are written to the\n"
    "database. 0 writes each delivery immediately, which is slow.",
)
SAMPLES_A_MINUTE: Final = Variable(
    "SIGNALMAN_SAMPLES_A_MINUTE",
    parsers.whole_number(),
    60,
    "Number of deliveries that each process stores as rows in a minute, for each instance and\n"
    "reason. All deliveries are counted.",
)
INSTANCE_SAMPLES_A_MINUTE: Final = Variable(
    "SIGNALMAN_INSTANCE_SAMPLES_A_MINUTE",
    parsers.whole_number(),
    120,
    "Maximum number of deliveries that each process stores as rows in a minute for one instance.\n"
    "Accepted deliveries use at most half of it.",
)
PROCESS_SAMPLES_A_MINUTE: Final = Variable(
    "SIGNALMAN_PROCESS_SAMPLES_A_MINUTE",
    parsers.whole_number(),
    1_200,
    "Maximum number of deliveries that each process stores as rows in a minute for all\n"
    "instances. Accepted deliveries use at most half of it.",
)
DELIVERY_DAYS: Final = Variable(
    "SIGNALMAN_DELIVERY_DAYS",
    parsers.whole_number(1),
    7,
    "Days after which stored deliveries are deleted.",
)
COUNT_DAYS: Final = Variable(
    "SIGNALMAN_COUNT_DAYS",
    parsers.whole_number(1),
    90,
    "Days after which the counts of deliveries are deleted.",
)
DUPLICATE_SECONDS: Final = Variable(
    "SIGNALMAN_DUPLICATE_SECONDS",
    parsers.non_negative_number,
    300.0,
    "Seconds for which the result of a handler with idempotent=True is kept for duplicate\n"
    "requests.",
)
RECEIVER_THREADS: Final = Variable(
    "SIGNALMAN_RECEIVER_THREADS",
    parsers.whole_number(1),
    8,
    "Number of threads of each web process in which `def` handlers run.",
)
ACCESS_KEYS_FILE: Final = Variable(
    "SIGNALMAN_ACCESS_KEYS_FILE",
    parsers.text,
    "",
    "File with the access keys of instances whose X-ASRS-Signature is required, with mode 600,\n"
    'as JSON: {"<instance>": ["<primary key>", "<secondary key>"]}. The keys are never stored in\n'
    "the database.",
)
