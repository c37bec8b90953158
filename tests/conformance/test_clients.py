"""Real clients, unmodified, against Local Azure: every call they make succeeds.

Each runs in one process of an environment of its own, and prints the calls made and failed.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from localazure import seed
from tests.cloud import LocalAzure
from tests.conformance.environments import node_with, python_with

pytestmark = pytest.mark.slow

DRIVERS = Path(__file__).parent / "clients"
SUBJECT = "system:serviceaccount:default:driver"


def az_of_2023() -> Path:
    """Return the interpreter of az 2.55.0, with its dependencies of that release's day."""
    locked = DRIVERS.parent / "requirements-az-2.55.0.txt"
    return python_with("az-2.55.0", [], locked, version="3.11")


def az_of_today() -> Path:
    """Return the interpreter of az 2.91.0."""
    return python_with("az-complete", ["azure-cli==2.91.0"])


def drive(cloud: LocalAzure, *command: str, **environment: str) -> str:
    """Run a driver with the environment that Local Azure prints, and require that no call fails.

    Returns what it printed: the numbers of calls made and failed.
    """
    surroundings = os.environ | cloud.environment | environment | {"PYTHONPATH": str(DRIVERS)}
    ended = subprocess.run(
        command, env=surroundings, capture_output=True, text=True, check=False, timeout=500
    )
    assert ended.returncode == 0, f"{ended.stdout}\n{ended.stderr}"
    assert " 0 failed" in ended.stdout
    return ended.stdout.strip()


@pytest.fixture
def quick(local_azure: LocalAzure) -> LocalAzure:
    """Local Azure whose operations end at once."""
    local_azure.post("/_local/operations", {"polls": 0, "retryAfter": 0.01})
    return local_azure


def test_management_and_secrets(quick: LocalAzure, tell: Callable[[str], None]) -> None:
    packages = [f"azure-mgmt-{one}" for one in ("msi", "keyvault", "authorization", "web")]
    packages += ["azure-mgmt-resource", "azure-identity", "azure-keyvault-secrets"]
    python = python_with("management", packages)
    printed = drive(quick, str(python), str(DRIVERS / "drive_management.py"), quick.url)
    tell(f"management SDKs and SecretClient: {printed}")


def test_every_credential(quick: LocalAzure, tmp_path: Path, tell: Callable[[str], None]) -> None:
    application = {
        "appId": seed.CLIENT_ID,
        "displayName": "Signalman",
        "principalId": seed.CLIENT_OBJECT_ID,
        "secrets": [seed.CLIENT_SECRET],
        "certificates": [write_certificate(tmp_path / "client.pem")],
    }
    credential = {
        "issuer": f"{quick.url}/_local/issuer",
        "subject": SUBJECT,
        "audiences": ["api://AzureADTokenExchange"],
    }
    identity = {
        "id": seed.identity_id(seed.REALTIME_GROUP, seed.ORDERS_IDENTITY),
        "properties": {"principalId": seed.ORDERS_PRINCIPAL_ID, "clientId": seed.ORDERS_CLIENT_ID},
        "federatedCredentials": {"driver": credential},
    }
    quick.seed(applications=[application], identities=[identity])
    token = tmp_path / "token"
    token.write_text(quick.post("/_local/workload-tokens", {"subject": SUBJECT})["token"])
    python = python_with("credentials", ["azure-identity", "aiohttp"])
    script = DRIVERS / "drive_credentials.py"
    files = (str(tmp_path / "client.pem"), str(token))
    printed = drive(quick, str(python), str(script), quick.url, *files, seed.IDENTITY_HEADER)
    tell(f"azure-identity: {printed}")


def test_javascript(quick: LocalAzure, tell: Callable[[str], None]) -> None:
    folder = node_with("javascript", ["@azure/identity", "@azure/arm-signalr"])
    # Node looks for packages beside the script.
    script = folder / "drive.mjs"
    script.write_text((DRIVERS / "drive_javascript.mjs").read_text())
    tell(f"@azure/identity and @azure/arm-signalr: {drive(quick, 'node', str(script), quick.url)}")


@pytest.mark.parametrize("installed", [az_of_2023, az_of_today])
def test_azure_cli(
    installed: Callable[[], Path], tmp_path: Path, tell: Callable[[str], None]
) -> None:
    python = installed()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with LocalAzure(tmp_path, "--proxy-port", str(port)) as cloud:
        cloud.post("/_local/operations", {"polls": 0, "retryAfter": 0.01})
        printed = drive(
            cloud,
            str(python),
            str(DRIVERS / "drive_az.py"),
            cloud.url,
            AZURE_CONFIG_DIR=str(tmp_path / "az"),
            AZURE_CORE_COLLECT_TELEMETRY="no",
            AZURE_CORE_INSTANCE_DISCOVERY="false",
            HTTPS_PROXY=f"http://127.0.0.1:{port}",
            NO_PROXY="localhost,127.0.0.1",
        )
    tell(printed)


def write_certificate(path: Path) -> str:
    """Write a key with its self-signed certificate, and return the certificate as PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "driver")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, *form) + pem)
    return pem.decode()
