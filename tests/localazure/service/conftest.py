"""An application with an instance of its own, Free where a test says so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cloud import LocalAzure
from tests.localazure.service.application import Application, running


@pytest.fixture
def application(local_azure: LocalAzure) -> Iterator[Application]:
    """An application whose instance has the service's defaults, in Serverless mode."""
    with running(local_azure) as one:
        yield one
