"""FastAPI with fastapi-azure-auth."""

from __future__ import annotations

import json
import os
import ssl
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException, Response, Security
from fastapi_azure_auth.auth import AzureAuthorizationCodeBearerBase
from fastapi_azure_auth.user import User

AUTHORITY, TENANT = os.environ["AUTHORITY"], os.environ["TENANT"]

app = FastAPI()
entra = AzureAuthorizationCodeBearerBase(
    app_client_id=os.environ["AUDIENCE"],
    tenant_id=TENANT,
    openid_config_url=f"{AUTHORITY}/{TENANT}/.well-known/openid-configuration",
    # Its client trusts the operating system's certificates only, unless told.
    http_client_config={"verify": ssl.create_default_context()},
)


@app.post("/upstream/{instance}/")
async def take(
    instance: str,
    call: Annotated[dict[str, Any], Body()],
    caller: Annotated[User, Security(entra)],
) -> Response:
    """Return a completion of the hub protocol."""
    if caller.claims.get("oid") != os.environ["PRINCIPAL"]:
        raise HTTPException(401)
    completion = {"type": 3, "invocationId": call["invocationId"], "result": call["arguments"][0]}
    frame = json.dumps(completion, separators=(",", ":")).encode() + b"\x1e"
    return Response(frame, media_type="application/octet-stream")
