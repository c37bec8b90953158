"""The policy for access tokens: the values that their claims must have."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import Final, Literal

# As Entra prints them in tokens, and as the policy holds them: lower case, with hyphens.
GUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

V1_ISSUER: Final = "https://sts.windows.net/{tenant_id}/"

# Microsoft.IdentityModel's own default, and the most that RFC 7519's "a few minutes" can mean.
MAX_LEEWAY_SECONDS: Final = 300


def version_of(issuer: str) -> Literal["1.0", "2.0"]:
    """Return the version of an issuer's tokens: Entra's v2 issuers end in /v2.0 in every cloud."""
    return "2.0" if issuer.endswith("/v2.0") else "1.0"


@dataclass(frozen=True, kw_only=True)
class TokenPolicy:
    """Which tokens are accepted: all of these must hold, and an empty set accepts nothing.

    GUIDs and ARM ids may be given in any case; audiences and the issuer are compared exactly. An
    issuer may hold the placeholder `{tenant_id}`; a v2 issuer makes it a policy for v2 tokens.
    `client_ids` and `resource_ids` narrow further where they are given: the client id is then
    required, and the ARM ids of the identity and of its host (`xms_mirid`, `xms_az_rid`) must agree
    where the token carries them.

    Raises ValueError for an inconsistent policy.
    """

    tenant_id: str
    issuer: str = V1_ISSUER
    audiences: frozenset[str]
    # Object ids of service principals: ARM's `principalId` of a managed identity, the claim `oid`.
    principal_ids: frozenset[str]
    client_ids: frozenset[str] = frozenset()
    resource_ids: frozenset[str] = frozenset()
    leeway_seconds: int = 60
    # The token version, derived from the issuer.
    version: Literal["1.0", "2.0"] = field(init=False)
    # All of the above as text, by which each request looks up its verified token: Python computes
    # the hash of a text once, and that of a dataclass each time.
    fingerprint: str = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Normalise the case of IDs, so that checks can compare them exactly."""
        tenant_id = self.tenant_id.lower()
        if not GUID.fullmatch(tenant_id):
            raise ValueError(f"The tenant id must be a GUID, not {self.tenant_id!r}.")
        if not 0 <= self.leeway_seconds <= MAX_LEEWAY_SECONDS:
            raise ValueError(f"The leeway must be 0 to {MAX_LEEWAY_SECONDS} seconds.")
        issuer = self.issuer.replace("{tenant_id}", tenant_id)
        if tenant_id not in issuer:
            raise ValueError(f"The issuer {issuer!r} does not belong to the tenant {tenant_id}.")
        self._set("tenant_id", tenant_id)
        self._set("version", version_of(issuer))
        self._set("issuer", issuer)
        for name in ("principal_ids", "client_ids", "resource_ids"):
            self._set(name, frozenset(value.lower() for value in getattr(self, name) if value))
        self._set("audiences", frozenset(value for value in self.audiences if value))
        values = (getattr(self, each.name) for each in fields(self) if each.compare)
        text = [sorted(each) if isinstance(each, frozenset) else each for each in values]
        self._set("fingerprint", repr(text))

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)
