"""Authenticates Django REST framework requests by Microsoft Entra access tokens."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from functools import lru_cache
from typing import ClassVar, Final

from rest_framework import status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, ErrorDetail
from rest_framework.request import Request

from validation import configuration
from validation.checks.structure import MAX_TOKEN_CHARACTERS
from validation.errors import DESCRIPTIONS, Reason, disclosed
from validation.keys.key_ring import Timing
from validation.policy import TokenPolicy
from validation.rate_limited_log import RateLimitedLog
from validation.validator import Validator
from validation.verdict import Verdict, VerifiedClaims, shown

refusals: Final = RateLimitedLog(logging.getLogger(__name__))

_SCHEME: Final = "bearer"
MAX_HEADER_CHARACTERS: Final = MAX_TOKEN_CHARACTERS + len("Bearer ")


@dataclass(frozen=True, slots=True)
class EntraPrincipal:
    """`request.user` of an authenticated request: an application or a managed identity."""

    tenant_id: str
    object_id: str
    # None where the token names no client.
    client_id: str | None
    claims: VerifiedClaims = field(repr=False)

    is_authenticated: ClassVar[bool] = True
    is_anonymous: ClassVar[bool] = False
    is_active: ClassVar[bool] = True

    @classmethod
    def of(cls, claims: VerifiedClaims) -> EntraPrincipal:
        """Return the principal that verified claims describe."""
        client_id = claims.get("appid", claims.get("azp"))
        return cls(
            tenant_id=str(claims["tid"]),
            object_id=str(claims["oid"]),
            client_id=client_id if isinstance(client_id, str) else None,
            claims=claims,
        )

    @property
    def pk(self) -> str:
        """The object ID, by which throttles and logs distinguish callers."""
        return self.object_id

    def __str__(self) -> str:
        """Return the object id."""
        return self.object_id


class TokenRefused(AuthenticationFailed):
    """401 with the reason (RFC 6750, section 3); 503 where the signing keys cannot be read.

    `reason` is the exact one, for logs and counts; the response has the one that is disclosed.
    `verdict` is None where the Authorization header held no token.
    """

    def __init__(self, reason: Reason, *, realm: str, verdict: Verdict | None = None) -> None:
        # What AuthenticationFailed.__init__ would set, without its translation.
        self.detail = _DETAILS[disclosed(reason)]
        self.reason: Final = reason
        self.verdict: Final = verdict
        self._realm: Final = realm
        if reason is Reason.KEYS_UNAVAILABLE:
            self.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
            # DRF makes a Retry-After header of it.
            self.wait = Timing.retry

    @property
    def auth_header(self) -> str:
        """The WWW-Authenticate header."""
        return challenge(self._realm, disclosed(self.reason))

    @auth_header.setter
    def auth_header(self, value: str) -> None:
        """Ignore the general challenge that DRF's views would put in place of this one."""


class EntraAuthentication(BaseAuthentication):
    """Authenticates by `Authorization: Bearer` with an access token of Microsoft Entra.

    `request.user` becomes an `EntraPrincipal`, `request.auth` its verified claims. Override
    `policy_for` where the policy depends on the request, or `policies_for` where tokens of several
    issuers are accepted; by default it is the policy of the setting `VALIDATION`.
    """

    realm: ClassVar[str] = "entra"
    # Whether a request without a bearer token is left to the next authentication class, as DRF's
    # own classes do. Otherwise it is refused, whatever the view's permissions.
    is_optional: ClassVar[bool] = False

    def policy_for(self, request: Request) -> TokenPolicy:
        """Return the policy for this request's token."""
        return configuration.policy()

    def policies_for(self, request: Request) -> tuple[TokenPolicy, ...]:
        """Return the policies for this request's token: one for each issuer that is accepted."""
        return (self.policy_for(request),)

    def shown_address(self, request: Request) -> str:
        """Return the path of a refused request, for the log."""
        return shown(request.path)

    def validator(self) -> Validator:
        """Return the validator that holds the signing keys."""
        return configuration.validator()

    def authenticate(self, request: Request) -> tuple[EntraPrincipal, VerifiedClaims] | None:
        """Return the principal and its claims. Raises TokenRefused."""
        claims = self.verified_claims(request)
        return None if claims is None else (EntraPrincipal.of(claims), claims)

    def verified_claims(self, request: Request) -> VerifiedClaims | None:
        """Return the claims alone. May wait for keys to be read. Raises TokenRefused."""
        token = self.token(request)
        if token is None:
            return None
        policies = self.policies_for(request)
        return self._claims(request, policies[-1], self.validator().verdict(token, *policies))

    async def averified_claims(self, request: Request) -> VerifiedClaims | None:
        """Return the claims as `verified_claims` does, without blocking the event loop."""
        token = self.token(request)
        if token is None:
            return None
        policies = self.policies_for(request)
        verdict = await self.validator().averdict(token, *policies)
        return self._claims(request, policies[-1], verdict)

    def token(self, request: Request) -> str | None:
        """Return the bearer token; None where there is none and it is optional.

        Raises TokenRefused.
        """
        # Not request.headers: building that mapping costs more than the rest of this method.
        header = request.META.get("HTTP_AUTHORIZATION", "")
        try:
            return bearer_token(header)
        except HeaderRefused as refusal:
            if self.is_optional and refusal.reason in _NO_BEARER:
                return None
            reason = refusal.reason
            if (skipped := refusals.admit(reason)) is not None:
                self._log(skipped, request, "header", reason, DESCRIPTIONS[reason])
            raise TokenRefused(reason, realm=self.realm) from None

    def _claims(self, request: Request, policy: TokenPolicy, verdict: Verdict) -> VerifiedClaims:
        if verdict.claims is None:
            raise self._refusal(request, policy, verdict)
        return verdict.claims

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge to a request that was not authenticated at all."""
        return challenge(self.realm)

    def _refusal(self, request: Request, policy: TokenPolicy, verdict: Verdict) -> TokenRefused:
        reason = verdict.reason
        if reason is None:
            raise AssertionError("A refused verdict has no reason.")
        # Few refusals are logged, so nothing is formatted before it is known that this one is.
        skipped = refusals.admit(reason)
        if skipped is not None and (failed := verdict.failed) is not None:
            where = f"tenant {policy.tenant_id}: {failed.message}"
            self._log(skipped, request, failed.name, reason, where)
        return TokenRefused(reason, realm=self.realm, verdict=verdict)

    def _log(self, skipped: int, request: Request, check: str, reason: Reason, text: str) -> None:
        address = self.shown_address(request)
        refusals.put(skipped, "Refused %s by the check '%s' (%s): %s", address, check, reason, text)


class HeaderRefused(Exception):
    """The Authorization header holds no token."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(DESCRIPTIONS[reason])
        self.reason: Final = reason


def bearer_token(header: str) -> str:
    """Return the token of an Authorization header's value (RFC 6750, section 2.1).

    Raises HeaderRefused. Servers join repeated headers with a comma, which no token contains: two
    tokens are refused rather than one of them chosen.
    """
    if not header:
        raise HeaderRefused(Reason.AUTHORIZATION_MISSING)
    if len(header) > MAX_HEADER_CHARACTERS:
        raise HeaderRefused(Reason.AUTHORIZATION_TOO_LARGE)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != _SCHEME:
        raise HeaderRefused(Reason.WRONG_SCHEME)
    # RFC 9110, section 11.4: one or more spaces.
    token = token.lstrip(" ")
    if not token or "," in token or " " in token:
        raise HeaderRefused(Reason.AUTHORIZATION_MALFORMED)
    return token


@lru_cache(maxsize=256)
def challenge(realm: str, reason: Reason | None = None) -> str:
    """Return a WWW-Authenticate value; a reason becomes its error and description."""
    if reason is None or reason in _NO_BEARER:
        # RFC 6750 section 3.1: no error code where no token was sent.
        return f'Bearer realm="{realm}"'
    error = "invalid_request" if reason in _BAD_HEADER else "invalid_token"
    return f'Bearer realm="{realm}", error="{error}", error_description="{DESCRIPTIONS[reason]}"'


_DETAILS: Final = {
    reason: ErrorDetail(description, reason.value) for reason, description in DESCRIPTIONS.items()
}
_NO_BEARER: Final = frozenset({Reason.AUTHORIZATION_MISSING, Reason.WRONG_SCHEME})
_BAD_HEADER: Final = frozenset({Reason.AUTHORIZATION_TOO_LARGE, Reason.AUTHORIZATION_MALFORMED})
