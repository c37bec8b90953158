"""Anonymous requests write short log entries."""

from __future__ import annotations

import io
import logging
import logging.config
from collections.abc import Iterator

import pytest
from django.test import Client

from observability.logs.formats import JsonFormatter, LineFormatter

_MAX_CHARACTERS = 2_500


@pytest.fixture(params=[JsonFormatter, LineFormatter])
def log(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(request.param())
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)


def test_unknown_host_is_one_short_line(log: io.StringIO) -> None:
    assert Client().get("/livez", headers={"Host": f"{'a' * 7_000}.example"}).status_code == 400
    assert Client().get("/admin/", headers={"Host": "b.example"}).status_code == 400
    assert "Traceback" not in log.getvalue()
    assert len(log.getvalue()) < _MAX_CHARACTERS


@pytest.mark.django_db
def test_long_path_is_cut(log: io.StringIO) -> None:
    assert Client().get(f"/api/v1/{'x' * 8_000}/").status_code == 404
    assert len(log.getvalue()) < _MAX_CHARACTERS
