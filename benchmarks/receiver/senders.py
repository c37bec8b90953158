"""Instances that are copies of one of Local Azure's, each with a token of its own."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

from benchmarks.receiver.load import LoadFailed
from benchmarks.receiver.messages import call
from benchmarks.receiver.stage import INSTANCE, RESOURCE, Stage
from examples.demo.processes import PYTHON

# Local Azure signs one token at a time; the others are in transit.
_THREADS = 4


def create_senders(stage: Stage, number: int, first: int = 0) -> list[bytes]:
    """Create rows of `number` instances, and return a request of each. Raises LoadFailed."""
    command = ["-m", "benchmarks.receiver.scenarios.instances", INSTANCE, str(number), str(first)]
    done = stage.programs.run(PYTHON, *command)
    if done.returncode:
        raise LoadFailed(f"The instances were not created: {done.stderr[-2000:]}")
    senders: list[tuple[str, dict[str, str]]] = json.loads(done.stdout)
    with ThreadPoolExecutor(_THREADS) as threads:
        tokens = threads.map(
            lambda sender: stage.azure.token(INSTANCE, RESOURCE, claims=sender[1]), senders
        )
        return [call(token, path=path) for token, (path, _) in zip(tokens, senders, strict=True)]
