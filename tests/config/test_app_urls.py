"""The URLs of the project's own apps, beside Signalman's."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.cloud import REPOSITORY

RESOLVE = """
import django; django.setup()
from django.urls import resolve
for path in ("/negotiate/chat/negotiate", "/livez"):
    print(resolve(path).func.__module__)
"""


def resolved(apps: str) -> subprocess.CompletedProcess[str]:
    environment = {
        "SIGNALMAN_APPS": apps,
        "SIGNALMAN_SECRET_KEY": "test",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    return subprocess.run(
        [sys.executable, "-c", RESOLVE],
        cwd=REPOSITORY,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_urls_of_an_app_are_served() -> None:
    modules = resolved("tests.upstreams.project").stdout.split()
    assert modules == ["upstreams.negotiation.views", "observability.health"]


@pytest.mark.slow
def test_app_needs_no_urls() -> None:
    found = resolved("tests.upstreams.second_app")
    assert "Resolver404" in found.stderr
    assert "second_app.urls" not in found.stderr
