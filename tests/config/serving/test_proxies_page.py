"""The configurations on the page about proxies are accepted by the tools that they are for."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from config.variables import VARIABLES
from scripts.programs import path_of
from tests.cloud import REPOSITORY

PAGE = (REPOSITORY / "docs" / "how-to" / "deploy" / "proxies.md").read_text(encoding="utf-8")
NAMES = {variable.name for variable in VARIABLES}


def snippet(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


@pytest.mark.slow
def test_nginx_accepts_configuration(tmp_path: Path) -> None:
    nginx, openssl = path_of("nginx"), path_of("openssl")
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=signalman"),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    servers = (
        snippet("nginx")
        .replace("/etc/nginx/signalman.crt", str(certificate))
        .replace("/etc/nginx/signalman.key", str(key))
        .replace("listen 80;", "listen 127.0.0.1:18080;")
        .replace("listen 443 ssl;", "listen 127.0.0.1:18443 ssl;")
    )
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n"
        f"client_body_temp_path {tmp_path}/body;\nproxy_temp_path {tmp_path}/proxy;\n"
        f"fastcgi_temp_path {tmp_path}/f;\nuwsgi_temp_path {tmp_path}/u;\n"
        f"scgi_temp_path {tmp_path}/s;\n{servers}\n}}\n"
    )
    found = subprocess.run(
        [nginx, "-t", "-q", "-c", str(configuration), "-p", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert found.returncode == 0, found.stderr


def test_page_names_only_variables_that_exist() -> None:
    assert set(re.findall(r"SIGNALMAN_[A-Z_]+", PAGE)) <= NAMES
