"""The committed schema is the served one, and its pages load nothing from other hosts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import Client

from tests.cloud import REPOSITORY

COMMITTED = REPOSITORY / "docs" / "openapi.yaml"


def test_committed_schema_matches_the_code(tmp_path: Path) -> None:
    made = tmp_path / "openapi.yaml"
    call_command("spectacular", file=str(made), validate=True, fail_on_warn=True)
    assert made.read_text() == COMMITTED.read_text(), (
        "Run `.venv/bin/python manage.py spectacular --file docs/openapi.yaml`."
    )


def test_schema_is_public(client: Client) -> None:
    answer = client.get("/api/v1/schema/")
    assert answer.status_code == 200
    assert b"openapi: 3.1.0" in answer.content


@pytest.mark.parametrize("page", ["docs", "redoc"])
def test_pages_name_no_other_host(client: Client, page: str) -> None:
    answer = client.get(f"/api/v1/{page}/")
    assert answer.status_code == 200
    sources = re.findall(r"""(?:src|href)=["']([^"']+)""", answer.content.decode())
    assert sources
    assert not [source for source in sources if source.startswith(("http", "//"))]


def test_serves_the_assets_of_its_pages(client: Client) -> None:
    page = client.get("/api/v1/docs/").content.decode()
    script = re.search(r"""src=["']/static/([^"']+swagger-ui-bundle.js)""", page)
    assert script is not None
    assert finders.find(script[1])
