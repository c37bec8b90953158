"""Authenticate the client of a token request: by secret, certificate or federated token."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from localazure.arm.identities import federated
from localazure.arm.identities.user_assigned import TYPE as USER_ASSIGNED
from localazure.arm.resources import Resource
from localazure.entra import errors
from localazure.entra.client_authentication import assertions
from localazure.entra.client_authentication.assertions import Assertion
from localazure.entra.client_authentication.workload_issuer import issuer_keys
from localazure.entra.directory.home_tenant import Application
from localazure.entra.directory.managed_identities import user_assigned
from localazure.entra.tokens import Principal
from localazure.world import World


@dataclass(frozen=True)
class TokenRequest:
    """A request to a token endpoint.

    `authority` is the base URL of Local Azure as the client used it, without the tenant.
    """

    tenant: str
    authority: str
    form: Mapping[str, str]

    @property
    def app_id(self) -> str:
        """The client id."""
        return self.form.get("client_id", "")

    @property
    def audiences(self) -> list[str]:
        """The audiences that a client assertion may have: this tenant's token endpoints."""
        tenant = f"{self.authority}/{self.tenant}"
        return [f"{tenant}{path}" for path in ("/oauth2/v2.0/token", "/oauth2/token", "/v2.0", "")]


async def authenticate_client(
    world: World, http: aiohttp.ClientSession, request: TokenRequest
) -> Principal:
    """Return the principal of the client. Raises TokenRefused."""
    if request.tenant != world.directory.tenant_id:
        raise errors.tenant_not_found(request.tenant)
    application = world.directory.find(request.app_id)
    identity = None if application else _identity(world, request.app_id)
    if application is None and identity is None:
        raise errors.application_not_found(request.app_id, request.tenant)
    if "client_assertion" in request.form:
        await _check_assertion(world, http, request, application or identity)
    elif application is None or not application.accepts(request.form.get("client_secret", "")):
        raise _wrong_secret(request)
    if application is not None:
        return Principal(request.tenant, application.principal_id, application.app_id)
    assert identity is not None  # noqa: S101
    return user_assigned(identity)


def _wrong_secret(request: TokenRequest) -> errors.TokenRefused:
    if not request.form.get("client_secret"):
        return errors.no_client_credential()
    return errors.wrong_secret(request.app_id)


async def _check_assertion(
    world: World,
    http: aiohttp.ClientSession,
    request: TokenRequest,
    client: Application | Resource | None,
) -> None:
    """Verify the client assertion. Raises TokenRefused."""
    if request.form.get("client_assertion_type") != assertions.TYPE:
        raise errors.unsupported_assertion_type()
    assertion = Assertion.read(request.form["client_assertion"])
    certificates, credentials = _registered(world, client)
    if assertion.claims.get("iss") == request.app_id or not credentials:
        assertions.verify_certificate(assertion, request.app_id, certificates, request.audiences)
        return
    credential = assertions.matching_credential(assertion, credentials)
    keys = await issuer_keys(world, http, credential["issuer"])
    assertions.verify_federated(assertion, keys)


def _registered(
    world: World, client: Application | Resource | None
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the certificates and federated credentials of a client."""
    if isinstance(client, Application):
        return client.certificates, client.federated_credentials
    assert client is not None  # noqa: S101
    return [], federated.of_identity(world.resources, client.id)


def _identity(world: World, app_id: str) -> Resource | None:
    for identity in world.resources.of_type(USER_ASSIGNED):
        if identity.document["properties"]["clientId"].lower() == app_id.lower():
            return identity
    return None
