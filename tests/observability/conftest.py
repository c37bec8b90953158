"""The log, as JSON."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from observability.logs.formats import JsonFormatter
from tests.observability.lines import Lines


@pytest.fixture
def lines() -> Iterator[Lines]:
    """Every line that is logged, as with SIGNALMAN_LOG_FORMAT=json."""
    handler = Lines(JsonFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    yield handler
    root.removeHandler(handler)
