"""Environment variables: which values are accepted, and the message for others."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.cache_serializer import JsonSerializer
from config.env_example import env_example
from config.environment_variables import (
    VARIABLES,
    azure,
    metrics,
    receiver,
    rest_api,
    sign_in,
    storage,
    upstream_tokens,
    web,
    worker,
)
from config.environment_variables.variable import Environment, Variable
from tests.cloud import REPOSITORY

SECRET = "hunter2-of-the-database"  # gitleaks:allow
UUID = "11111111-2222-3333-4444-555555555555"


def read(variable: Variable[Any], value: str) -> Any:
    return Environment([variable], {variable.name: value})[variable]


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        (azure.AUTHORITY_HOST, "https://login.example.com/", "https://login.example.com"),
        (azure.AUTHORITY_HOST, "login.example.com", "https://login.example.com"),
        (azure.AUTHORITY_HOST, "LOGIN.example.com:8443/", "https://login.example.com:8443"),
        (azure.ARM_ENDPOINT, "https://management.example.com/", "https://management.example.com"),
        (metrics.METRICS_TOKEN, "$3cret", "$3cret"),
        (web.SECRET_KEY, "$SIGNALMAN_METRICS_TOKEN", "$SIGNALMAN_METRICS_TOKEN"),
        (sign_in.SIGN_IN_CLIENT_SECRET, "${x}~a=b", "${x}~a=b"),
        (
            web.ALLOWED_HOSTS,
            "localhost, portal.example.com ,",
            ["localhost", "portal.example.com"],
        ),
        (web.ALLOWED_HOSTS, ".example.com,[::1]", [".example.com", "[::1]"]),
        (web.ALLOWED_HOSTS, "*", ["*"]),
        (web.CSRF_TRUSTED_ORIGINS, "https://*.example.com", ["https://*.example.com"]),
        (web.CSRF_TRUSTED_ORIGINS, "http://[::1]:8000/", ["http://[::1]:8000"]),
        (web.HTTPS, "On", True),
        (web.HTTPS, "0", False),
        (web.LOG_LEVEL, "debug", "DEBUG"),
        (metrics.METRICS_NETWORKS, "10.0.0.0/8, ::1/128", ["10.0.0.0/8", "::1/128"]),
        (metrics.METRICS_NETWORKS, "", []),
        (rest_api.API_TENANT_ID, UUID.upper(), UUID),
        (rest_api.API_TENANT_ID, "", ""),
        (rest_api.API_AUDIENCES, "api://a , b", ["api://a", "b"]),
        (azure.REFRESH_SECONDS, "2.5", 2.5),
        (receiver.FLUSH_SECONDS, "0", 0.0),
        (web.APPS, "", []),
        (web.APPS, "examples.chat, tests.shape", ["examples.chat", "tests.shape"]),
        (web.APPS, "sync.apps.SyncConfig", ["sync.apps.SyncConfig"]),
    ],
)
def test_reads_value(variable: Variable[Any], value: str, expected: object) -> None:
    assert read(variable, value) == expected


@pytest.mark.parametrize(
    ("variable", "value", "part"),
    [
        (azure.AUTHORITY_HOST, "https://login.example.com/tenant", "without a path"),
        (azure.AUTHORITY_HOST, "http://login.example.com", "must be an https address"),
        (azure.AUTHORITY_HOST, "", "must be an https address"),
        (azure.AUTHORITY_HOST, f"https://a:{SECRET}@login.example.com", "must be an https"),
        (web.ALLOWED_HOSTS, "https://portal.example.com", "without scheme, port or path"),
        (web.ALLOWED_HOSTS, "portal.example.com:8000", "without scheme, port or path"),
        (web.ALLOWED_HOSTS, "", "must list host names"),
        (web.CSRF_TRUSTED_ORIGINS, "portal.example.com", "with a scheme"),
        (web.CSRF_TRUSTED_ORIGINS, "https://portal.example.com/admin/", "no path"),
        (web.CSRF_TRUSTED_ORIGINS, "https://portal.example.com?x", "no path"),
        (web.CSRF_TRUSTED_ORIGINS, "https://portal example.com", "with a scheme"),
        (web.CSRF_TRUSTED_ORIGINS, f"https://a:{SECRET}@portal.example.com", "with a scheme"),
        (azure.AUTHORITY_HOST, "login example.com", "must be an https address"),
        (azure.AUTHORITY_HOST, "login.example.com:port", "must be a valid address"),
        (azure.AZURE_PORTAL, "https://portal example.com", "must be an http or https address"),
        (web.RECEIVER_HOSTS, "signalman.example.com:70000", "must list hosts"),
        (web.HTTPS, "enabled", "must be true or false"),
        (web.HTTPS, "", "must be true or false"),
        (web.DEBUG, "2", "must be true or false"),
        (web.LOG_LEVEL, "verbose", "must be one of DEBUG, INFO"),
        (web.LOG_LEVEL, "", "must be one of DEBUG, INFO"),
        (web.WEB_THREADS, "", "must be a whole number of at least 1"),
        (web.WEB_THREADS, "0", "must be a whole number of at least 1"),
        (web.WEB_THREADS, "1_0", "must be a whole number"),
        (metrics.METRICS_SECONDS, "0", "must be a number above 0"),
        (metrics.METRICS_SECONDS, "nan", "must be a number"),
        (metrics.METRICS_SECONDS, "", "must be a number above 0"),
        (metrics.METRICS_SECONDS, "-1", "must be a number above 0"),
        (receiver.FLUSH_SECONDS, "-1", "must be a number of at least 0"),
        (receiver.FLUSH_SECONDS, "", "must be a number of at least 0"),
        (web.APPS, "absent", "names absent, which cannot be imported"),
        (web.APPS, "absent.apps.Config", "names absent.apps.Config, which cannot be imported"),
        (web.APPS, "examples.absent.apps.Config", "which cannot be imported"),
        (web.APPS, "examples.chat,examples.chat", "must name each app once"),
        (web.APPS, "examples/chat", "must list Python packages"),
        (metrics.METRICS_NETWORKS, "10.0.0.1/24", "must list networks"),
        (web.SECRET_KEY, "", "must not be empty"),
        (web.SECRET_KEY, "  ", "must not be empty"),
        (storage.DATABASE_URL, "", "must be a URL such as postgres://"),
        (storage.DATABASE_URL, f"mysql://u:{SECRET}@db/x", "must be a URL such as postgres://"),
        (storage.DATABASE_URL, f"postgres://u:{SECRET}@db:port/x", "must be a URL such as"),
        (storage.DATABASE_URL, f"postgres://u:{SECRET}/@db:5432/x", "percent-encoded"),
        (storage.DATABASE_URL, f"postgres://u:#{SECRET}@db/x", "percent-encoded"),
        (storage.DATABASE_URL, f"postgres://u:[{SECRET}@db/x", "percent-encoded"),
        (storage.DATABASE_URL, f"postgres://u:1/{SECRET}@db/x", "percent-encoded"),
        (storage.DATABASE_URL, f"postgres://u:{SECRET}@db/x#y", "percent-encoded"),
        (storage.DATABASE_URL, f"postgres://u:{SECRET}@db", "must be a URL such as postgres://"),
        (storage.CACHE_URL, f"memcached://:{SECRET}@cache", "must be locmemcache://"),
        (storage.CACHE_URL, "", "must be locmemcache://"),
        (storage.CACHE_URL, "redis:///0", "must be locmemcache://"),
        (worker.BROKER_URL, f"kafka://u:{SECRET}@broker", "must be filesystem://localhost or"),
        (worker.BROKER_URL, "", "must be filesystem://localhost or"),
        (rest_api.API_TENANT_ID, "contoso.onmicrosoft.com", "must be an ID such as"),
        (sign_in.SIGN_IN_TENANT_ID, "common", "must be an ID such as"),
        (rest_api.API_ISSUER, "", "must be an https address"),
        (rest_api.API_ISSUER, "https://sts.windows.net/{tenant}/", "must be an https address"),
        (upstream_tokens.TOKEN_ISSUER, "https://sts.windows.net/", "must contain {tenant_id}"),
    ],
)
def test_refuses_value(variable: Variable[Any], value: str, part: str) -> None:
    with pytest.raises(ImproperlyConfigured) as error:
        read(variable, value)
    message = str(error.value)
    assert message.startswith(f"{variable.name} ")
    assert part in message
    assert message.endswith(".")
    assert "\n" not in message
    assert SECRET not in message


def test_reports_every_error_at_once() -> None:
    values = {"SIGNALMAN_HTTPS": "maybe", "SIGNALMAN_WEB_THREADS": "many"}
    with pytest.raises(ImproperlyConfigured) as error:
        Environment(VARIABLES, values)
    assert [line.split()[0] for line in str(error.value).splitlines()] == [
        "SIGNALMAN_SECRET_KEY",
        "SIGNALMAN_HTTPS",
        "SIGNALMAN_WEB_THREADS",
    ]


def test_uses_defaults() -> None:
    values = Environment(VARIABLES, {"SIGNALMAN_SECRET_KEY": "x"})
    assert values[web.ALLOWED_HOSTS] == ["localhost", "127.0.0.1"]
    assert values[storage.DATABASE_URL] is None


def test_example_file_is_current() -> None:
    shown = (REPOSITORY / ".env.example").read_text(encoding="utf-8")
    assert shown == env_example(), "Run: python -m config.env_example > .env.example"


def test_redis_values_are_json() -> None:
    cache = read(storage.CACHE_URL, "redis://localhost:6379/0")
    assert cache["OPTIONS"]["serializer"] == "config.cache_serializer.JsonSerializer"


@pytest.mark.parametrize("value", [1, 0, -5, 1.5, "text", True, None, [1.5, "a"], {"a": [None]}])
def test_serializer_restores_values(value: object) -> None:
    stored = JsonSerializer().dumps(value)
    data = str(stored).encode() if isinstance(stored, int) else stored
    found = JsonSerializer().loads(data)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize("data", [b"\x80\x05K\x01.", b"", b"[" * 100_000, b"\xff"])
def test_serializer_ignores_other_data(data: bytes) -> None:
    assert JsonSerializer().loads(data) is None


def manage(*arguments: str, environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=REPOSITORY,
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_check_ends_with_messages(tmp_path: Path) -> None:
    found = manage(
        "check",
        environment={
            "SIGNALMAN_DATA_DIR": str(tmp_path),
            "SIGNALMAN_SECRET_KEY": "x",
            "SIGNALMAN_DATABASE_URL": f"postgres://u:{SECRET}@db:port/x",
        },
    )
    assert found.returncode == 1
    assert found.stderr.startswith("Error: SIGNALMAN_DATABASE_URL must be a URL")
    assert "Traceback" not in found.stderr
    assert SECRET not in found.stderr


def test_command_ends_with_message_without_database(tmp_path: Path) -> None:
    found = manage(
        "showmigrations",
        environment={
            "SIGNALMAN_DATA_DIR": str(tmp_path),
            "SIGNALMAN_SECRET_KEY": "x",
            "SIGNALMAN_DATABASE_URL": f"postgres://u:{SECRET}@127.0.0.1:9/x",
        },
    )
    assert found.returncode == 1
    last = found.stderr.splitlines()[-1]
    assert last.startswith("Error: The database of SIGNALMAN_DATABASE_URL cannot be used: ")
    assert "Traceback" not in found.stderr
    assert SECRET not in found.stderr


def test_data_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "data"
    environment = {"SIGNALMAN_DATA_DIR": str(folder), "SIGNALMAN_SECRET_KEY": "x"}
    assert manage("migrate", "-v0", environment=environment).returncode == 0
    open_to_others = {
        path.name: oct(path.stat().st_mode)
        for path in [folder, *folder.rglob("*")]
        if path.stat().st_mode & 0o077
    }
    assert open_to_others == {}


def test_creates_no_unused_folder(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    environment = {
        "SIGNALMAN_DATA_DIR": str(file / "data"),
        "SIGNALMAN_SECRET_KEY": "x",
        "SIGNALMAN_DATABASE_URL": "postgres://u@127.0.0.1:9/x",
        "SIGNALMAN_CACHE_URL": "redis://127.0.0.1:9/0",
        "SIGNALMAN_BROKER_URL": "redis://127.0.0.1:9/1",
    }
    found = manage("check", environment=environment)
    assert found.returncode == 0, found.stderr


def test_names_data_folder_that_cannot_be_created(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    environment = {"SIGNALMAN_DATA_DIR": str(file / "data"), "SIGNALMAN_SECRET_KEY": "x"}
    found = manage("check", environment=environment)
    assert found.returncode == 1
    assert found.stderr.startswith("Error: SIGNALMAN_DATA_DIR: ")
    assert "Traceback" not in found.stderr
