"""Values in a Redis cache are JSON, so that a writer to Redis cannot run code in a process."""

from __future__ import annotations

import os
import pickle
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import redis
from django.core.cache import CacheHandler

from config.environment_variables import parsers
from tests.redis_server import redis_server

pytestmark = pytest.mark.slow


class Trap:
    """Creates a folder when its pickle is read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self._folder),)


def test_pickle_in_redis_runs_no_code(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    with redis_server(tmp_path) as address:
        url = f"{address}/0"
        cache = CacheHandler({"default": parsers.cache(url)})["default"]
        with closing(redis.Redis.from_url(url)) as client:
            client.set(cache.make_key("planted"), pickle.dumps(Trap(trap)))
            assert cache.get("planted") is None
            assert not trap.exists()
            cache.set("mine", {"a": [1.5, None]})
            assert client.get(cache.make_key("mine")) == b'{"a":[1.5,null]}'
            cache.set("number", 1)
            assert cache.incr("number") == 2
            cache.close()
