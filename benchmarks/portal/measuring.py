"""Measures one fleet in this process, and prints milliseconds by page as JSON."""

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

from tests.portal.fleets import plant_fleet

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
_A_PAGE: Final = 50


def main(size: int) -> None:
    """Plant a fleet of that size, and ask for each page some times."""
    call_command("migrate", verbosity=0)
    plant_fleet(size)
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.create_superuser("somebody"))
    last = (size + _A_PAGE - 1) // _A_PAGE
    pages = {name: address.format(last=last) for name, address in _PAGES.items()}
    print(json.dumps({name: _median(client, address) for name, address in pages.items()}))


def _median(client: Client, address: str) -> float:
    """Return how many milliseconds the page takes; the first look, which fills caches, is none."""
    taken = []
    for _ in range(_ROUNDS + 1):
        began = time.perf_counter()
        answer = client.get(address)
        taken.append((time.perf_counter() - began) * 1000)
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{address}: {answer.status_code}")
    return statistics.median(taken[1:])


if __name__ == "__main__":
    main(int(sys.argv[1]))
