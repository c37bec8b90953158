"""The environment that points Signalman, azure-identity and `az` at a running Local Azure."""

from __future__ import annotations

import os
import shlex
import tempfile
from pathlib import Path

from localazure import seed


def default_ca_file(port: int) -> Path:
    """Return where the CA of the Local Azure on `port` is written unless `--ca-file` says else.

    Only this user may write to the folder, since its file is trusted as a CA.
    """
    folder = Path(tempfile.gettempdir()) / f"localazure-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    status = folder.lstat()
    if status.st_uid != os.getuid() or status.st_mode & 0o022:
        raise PermissionError(
            f"other users can write to {folder}. Remove the folder, or set --ca-file."
        )
    return folder / f"{port}-ca.pem"


def variables(port: int, ca_file: Path, client_port: int | None = None) -> dict[str, str]:
    """Return the variables by name. The names are azure-identity's, requests' and Signalman's.

    `client_port` is that of `--client-port`.
    """
    url = f"https://localhost:{port}"
    clients = {} if client_port is None else _client_variables(client_port)
    return {
        "AZURE_TENANT_ID": seed.TENANT_ID,
        "AZURE_CLIENT_ID": seed.CLIENT_ID,
        "AZURE_CLIENT_SECRET": seed.CLIENT_SECRET,
        "SIGNALMAN_SIGN_IN_TENANT_ID": seed.TENANT_ID,
        "SIGNALMAN_SIGN_IN_CLIENT_ID": seed.PORTAL_APP_ID,
        "SIGNALMAN_SIGN_IN_CLIENT_SECRET": seed.PORTAL_SECRET,
        "AZURE_SUBSCRIPTION_ID": seed.SUBSCRIPTION_ID,
        "AZURE_AUTHORITY_HOST": url,
        # The address of the instance metadata service, for managed identities.
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": url,
        # For requests; for Python's own TLS, which aiohttp uses; for Node.js.
        **dict.fromkeys(
            ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"), str(ca_file.absolute())
        ),
        "SIGNALMAN_ARM_ENDPOINT": url,
        "SIGNALMAN_GRAPH_ENDPOINT": url,
        "SIGNALMAN_INSTANCE_DISCOVERY": "false",
        "SIGNALMAN_SERVICE_ENDPOINT": f"{url}/signalr/{{instance}}",
        **clients,
        "SIGNALMAN_AZURE_NAME": "Local Azure",
        # Receivers of its instances run on this machine.
        "SIGNALMAN_PROBE_NETWORKS": "127.0.0.0/8,::1/128",
        # Local Azure has no portal to link to.
        "SIGNALMAN_AZURE_PORTAL": "",
    }


def export_lines(port: int, ca_file: Path, client_port: int | None = None) -> str:
    """Return the variables as lines for a POSIX shell."""
    return "\n".join(
        f"export {name}={shlex.quote(value)}"
        for name, value in variables(port, ca_file, client_port).items()
    )


def _client_variables(port: int) -> dict[str, str]:
    return {"SIGNALMAN_CLIENT_ENDPOINT": f"http://localhost:{port}/signalr/{{instance}}"}
