"""Custom tokens for tests, valid and invalid, as a request describes them."""

from __future__ import annotations

import hmac
import json
from dataclasses import replace
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from localazure.arm.signalr.shape import TYPE as SIGNALR
from localazure.entra.directory.home_tenant import derived_guid
from localazure.entra.directory.managed_identities import principal_of, user_assigned
from localazure.entra.issuance import claims_for
from localazure.entra.keys import SigningKey, base64url
from localazure.entra.tokens import Principal
from localazure.world import World

KEYS = ("current", "unknown", "none", "hs256-public-key")


def custom_token(world: World, order: dict[str, Any]) -> str:
    """Return the token that `order` describes; valid unless a member makes it invalid.

    `resource` is the audience; `principal` names an instance, or a user-assigned identity by its
    id (by default another principal of the tenant); `tenant` is another tenant's id; `claims` and
    `header` replace members, null removes one; `key` is one of KEYS. Raises ValueError.
    """
    key = order.get("key", "current")
    if key not in KEYS:
        raise ValueError(f"key must be one of: {', '.join(KEYS)}.")
    principal = _principal(world, order.get("principal"))
    if "tenant" in order:
        principal = replace(principal, tenant_id=order["tenant"])
    claims = _changed(claims_for(world, principal, order["resource"]), order.get("claims", {}))
    return _compact(world, key, claims, order.get("header", {}))


def _principal(world: World, name: str | None) -> Principal:
    if name is None:
        other = derived_guid("principal", "other")
        return Principal(world.directory.tenant_id, other, derived_guid("client", other))
    by_id = world.resources.get(name)
    if by_id is not None and by_id.document["type"] != SIGNALR:
        return user_assigned(by_id)
    instance = by_id or world.resources.named(SIGNALR, name)
    if instance is None:
        raise ValueError(f"There is no instance or user-assigned identity '{name}'.")
    return principal_of(instance, world.resources)


def _compact(world: World, key: str, claims: dict[str, Any], changes: dict[str, Any]) -> str:
    signing = world.keys.unpublished if key == "unknown" else world.keys.current
    algorithm = {"none": "none", "hs256-public-key": "HS256"}.get(key, "RS256")
    header = {"typ": "JWT", "alg": algorithm, "kid": signing.kid, "x5t": signing.kid}
    signed = f"{_part(_changed(header, changes))}.{_part(claims)}"
    return f"{signed}.{base64url(_signature(key, signing, signed.encode('ascii')))}"


def _signature(key: str, signing: SigningKey, signed: bytes) -> bytes:
    if key == "none":
        return b""
    if key == "hs256-public-key":
        return hmac.digest(signing.public_pem, signed, sha256)
    return signing.private_key.sign(signed, padding.PKCS1v15(), hashes.SHA256())


def _changed(members: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (members | changes).items() if value is not None}


def _part(members: dict[str, Any]) -> str:
    return base64url(json.dumps(members, separators=(",", ":")).encode("utf-8"))
