"""Measure one fleet in this process, and print milliseconds by page as JSON."""

from __future__ import annotations

import json
import statistics
import sys
import time
from http import HTTPStatus
from typing import Final

from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client

from tests.portal.large_fleet import create_fleet

_ROUNDS: Final = 15
_LIST: Final = "/admin/identities/signalrinstance/"
_PAGES: Final = {
    "dashboard": "/admin/",
    "instances": _LIST,
    "instances, the last page": f"{_LIST}?p={{last}}",
    "instances, out of sync in one location": f"{_LIST}?status=OutOfSync&location=uksouth",
    "instances, searched": f"{_LIST}?q=0007",
    "operations": "/admin/sync/operation/",
}
_PAGE_SIZE: Final = 50


def main(size: int) -> None:
    """Create a fleet of that size, and request each page several times."""
    call_command("migrate", verbosity=0)
    create_fleet(size)
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("admin"))
    last = (size + _PAGE_SIZE - 1) // _PAGE_SIZE
    pages = {name: path.format(last=last) for name, path in _PAGES.items()}
    print(json.dumps({name: _median(client, path) for name, path in pages.items()}))


def _median(client: Client, path: str) -> float:
    """Return the page's median time in milliseconds. The first request, which fills caches, is
    not counted.
    """
    taken = []
    for _ in range(_ROUNDS + 1):
        began = time.perf_counter()
        answer = client.get(path)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{path}: {answer.status_code}")
    return statistics.median(taken[1:])


if __name__ == "__main__":
    main(int(sys.argv[1]))
