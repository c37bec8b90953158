"""Local Azure with a fleet to change, the stores, and the settings of all processes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from localazure import seed
from tests.cloud import REPOSITORY, LocalAzure
from tests.shape.applies import PREFIX, SET_UP
from tests.shape.stores import Postgres, Redis


@dataclass(frozen=True)
class Site:
    """The surroundings of the processes. `environment` are the settings that they share."""

    folder: Path
    azure: LocalAzure
    postgres: Postgres
    redis: Redis
    environment: dict[str, str]
    names: list[str]
    token: str

    @property
    def versions(self) -> dict[str, str]:
        """The versions of the stores."""
        return {"PostgreSQL": self.postgres.version, "Redis": self.redis.version}


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a management command, which must succeed, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def site(folder: Path, instances: int, *, is_stored: bool, **settings: str) -> Iterator[Site]:
    """Start Azure and the stores, and import a fleet with something to apply for each instance.

    `folder` must be one that every account can enter. `is_stored`: Redis has a disk.
    """
    names = [f"{PREFIX}{number:03}" for number in range(instances)]
    with ExitStack() as stack:
        azure = stack.enter_context(LocalAzure(folder))
        postgres_folder, redis_folder = folder / "postgres", folder / "redis"
        postgres_folder.mkdir()
        redis_folder.mkdir()
        postgres = Postgres(postgres_folder)
        stack.callback(postgres.kill)
        redis = Redis(redis_folder, is_stored=is_stored)
        stack.callback(redis.kill)
        group = {"resourceGroup": seed.REALTIME_GROUP}
        azure.seed(instances=[{"name": name} | group for name in names])
        environment = (
            dict(os.environ)
            | azure.environment
            | {
                "SIGNALMAN_SECRET_KEY": "the-same-for-all-processes",
                "SIGNALMAN_DATA_DIR": str(folder / "data"),
                "SIGNALMAN_DATABASE_URL": postgres.url,
                "SIGNALMAN_CACHE_URL": f"{redis.url}/0",
                "SIGNALMAN_BROKER_URL": f"{redis.url}/1",
            }
            | settings
        )
        printed = manage(environment, "shell", "-v", "0", "-c", SET_UP)
        token = printed.split()[-1]
        yield Site(folder, azure, postgres, redis, environment, names, token)
