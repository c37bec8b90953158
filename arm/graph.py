"""Applications and service principals of the tenant, from Microsoft Graph: resources of templates.

Sources: "List applications" and "List servicePrincipals", Microsoft Graph v1.0. The credential
needs the application permission Application.Read.All.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest, HttpResponse
from azure.mgmt.core import ARMPipelineClient
from azure.mgmt.core.exceptions import ARMErrorFormat

from arm.errors import Forbidden, UnexpectedAnswer, unreadable
from arm.settings import ArmSettings
from arm.transport.error_translation import translated
from arm.transport.pipeline import pipeline

_FIELDS: Final = "appId,displayName,identifierUris,api"
_PRINCIPAL_FIELDS: Final = "appId,displayName,servicePrincipalType,appOwnerOrganizationId"
_CLIENT_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)


class DirectoryForbidden(Forbidden):
    """The credential may not read the tenant's applications."""

    summary = (
        "Signalman's credential may not list applications; grant it Microsoft Graph's application "
        "permission Application.Read.All, or enter the resource by hand."
    )


@dataclass(frozen=True, slots=True)
class Application:
    """An app registration of the tenant.

    `requested_access_token_version` is 1 or 2, and None where the registration leaves it at
    Entra's default, which is 1.
    """

    app_id: str
    display_name: str
    identifier_uris: tuple[str, ...] = ()
    requested_access_token_version: int | None = None

    @classmethod
    def from_graph(cls, entity: Mapping[str, Any]) -> Application:
        """Read an application. Raises UnexpectedAnswer for any other shape."""
        try:
            return cls(
                app_id=entity["appId"],
                display_name=entity.get("displayName") or "",
                identifier_uris=tuple(entity.get("identifierUris") or ()),
                requested_access_token_version=(entity.get("api") or {}).get(
                    "requestedAccessTokenVersion"
                ),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise unreadable(error, "an application") from error

    @property
    def resources(self) -> tuple[str, ...]:
        """The resources that stand for it: its Application ID URIs, then its client ID."""
        return (*self.identifier_uris, self.app_id)

    @property
    def has_v2_tokens(self) -> bool:
        """Whether Entra issues v2 tokens for it, with the v2 issuer and its client ID."""
        return self.requested_access_token_version == 2  # noqa: PLR2004  # v2


@dataclass(frozen=True, slots=True)
class ResourcePrincipal:
    """The application or identity that a resource names in the tenant.

    Entra issues a token for a resource only if the tenant has a service principal of that name.
    `application` is its registration, if that is in this tenant. `owner_tenant_id` is the tenant of
    the registration, and empty for managed identities.
    """

    app_id: str
    display_name: str
    has_service_principal: bool = True
    is_managed_identity: bool = False
    owner_tenant_id: str = ""
    application: Application | None = None


def find_resource(settings: ArmSettings, resource: str) -> ResourcePrincipal | None:
    """Return what `resource` names in the credential's tenant; None where it names nothing.

    Compares with and without a final slash. `settings` as in `list_applications`. Raises ArmError.
    """
    bare = resource.rstrip("/")
    spellings = dict.fromkeys((resource, bare, f"{bare}/"))
    if _CLIENT_ID.fullmatch(resource):
        spellings = {resource: None}
    for spelling in spellings:
        named = f"servicePrincipalNames/any(n:n eq '{_quoted(spelling)}')"
        for entity in _entities(settings, "servicePrincipals", named, _PRINCIPAL_FIELDS):
            return _principal(settings, entity)
    for spelling in spellings:
        if _CLIENT_ID.fullmatch(spelling):
            named = f"appId eq '{spelling}'"
        else:
            named = f"identifierUris/any(u:u eq '{_quoted(spelling)}')"
        for entity in _entities(settings, "applications", named, _FIELDS):
            found = Application.from_graph(entity)
            return ResourcePrincipal(
                found.app_id,
                found.display_name,
                has_service_principal=False,
                application=found,
            )
    return None


def client_id_of(settings: ArmSettings, principal_id: str) -> str:
    """Return the client ID of the service principal with this object ID. Raises ArmError."""
    root = settings.endpoint.rstrip("/")
    entity = _get(settings, f"{root}/v1.0/servicePrincipals/{principal_id}?$select=appId")
    found = entity.get("appId")
    if not isinstance(found, str):
        raise UnexpectedAnswer("The service principal has no appId.")
    return found


def _principal(settings: ArmSettings, entity: Mapping[str, Any]) -> ResourcePrincipal:
    """Read a service principal, and its registration if that is in this tenant."""
    try:
        app_id = str(entity["appId"])
        is_managed_identity = entity.get("servicePrincipalType") == "ManagedIdentity"
        own = [] if is_managed_identity else list(list_applications(settings, app_id))
        return ResourcePrincipal(
            app_id,
            entity.get("displayName") or "",
            is_managed_identity=is_managed_identity,
            owner_tenant_id=entity.get("appOwnerOrganizationId") or "",
            application=own[0] if own else None,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise unreadable(error, "a service principal") from error


def _entities(
    settings: ArmSettings, collection: str, condition: str, fields: str
) -> Iterator[Mapping[str, Any]]:
    query = urlencode({"$select": fields, "$filter": condition})
    page = _get(settings, f"{settings.endpoint.rstrip('/')}/v1.0/{collection}?{query}")
    yield from page.get("value") or ()


def _quoted(text: str) -> str:
    """Return `text` for a string literal of OData, where a quotation mark is doubled."""
    return text.replace("'", "''")


def list_applications(settings: ArmSettings, search: str = "") -> Iterator[Application]:
    """Read the tenant's applications by name, page by page, or those that `search` finds.

    `search` is part of the name, or a client ID. `settings` hold Graph's endpoint and scope.
    Raises ArmError.
    """
    query = {"$select": _FIELDS, "$top": "999", **_narrowing(search)}
    url: str | None = f"{settings.endpoint.rstrip('/')}/v1.0/applications?{urlencode(query)}"
    while url:
        page = _get(settings, url)
        yield from map(Application.from_graph, page.get("value") or ())
        url = page.get("@odata.nextLink")


def _narrowing(search: str) -> dict[str, str]:
    if not search:
        return {}
    if _CLIENT_ID.fullmatch(search):
        return {"$filter": f"appId eq '{search}'"}
    # Only these two are special inside the quotation marks.
    words = re.sub(r'[\\"]', " ", search)
    return {"$search": f'"displayName:{words}"'}


def _get(settings: ArmSettings, url: str) -> Mapping[str, Any]:
    client: ARMPipelineClient[HttpRequest, HttpResponse] = ARMPipelineClient(
        settings.endpoint, policies=[], pipeline=pipeline(settings)
    )
    # $search requires this header: it reads from replicas of the directory.
    request = HttpRequest("GET", url, headers={"ConsistencyLevel": "eventual"})
    try:
        with translated():
            response = client.send_request(request)
            if response.status_code != HTTPStatus.OK:
                raise HttpResponseError(response=response, error_format=ARMErrorFormat)
            page = response.json()
    except Forbidden as error:
        raise DirectoryForbidden(error.message, code=error.code, status=error.status) from error
    except ValueError as error:
        raise UnexpectedAnswer("The response is not JSON.") from error
    if not isinstance(page, Mapping):
        raise UnexpectedAnswer("The response is not a JSON object.")
    return page
