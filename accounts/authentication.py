"""Who calls the API: a personal access token, or an application of Microsoft Entra."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import PREFIX, PersonalAccessToken
from accounts.roles import Role
from validation.authentication import EntraAuthentication, EntraPrincipal
from validation.policy import TokenPolicy
from validation.verdict import VerifiedClaims

REALM: Final = "api"
# Matches no object id: a token that names none is refused by the validator, as any other.
_NOBODY: Final = frozenset({"none"})


class PersonalTokenAuthentication(BaseAuthentication):
    """Authenticates by `Authorization: Bearer smp_...`, as the user whose token it is."""

    def authenticate(self, request: Request) -> tuple[User, PersonalAccessToken] | None:
        """Return the user and the token; None for whatever is no personal access token.

        Raises AuthenticationFailed, with the same words for every reason: who holds a token that
        was revoked is not to learn that it was one.
        """
        secret = _bearer(request)
        if not secret.startswith(PREFIX):
            return None
        token = PersonalAccessToken.objects.with_secret(secret).select_related("user").first()
        now = timezone.now()
        if token is None or not token.is_usable(now):
            raise AuthenticationFailed("The token is unknown, revoked or expired: make another.")
        token.note_use(now)
        return token.user, token

    def authenticate_header(self, _request: Request) -> str:
        """Return the challenge; without it DRF would answer 403 for 401."""
        return f'Bearer realm="{REALM}"'


@dataclass(frozen=True, slots=True)
class Application(EntraPrincipal):
    """A service principal or managed identity, with the roles that it was assigned."""

    roles: frozenset[Role] = frozenset()

    def has_perm(self, permission: str) -> bool:
        """Return whether one of its roles has the permission."""
        return any(role.allows(permission) for role in self.roles)

    def get_username(self) -> str:
        """Return what the history and the audit trail call it."""
        return f"application {self.object_id}"


class ApplicationAuthentication(EntraAuthentication):
    """Authenticates by an access token that Entra issued for this API.

    The setting `API` names tenant and audience, and which app role is which role of ours. An
    application without any of these roles is known, and may do nothing.
    """

    realm: ClassVar[str] = REALM
    is_optional: ClassVar[bool] = True

    def authenticate(self, request: Request) -> tuple[Application, VerifiedClaims] | None:
        """Return the application and its claims. Raises TokenRefused, AuthenticationFailed."""
        if _bearer(request) and not (settings.API["TENANT_ID"] and settings.API["AUDIENCES"]):
            raise AuthenticationFailed("Access tokens of Entra are not accepted here.")
        found = super().authenticate(request)
        if found is None:
            return None
        principal, claims = found
        return (
            Application(
                tenant_id=principal.tenant_id,
                object_id=principal.object_id,
                client_id=principal.client_id,
                claims=claims,
                roles=roles_of(claims),
            ),
            claims,
        )

    def policy_for(self, request: Request) -> TokenPolicy:
        """Return the policy of the API.

        Any principal of the tenant will do: what it may is said by the app roles that Entra put
        into the token. So the one that the token names is the one that is accepted.
        """
        return TokenPolicy(
            tenant_id=settings.API["TENANT_ID"],
            issuer=settings.API["ISSUER"],
            audiences=frozenset(settings.API["AUDIENCES"]),
            principal_ids=_claimed_principal(_bearer(request)),
        )


def roles_of(claims: Mapping[str, Any]) -> frozenset[Role]:
    """Return our roles for the app roles of a token; unknown ones are left out."""
    names = claims.get("roles", [])
    known: dict[str, str] = settings.API["APP_ROLES"]
    assigned = names if isinstance(names, list) else []
    return frozenset(Role(known[name]) for name in assigned if name in known)


def _bearer(request: Request) -> str:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _claimed_principal(token: str) -> frozenset[str]:
    """Return the `oid` that the token states, unverified."""
    payload = token.split(".")[1] if token.count(".") else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return _NOBODY
    oid = claims.get("oid") if isinstance(claims, dict) else None
    return frozenset({oid}) if isinstance(oid, str) and oid else _NOBODY
