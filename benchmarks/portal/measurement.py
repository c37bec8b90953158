"""Measure one fleet in this process, and print milliseconds of processor time by page as JSON.

With SQLite the database runs in this process, so its work is included, and what else the machine
does is not.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.models import PersonalAccessToken
from benchmarks.portal.deliveries import create_deliveries
from tests.portal.large_fleet import create_fleet

_ROUNDS: Final = 15
_LIST: Final = "/admin/identities/signalrinstance/"
_PAGES: Final = {
    "dashboard": "/admin/",
    "instances": _LIST,
    "instances, the last page": f"{_LIST}?p={{last}}",
    # Half of each fleet: both lists have a full page of rows.
    "instances, without an identity": f"{_LIST}?identity=None",
    "instances, searched": f"{_LIST}?q=0007",
    "operations": "/admin/sync/operation/",
    "delivery counts": "/admin/upstreams/deliverycount/",
    "an instance": "/admin/instances/{name}/",
    "an instance's traffic, a week": "/admin/instances/{name}/traffic/?period=week",
    "API: instances": "/api/v1/instances/",
    "API: instances, 100 of a page": "/api/v1/instances/?page_size=100",
    "API: an instance": "/api/v1/instances/{name}/",
    "API: an instance's traffic": "/api/v1/instances/{name}/traffic/",
    "API: operations": "/api/v1/operations/",
    "API: function apps": "/api/v1/function-apps/",
    "/metrics": "/metrics",
}
_PAGE_SIZE: Final = 50


def main(size: int) -> None:
    """Create a fleet of that size, and request each page several times."""
    call_command("migrate", verbosity=0)
    name = create_fleet(size)[size // 2].name
    create_deliveries()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    admin = User.objects.create_superuser("admin")
    _, token = PersonalAccessToken.issue(
        admin, name="b", scope=PersonalAccessToken.Scope.READ, lifetime=timedelta(days=1)
    )
    client = Client(SERVER_NAME="localhost")
    client.force_login(admin)
    api = Client(SERVER_NAME="localhost", headers={"Authorization": f"Bearer {token}"})
    last = (size + _PAGE_SIZE - 1) // _PAGE_SIZE
    pages = {page: path.format(last=last, name=name) for page, path in _PAGES.items()}
    measured = {
        page: _median(api if path.startswith("/api/") else client, path)
        for page, path in pages.items()
    }
    print(json.dumps(measured))


def _median(client: Client, path: str) -> float:
    """Return the page's median processor time in milliseconds.

    The first request, which fills caches, is not counted.
    """
    taken = []
    for _ in range(_ROUNDS + 1):
        began = time.process_time()
        answer = client.get(path)
        taken.append((time.process_time() - began) * 1000)
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{path}: {answer.status_code}")
    return statistics.median(taken[1:])


if __name__ == "__main__":
    main(int(sys.argv[1]))
