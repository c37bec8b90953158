"""The settings that `config.settings` makes of environment variables and of a .env file."""

from __future__ import annotations

import os
import runpy
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.environment_variables import VARIABLES
from tests.cloud import REPOSITORY

KEY = "SIGNALMAN_SECRET_KEY=x\n"
UUID = "11111111-2222-3333-4444-555555555555"


def settings_of(folder: Path, *, dotenv: str = KEY, **environment: str) -> dict[str, Any]:
    """Return the settings of a project in `folder`, with this environment and this .env file."""
    (folder / "config").mkdir()
    # The settings look for .env beside their package.
    path = shutil.copy(REPOSITORY / "config" / "settings.py", folder / "config")
    (folder / ".env").write_text(dotenv, encoding="utf-8")
    with patch.dict(os.environ, environment):
        for variable in VARIABLES:
            if variable.name not in environment:
                os.environ.pop(variable.name, None)
        return runpy.run_path(str(path))


@pytest.mark.parametrize("host", ["login.example.com", "https://login.example.com/"])
def test_normalises_authority_for_tokens_and_sign_in(tmp_path: Path, host: str) -> None:
    found = settings_of(
        tmp_path,
        AZURE_AUTHORITY_HOST=host,
        SIGNALMAN_SIGN_IN_TENANT_ID=UUID,
        SIGNALMAN_SIGN_IN_CLIENT_ID=UUID,
        SIGNALMAN_SIGN_IN_CLIENT_SECRET="x",
    )
    assert found["VALIDATION"]["AUTHORITY"] == "https://login.example.com"
    (app,) = found["SOCIALACCOUNT_PROVIDERS"]["openid_connect"]["APPS"]
    assert app["settings"]["server_url"] == f"https://login.example.com/{UUID}/v2.0"


def test_values_of_env_file_are_literal(tmp_path: Path) -> None:
    found = settings_of(
        tmp_path,
        dotenv=f"{KEY}SIGNALMAN_METRICS_TOKEN=${{SIGNALMAN_AZURE_NAME}}\n"
        "SIGNALMAN_SIGN_IN_CLIENT_SECRET='$3cret'\n",
    )
    assert found["METRICS"]["TOKEN"] == "${SIGNALMAN_AZURE_NAME}"
    assert found["SIGN_IN"]["CLIENT_SECRET"] == "$3cret"


def test_requires_secret_key(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured, match=r"^SIGNALMAN_SECRET_KEY must be set, in "):
        settings_of(tmp_path, dotenv="")


def test_environment_takes_precedence_over_env_file(tmp_path: Path) -> None:
    dotenv = f"{KEY}SIGNALMAN_AZURE_NAME=file\nSIGNALMAN_LOG_LEVEL=DEBUG\n"
    found = settings_of(tmp_path, dotenv=dotenv, SIGNALMAN_AZURE_NAME="environment")
    assert found["SIGNALMAN_AZURE_NAME"] == "environment"
    assert found["LOGGING"]["root"]["level"] == "DEBUG"


@pytest.mark.parametrize(
    ("environment", "seconds", "subdomains", "preload"),
    [
        ({}, 0, False, False),
        ({"HSTS_PRELOAD": "true"}, 0, False, False),
        ({"HTTPS": "true"}, 31_536_000, True, False),
        ({"HTTPS": "true", "HSTS_PRELOAD": "true"}, 31_536_000, True, True),
        ({"HTTPS": "true", "HSTS_SUBDOMAINS": "false"}, 31_536_000, False, False),
        ({"HTTPS": "true", "HSTS_SECONDS": "0"}, 0, True, False),
    ],
)
def test_preload_and_subdomains_are_choices(
    tmp_path: Path, environment: dict[str, str], seconds: int, subdomains: bool, preload: bool
) -> None:
    named = {f"SIGNALMAN_{name}": value for name, value in environment.items()}
    found = settings_of(tmp_path, **named)
    assert found["SECURE_HSTS_SECONDS"] == seconds
    assert found["SECURE_HSTS_INCLUDE_SUBDOMAINS"] is subdomains
    assert found["SECURE_HSTS_PRELOAD"] is preload


@pytest.mark.parametrize("is_behind", [True, False])
def test_trusts_headers_only_behind_proxy(tmp_path: Path, is_behind: bool) -> None:
    found = settings_of(tmp_path, SIGNALMAN_BEHIND_PROXY=str(is_behind))
    assert ("SECURE_PROXY_SSL_HEADER" in found) is is_behind
    assert found["REST_FRAMEWORK"]["NUM_PROXIES"] == int(is_behind)
