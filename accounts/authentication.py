"""Authentication of the API: personal access tokens, and applications of Microsoft Entra."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from typing import ClassVar, Final

from django.conf import settings
from django.contrib.auth.models import User
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import PREFIX, PersonalAccessToken
from accounts.roles import Role, roles_of
from validation.authentication import EntraAuthentication, EntraPrincipal
from validation.policy import TokenPolicy
from validation.verdict import VerifiedClaims

REALM: Final = "api"
# Matches no object id, so that the validator refuses a token without one.
_NO_PRINCIPALS: Final = frozenset({"none"})


class PersonalTokenAuthentication(BaseAuthentication):
    """Authenticates `Authorization: Bearer smp_...` as the token's user."""

    def authenticate(self, request: Request) -> tuple[User, PersonalAccessToken] | None:
        """Return the user and the token; None for other credentials.

        Raises AuthenticationFailed, with one message for every reason: the holder of a revoked
        token must not learn that it was a valid one.
        """
        secret = _bearer(request)
        if not secret.startswith(PREFIX):
            return None
        token = PersonalAccessToken.objects.with_secret(secret).select_related("user").first()
        now = timezone.now()
        if token is None or not token.is_usable(now):
            raise AuthenticationFailed(
                "The token is unknown, revoked or expired. Create a new token."
            )
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
        """Return its name in the history and the audit trail."""
        return f"application {self.object_id}"


class ApplicationAuthentication(EntraAuthentication):
    """Authenticates an access token that Entra issued for this API.

    The setting `API` names tenant and audience, and maps app roles to roles. An application
    without any of them is authenticated, and has no permission.
    """

    realm: ClassVar[str] = REALM
    is_optional: ClassVar[bool] = True

    def authenticate(self, request: Request) -> tuple[Application, VerifiedClaims] | None:
        """Return the application and its claims. Raises TokenRefused, AuthenticationFailed."""
        if _bearer(request) and not (settings.API["TENANT_ID"] and settings.API["AUDIENCES"]):
            raise AuthenticationFailed(
                "Access tokens of Entra are not accepted, because SIGNALMAN_API_TENANT_ID and "
                "SIGNALMAN_API_AUDIENCES are not set."
            )
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

        Any principal of the tenant is accepted, and its permissions are the app roles in the token:
        the accepted principal is the one that the token names.
        """
        return TokenPolicy(
            tenant_id=settings.API["TENANT_ID"],
            issuer=settings.API["ISSUER"],
            audiences=frozenset(settings.API["AUDIENCES"]),
            principal_ids=_claimed_principal(_bearer(request)),
        )


def _bearer(request: Request) -> str:
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _claimed_principal(token: str) -> frozenset[str]:
    """Return the `oid` that the token states, unverified."""
    payload = token.split(".")[1] if token.count(".") else ""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return _NO_PRINCIPALS
    oid = claims.get("oid") if isinstance(claims, dict) else None
    return frozenset({oid}) if isinstance(oid, str) and oid else _NO_PRINCIPALS
