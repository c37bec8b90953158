"""Celery's settings of the transport, by the kind of broker."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from config.database import make_private_folder


def transport_settings(broker_url: str, data_folder: Path) -> tuple[str | None, dict[str, Any]]:
    """Return the transport, None for the one that the URL names, and its options.

    Creates the folders of the embedded queue in `data_folder`.
    """
    if broker_url.startswith("filesystem"):
        return "config.broker.file_queue:Transport", _embedded_queue(data_folder / "queue")
    if broker_url.startswith("redis"):
        # Seconds. A worker or a publisher must notice a server that accepts and does not respond,
        # or it could not even be stopped. Longer than the worker's own blocking read of one second.
        return None, {"socket_connect_timeout": 3, "socket_timeout": 5}
    if broker_url.startswith("amqp"):
        # Seconds. For the same reason: by default neither has a limit.
        return None, {"read_timeout": 5, "write_timeout": 5}
    return None, {}


def tls_settings(broker_url: str) -> dict[str, Any] | None:
    """Return how the certificate of a broker is verified, None without TLS.

    kombu's defaults verify nothing of `rediss://`, and not the name of `amqps://`. The certificate
    authorities are those of OpenSSL, or of SSL_CERT_FILE. Options in the query of the URL, such as
    `ssl_ca_certs`, replace these for Redis.
    """
    if broker_url.startswith("rediss://"):
        return {"ssl_cert_reqs": ssl.CERT_REQUIRED, "ssl_check_hostname": True}
    if broker_url.startswith("amqps://"):
        return {
            "cert_reqs": ssl.CERT_REQUIRED,
            "server_hostname": urlsplit(broker_url).hostname,
        }
    return None


def _embedded_queue(folder: Path) -> dict[str, Any]:
    messages, control = folder / "messages", folder / "control"
    for each in (messages, control):
        make_private_folder(each, is_required=True)
    return {
        "data_folder_in": str(messages),
        "data_folder_out": str(messages),
        "control_folder": str(control),
    }
