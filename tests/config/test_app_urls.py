"""The URLs of the project's own apps, beside Signalman's."""

from __future__ import annotations

import subprocess

import pytest

from tests.python_process import run_python

RESOLVE = """
import django; django.setup()
from django.urls import resolve
for path in ("/negotiate/chat/negotiate", "/livez"):
    print(resolve(path).func.__module__)
"""


def resolved(apps: str) -> subprocess.CompletedProcess[str]:
    return run_python(RESOLVE, SIGNALMAN_APPS=apps, SIGNALMAN_SECRET_KEY="test")


@pytest.mark.slow
def test_urls_of_an_app_are_served() -> None:
    modules = resolved("tests.upstreams.project").stdout.split()
    assert modules == ["upstreams.negotiation.views", "observability.health"]


@pytest.mark.slow
def test_app_needs_no_urls() -> None:
    found = resolved("tests.upstreams.second_app")
    assert "Resolver404" in found.stderr
    assert "second_app.urls" not in found.stderr
