"""Applications of the tenant, from Microsoft Graph: the resources of templates.

Source: "List applications", Microsoft Graph v1.0. The credential needs the application permission
Application.Read.All.
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

from arm.errors import Forbidden, UnexpectedAnswer
from arm.settings import ArmSettings
from arm.transport.error_translation import translated
from arm.transport.pipeline import pipeline

_FIELDS: Final = "appId,displayName,identifierUris,api"
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
            raise UnexpectedAnswer(f"It was read as an application: {error}") from error

    @property
    def resources(self) -> tuple[str, ...]:
        """The resources that stand for it: its Application ID URIs, then its client ID."""
        return (*self.identifier_uris, self.app_id)

    @property
    def has_v2_tokens(self) -> bool:
        """Whether Entra issues v2 tokens for it, with the v2 issuer and its client ID."""
        return self.requested_access_token_version == 2  # noqa: PLR2004  # v2


def list_applications(settings: ArmSettings, search: str = "") -> Iterator[Application]:
    """Read the tenant's applications by name, page by page, or those that `search` finds.

    `search` is part of the name, or a client ID. `settings` hold Graph's endpoint and scope.
    Raises ArmError.
    """
    query = {"$select": _FIELDS, "$top": "100", **_narrowing(search)}
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
        raise UnexpectedAnswer("It is not JSON.") from error
    if not isinstance(page, Mapping):
        raise UnexpectedAnswer("It is not a JSON object.")
    return page
