"""The plan of an instance with pending changes, and applying it."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from localazure import seed

LAB = f"/api/v1/instances/{seed.LAB}/"


def digest(client: APIClient) -> str:
    """Return the digest of the current plan."""
    return str(client.get(f"{LAB}plan/").json()["digest"])


def apply(client: APIClient, plan: str | None = None, key: str = "", **more: Any) -> Any:
    """Apply the plan with this digest, by default the current one."""
    body = {"digest": digest(client) if plan is None else plan, **more}
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(f"{LAB}apply/", body, format="json", headers=headers)
