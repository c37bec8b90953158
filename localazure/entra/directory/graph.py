"""Microsoft Graph: read applications, service principals, users and groups.

Azure serves it at graph.microsoft.com; here it is `/v1.0/...` of the same address. Any principal
of the home tenant may read: app roles such as Application.Read.All are not required.
`registrations` has the requests that write.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from localazure.arm import errors, guard
from localazure.arm.routing import json_content
from localazure.entra.directory.home_tenant import Application, Group, User, derived_guid
from localazure.entra.directory.service_principals import service_principals
from localazure.world import world_of

AUDIENCES = ("https://graph.microsoft.com", "https://graph.microsoft.com/")
_DEFAULT_PAGE = 100
_LARGEST_PAGE = 999

_EQUALS = re.compile(r"(\w+) eq '([^']*)'")
_STARTS = re.compile(r"startswith\((\w+), ?'([^']*)'\)", re.IGNORECASE)
_ANY = re.compile(r"(\w+)/any\((\w+): ?\2 eq '([^']*)'\)")
_SEARCH = re.compile(r'"(\w+):([^"]*)"')

Entity = dict[str, Any]
Test = Callable[[Entity], bool]


class UnsupportedQuery(errors.ArmError):
    """A query that Graph refuses, or that is not implemented here."""

    code = "Request_UnsupportedQuery"


class EntityNotFound(errors.ArmError):
    """No object of that id."""

    status = 404
    code = "Request_ResourceNotFound"


async def list_applications(request: Request) -> JSONResponse:
    """GET /v1.0/applications."""
    return _page(request, "applications", map(application_entity, registered(request)))


async def list_service_principals(request: Request) -> JSONResponse:
    """GET /v1.0/servicePrincipals."""
    return _page(request, "servicePrincipals", service_principals(world_of(request)))


async def get_application(request: Request) -> JSONResponse:
    """GET /v1.0/applications/{id}."""
    return _one(request, map(application_entity, registered(request)))


async def get_service_principal(request: Request) -> JSONResponse:
    """GET /v1.0/servicePrincipals/{id}."""
    return _one(request, service_principals(world_of(request)))


async def list_users(request: Request) -> JSONResponse:
    """GET /v1.0/users."""
    return _page(request, "users", map(_user, world_of(request).directory.users()))


async def list_groups(request: Request) -> JSONResponse:
    """GET /v1.0/groups."""
    return _page(request, "groups", map(_group, world_of(request).directory.groups()))


async def get_by_ids(request: Request) -> JSONResponse:
    """POST /v1.0/directoryObjects/getByIds: `az role assignment` reads names with it."""
    authenticate(request)
    directory = world_of(request).directory
    body = json_content(await request.body()) or {}
    ids = {str(one).lower() for one in body.get("ids") or ()}
    found = [
        {"@odata.type": f"#microsoft.graph.{kind}"} | entity
        for kind, entities in (
            ("servicePrincipal", service_principals(world_of(request))),
            ("user", map(_user, directory.users())),
            ("group", map(_group, directory.groups())),
        )
        for entity in entities
        if entity["id"].lower() in ids
    ]
    return JSONResponse({"value": found})


def registered(request: Request) -> Iterator[Application]:
    """Yield the applications whose registration is in this tenant."""
    for application in world_of(request).directory.applications():
        if application.owner_tenant_id is None:
            yield application


def _user(user: User) -> Entity:
    return {
        "id": user.object_id,
        "displayName": user.display_name,
        "userPrincipalName": user.user_principal_name,
        "mail": user.user_principal_name,
    }


def _group(group: Group) -> Entity:
    return {"id": group.object_id, "displayName": group.display_name, "securityEnabled": True}


def object_id_of(application: Application) -> str:
    """Return the object id of an application; that of its service principal is another."""
    return derived_guid("application object", application.app_id)


def application_entity(application: Application) -> Entity:
    """Return an application in Graph's form."""
    return {
        "id": object_id_of(application),
        "appId": application.app_id,
        "displayName": application.display_name,
        "identifierUris": application.identifier_uris,
        "signInAudience": "AzureADMyOrg",
        "api": {"requestedAccessTokenVersion": application.token_version},
        "appRoles": [],
        "passwordCredentials": [password(application, one) for one in application.secrets],
        "keyCredentials": [],
    }


def password(application: Application, secret: str) -> Entity:
    """Return a secret in Graph's form, without its text."""
    return {
        "keyId": derived_guid("secret", application.app_id, secret),
        "displayName": None,
        "hint": secret[:3],
        "secretText": None,
    }


def _one(request: Request, entities: Iterable[Entity]) -> JSONResponse:
    authenticate(request)
    object_id = request.path_params["id"].lower()
    for entity in entities:
        if entity["id"].lower() == object_id:
            return JSONResponse(entity)
    raise EntityNotFound(f"Resource '{object_id}' does not exist.")


def _page(request: Request, kind: str, entities: Iterable[Entity]) -> JSONResponse:
    authenticate(request)
    test, query = _test(request), request.query_params
    found = [entity for entity in entities if test(entity)]
    start, size = _skipped(query.get("$skiptoken", "0")), _page_size(query.get("$top"))
    body: dict[str, Any] = {"@odata.context": f"{request.base_url}v1.0/$metadata#{kind}"}
    if query.get("$count") == "true":
        body["@odata.count"] = len(found)
    if start + size < len(found):
        link = request.url.include_query_params(**{"$skiptoken": start + size})
        body["@odata.nextLink"] = str(link)
    body["value"] = [_selected(one, query.get("$select")) for one in found[start : start + size]]
    return JSONResponse(body)


def authenticate(request: Request) -> None:
    """Require a token for Graph. Raises ArmError."""
    guard.authenticate(world_of(request), request.headers.get("authorization", ""), AUDIENCES)


def _skipped(token: str) -> int:
    if not token.isdecimal():
        raise UnsupportedQuery("The $skiptoken is invalid.")
    return int(token)


def _page_size(top: str | None) -> int:
    if top is None:
        return _DEFAULT_PAGE
    if not top.isdecimal() or not 1 <= int(top) <= _LARGEST_PAGE:
        raise UnsupportedQuery(f"$top must be a number from 1 to {_LARGEST_PAGE}.")
    return int(top)


def _test(request: Request) -> Test:
    search, filter_ = request.query_params.get("$search"), request.query_params.get("$filter")
    if search and request.headers.get("ConsistencyLevel", "").lower() != "eventual":
        raise UnsupportedQuery("Request with $search query parameter only works with eventual.")
    tests = ([_searched(search)] if search else []) + ([_filtered(filter_)] if filter_ else [])
    return lambda entity: all(test(entity) for test in tests)


def _searched(search: str) -> Test:
    match = _SEARCH.fullmatch(search)
    if match is None:
        raise UnsupportedQuery(
            '$search must have the form "property:text", with the quotation marks.'
        )
    name, text = match[1], match[2].lower()
    return lambda entity: text in str(entity.get(name, "")).lower()


def _filtered(filter_: str) -> Test:
    if match := _EQUALS.fullmatch(filter_):
        name, text = match[1], match[2].lower()
        return lambda entity: str(entity.get(name, "")).lower() == text
    if match := _STARTS.fullmatch(filter_):
        name, text = match[1], match[2].lower()
        return lambda entity: str(entity.get(name, "")).lower().startswith(text)
    if match := _ANY.fullmatch(filter_):
        name, text = match[1], match[3]
        return lambda entity: text in entity.get(name, [])
    raise UnsupportedQuery(f"The filter '{filter_}' is not supported.")


def _selected(entity: Entity, names: str | None) -> Entity:
    if not names:
        return entity
    selected = {name.strip() for name in names.split(",")} | {"id"}
    return {name: value for name, value in entity.items() if name in selected}


ROUTES = [
    Route("/v1.0/applications", list_applications),
    Route("/v1.0/applications/{id}", get_application),
    Route("/v1.0/servicePrincipals", list_service_principals),
    Route("/v1.0/servicePrincipals/{id}", get_service_principal),
    Route("/v1.0/users", list_users),
    Route("/v1.0/groups", list_groups),
    Route("/v1.0/directoryObjects/getByIds", get_by_ids, methods=["POST"]),
]
