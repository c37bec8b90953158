"""Drive every credential of azure-identity that works on one machine, and its asynchronous twin.

python drive_credentials.py LOCAL_AZURE_URL CERTIFICATE_FILE TOKEN_FILE IDENTITY_HEADER
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import azure.identity as blocking
import azure.identity.aio as asynchronous
from calls import Calls

URL, CERTIFICATE, TOKEN_FILE, IDENTITY_HEADER = sys.argv[1:5]
TENANT, CLIENT = os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"]
SECRET = os.environ["AZURE_CLIENT_SECRET"]
WORKLOAD_CLIENT = "ffffffff-0000-4000-8000-000000000002"
SCOPE = "https://management.azure.com/.default"
calls = Calls()


def credentials(kinds: Any) -> Iterator[tuple[str, Any]]:
    """Yield each credential with a name; `kinds` is azure.identity or its asynchronous twin."""
    discovery = {"disable_instance_discovery": True}
    for authority in (URL, URL.replace("localhost", "127.0.0.1")):
        common = {"authority": authority} | discovery
        yield (
            f"secret at {authority}",
            kinds.ClientSecretCredential(TENANT, CLIENT, SECRET, **common),
        )
    common = {"authority": URL} | discovery
    yield "certificate", kinds.CertificateCredential(TENANT, CLIENT, CERTIFICATE, **common)
    yield (
        "workload",
        kinds.WorkloadIdentityCredential(
            tenant_id=TENANT, client_id=WORKLOAD_CLIENT, token_file_path=TOKEN_FILE, **common
        ),
    )
    yield (
        "assertion",
        kinds.ClientAssertionCredential(
            TENANT, WORKLOAD_CLIENT, lambda: read(TOKEN_FILE), **common
        ),
    )
    yield "environment", kinds.EnvironmentCredential(**discovery)
    yield "metadata service", kinds.ManagedIdentityCredential()
    yield "user-assigned", kinds.ManagedIdentityCredential(client_id=WORKLOAD_CLIENT)


def app_service(kinds: Any) -> Any:
    """Return a managed identity as App Service offers it."""
    os.environ["IDENTITY_ENDPOINT"] = f"{URL}/msi/token"
    os.environ["IDENTITY_HEADER"] = IDENTITY_HEADER
    try:
        return kinds.ManagedIdentityCredential()
    finally:
        del os.environ["IDENTITY_ENDPOINT"], os.environ["IDENTITY_HEADER"]


def read(path: str) -> str:
    """Return a file's text."""
    return Path(path).read_text(encoding="utf-8")


async def drive_asynchronous() -> None:
    """Get a token from each asynchronous credential."""
    found = [*credentials(asynchronous), ("App Service", app_service(asynchronous))]
    for name, credential in found:
        async with credential:
            try:
                result: Any = await credential.get_token(SCOPE)
            except Exception as error:  # noqa: BLE001
                result = error
            calls(f"{name}, asynchronous", lambda result=result: result.token)


for name, credential in [*credentials(blocking), ("App Service", app_service(blocking))]:
    calls(name, lambda credential=credential: credential.get_token(SCOPE).token)
wrong = blocking.ClientAssertionCredential(
    TENANT, CLIENT, lambda: "not-a-token", authority=URL, disable_instance_discovery=True
)
calls.refuses("wrong assertion", lambda: wrong.get_token(SCOPE), "AADSTS50027")
asyncio.run(drive_asynchronous())
calls.end()
