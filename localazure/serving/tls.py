"""Local Azure's certificate authority, and the server certificate that it signs."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import trustme

HOSTS = (
    "localhost",
    "127.0.0.1",
    # For clients that resolve an instance's own host name.
    "*.service.signalr.net",
    "*.service.signalr.localhost",
    # Reached through the proxy.
    "*.vault.azure.net",
    "*.azurewebsites.net",
    "management.azure.com",
    "login.microsoftonline.com",
    "graph.microsoft.com",
)


class CertificateAuthority:
    """Signs the certificate of `HOSTS`; created at start, or read from a state file."""

    def __init__(self, ca: trustme.CA | None = None) -> None:
        self._ca = ca or trustme.CA(organization_name="Local Azure")

    def write(self, path: Path) -> None:
        """Write the CA's certificate as PEM: what REQUESTS_CA_BUNDLE names."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self._ca.cert_pem.bytes())

    def server_context(self) -> ssl.SSLContext:
        """Return a context for a server that answers as one of `HOSTS`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*HOSTS).configure_cert(context)
        return context

    def to_json(self) -> dict[str, Any]:
        """Return certificate and private key as PEM text; `from_json` reads them back."""
        return {
            "certificate": self._ca.cert_pem.bytes().decode("ascii"),
            "privateKey": self._ca.private_key_pem.bytes().decode("ascii"),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> CertificateAuthority:
        """Read what `to_json` wrote."""
        return cls(trustme.CA.from_pem(value["certificate"].encode(), value["privateKey"].encode()))
