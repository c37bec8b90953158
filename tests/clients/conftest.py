"""One service for the clients of every language."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.clients.service import Service, serving


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A portal, a worker and Local Azure, each in its own process."""
    with serving(tmp_path_factory.mktemp("service")) as running:
        yield running
