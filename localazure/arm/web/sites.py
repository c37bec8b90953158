"""Sites and slots over HTTP: created, written, started, stopped and deleted synchronously."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import quoteattr

from starlette.responses import JSONResponse, Response

from localazure.arm import errors
from localazure.arm.resources import Resource
from localazure.arm.routing import GROUP, SUBSCRIPTION, Call, Provider
from localazure.arm.schema import ANYTHING
from localazure.arm.web import default_values
from localazure.arm.web.routing import SITE, serves, site_of
from localazure.arm.web.site_document import (
    APP_SETTINGS,
    HOST_SUFFIX,
    SLOT_TYPE,
    TYPE,
    WEB,
    displayed,
    shown,
    site,
    touch,
)

_UNDER = f"/providers/{TYPE}"
_SHAPE = {
    **dict.fromkeys(("id", "name", "type", "location", "kind"), str),
    **dict.fromkeys(("tags", "identity", "extendedLocation", "properties"), ANYTHING),
}
_READ_ONLY = frozenset(
    {
        *("name", "state", "hostNames", "enabledHostNames", "defaultHostName", "selfLink"),
        *("lastModifiedTimeUtc", "siteConfig", "resourceGroup", "repositorySiteName"),
    }
)

sites = Provider(
    TYPE, default_values.API_VERSIONS, headers=default_values.HEADERS, etag=default_values.ETAG
)


@sites.serves("GET", f"{SUBSCRIPTION}{_UNDER}", action="read")
@sites.serves("GET", f"{GROUP}{_UNDER}", action="read")
def list_sites(call: Call) -> Response:
    """List the sites, without their slots."""
    return call.page(_shown(call, call.world.resources.of_type(TYPE, call.scope)))


@sites.serves("GET", f"{SITE}/slots", action="slots/read")
def list_slots(call: Call) -> Response:
    """List a site's slots."""
    found = site_of(call)
    return call.page(_shown(call, call.world.resources.of_type(SLOT_TYPE, found.id)))


@serves(sites, "GET", "", action="read")
def get_site(call: Call) -> Response:
    """Read a site or slot."""
    return call.json(shown(site_of(call), call.api_version, written=False))


@serves(sites, "PUT", "", action="write")
def put_site(call: Call) -> Response:
    """Create a site or slot, or write its properties, configuration, identity and tags."""
    body = call.content(_SHAPE)
    found = call.world.resources.get(call.path)
    if found is None and not body.get("location"):
        raise errors.InvalidParameter("A site requires a location.")
    return _write(call, found or _new(call, body), body)


@serves(sites, "PATCH", "", action="write")
def patch_site(call: Call) -> Response:
    """Merge into a site or slot."""
    found = site_of(call)
    found.document["location"] = displayed(found.document["location"])
    return _write(call, found, call.content(_SHAPE))


@serves(sites, "DELETE", "", action="delete")
def delete_site(call: Call) -> Response:
    """Delete a site with its slots: 200, or 204 where there is none."""
    resources = call.world.resources
    found = resources.get(call.path)
    if found is None:
        return Response(status_code=204)
    for slot in list(resources.of_type(SLOT_TYPE, found.id)):
        resources.remove(slot.id)
    resources.remove(found.id)
    return Response(status_code=200)


@serves(sites, "POST", "/stop", action="stop/action")
def stop_site(call: Call) -> Response:
    """Stop a site: its host answers 403."""
    return _set_state(call, "Stopped")


@serves(sites, "POST", "/start", action="start/action")
@serves(sites, "POST", "/restart", action="restart/action")
def start_site(call: Call) -> Response:
    """Start a site."""
    return _set_state(call, "Running")


@serves(sites, "POST", "/publishxml", action="publishxml/action")
def list_publishing_profiles(call: Call) -> Response:
    """Return the publishing profiles, as XML."""
    found = site_of(call)
    host = found.document["properties"]["defaultHostName"]
    scm = host.replace(HOST_SUFFIX, f".scm{HOST_SUFFIX}")
    account = found.hidden[WEB]["publishingUsername"]
    common = {
        "userName": account,
        "userPWD": found.hidden["keys"]["masterKey"],
        "destinationAppUrl": f"http://{host}",
        "SQLServerDBConnectionString": "",
        "mySQLDBConnectionString": "",
        "hostingProviderForumLink": "",
        "controlPanelLink": "http://windows.azure.com",
        "webSystem": "WebSites",
    }
    name = found.document["name"].replace("/", "-")
    profiles: list[Mapping[str, str]] = [
        {
            "profileName": f"{name} - Web Deploy",
            "publishMethod": "MSDeploy",
            "publishUrl": f"{scm}:443",
            "msdeploySite": name,
            **common,
        },
        {
            "profileName": f"{name} - FTP",
            "publishMethod": "FTP",
            "publishUrl": found.document["properties"]["ftpsHostName"],
            "ftpPassiveMode": "True",
            **common,
            "userName": f"{name}\\{account}",
        },
        {
            "profileName": f"{name} - Zip Deploy",
            "publishMethod": "ZipDeploy",
            "publishUrl": f"{scm}:443",
            **common,
        },
    ]
    body = "".join(_profile(one) for one in profiles)
    return Response(f"<publishData>{body}</publishData>", media_type="application/xml")


@sites.serves(
    "POST", f"{SUBSCRIPTION}/providers/Microsoft.Web/checknameavailability", action="read"
)
def check_name(call: Call) -> Response:
    """Return whether a site name is available in all of Azure."""
    shape = {"name": str, "type": str, "isFqdn": bool, "environmentId": str}
    name = str(call.content(shape).get("name"))
    taken = {one.name.lower() for one in call.world.resources.of_type(TYPE)}
    if name.lower() in taken:
        message = f"Hostname '{name}' already exists. Please select a different name."
        return JSONResponse({"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return JSONResponse({"nameAvailable": True, "reason": "", "message": ""})


def _shown(call: Call, found: Any) -> list[Resource]:
    return [Resource(shown(one, call.api_version, written=False)) for one in found]


def _id(call: Call) -> str:
    named = call.parameters
    group = f"/subscriptions/{named['subscription']}/resourceGroups/{named['group']}"
    slot = f"/slots/{named['slot']}" if "slot" in named else ""
    return f"{group}{_UNDER}/{named['name']}{slot}"


def _new(call: Call, body: dict[str, Any]) -> Resource:
    """Return a new site, or a new slot with the plan and configuration of its site."""
    made = site(_id(call), body["location"], body.get("kind") or "app")
    if "slot" in call.parameters:
        parent = call.resource(made.id.split("/slots/")[0])
        inherited = {name: parent.document["properties"][name] for name in ("serverFarmId", "sku")}
        made.document["properties"] |= inherited
        account = made.hidden[WEB]["publishingUsername"]
        made.hidden[WEB] = copy.deepcopy(parent.hidden[WEB]) | {"publishingUsername": account}
    return made


def _write(call: Call, made: Resource, body: dict[str, Any]) -> Response:
    given = copy.deepcopy(body.get("properties") or {})
    write_config(made, given.get("siteConfig") or {})
    properties = made.document["properties"]
    properties |= {name: value for name, value in given.items() if name not in _READ_ONLY}
    plan = call.world.resources.get(properties["serverFarmId"] or "")
    if plan is not None:
        properties["sku"] = plan.document["sku"]["tier"]
    for name in ("tags", "kind"):
        if body.get(name) is not None:
            made.document[name] = properties[name] = body[name]
    if body.get("identity") is not None:
        _write_identity(call, made, body["identity"])
    touch(made)
    call.world.resources.put(made)
    return call.json(shown(made, call.api_version, written=True))


def write_config(made: Resource, given: dict[str, Any]) -> None:
    """Write the configuration that a request contains."""
    settings = given.pop("appSettings", None)
    if settings is not None:
        made.hidden[APP_SETTINGS] = {one["name"]: one["value"] for one in settings}
    # The service reports the runtime's own .NET Framework version, whatever the request says.
    given.pop("netFrameworkVersion", None)
    made.hidden[WEB] |= {name: value for name, value in given.items() if value is not None}


def _write_identity(call: Call, made: Resource, given: dict[str, Any]) -> None:
    kinds = {kind.strip() for kind in str(given.get("type")).split(",")}
    if not kinds <= {"None", "SystemAssigned", "UserAssigned"}:
        raise errors.InvalidIdentity(f"The identity type '{given.get('type')}' is invalid.")
    if kinds == {"None"}:
        made.document.pop("identity", None)
        return
    held = made.document.get("identity") or {}
    identity: dict[str, Any] = {"type": ", ".join(sorted(kinds))}
    if "SystemAssigned" in kinds:
        identity["principalId"] = held.get("principalId") or str(uuid.uuid4())
        identity["tenantId"] = call.world.directory.tenant_id
    if "UserAssigned" in kinds:
        users = given.get("userAssignedIdentities") or held.get("userAssignedIdentities") or {}
        identity["userAssignedIdentities"] = {
            user: _principal(call.resource(user)) for user in users
        }
    made.document["identity"] = identity


def _principal(identity: Resource) -> dict[str, str]:
    properties = identity.document["properties"]
    return {name: properties[name] for name in ("principalId", "clientId")}


def _set_state(call: Call, state: str) -> Response:
    found = site_of(call)
    found.document["properties"] |= {"state": state, "adminEnabled": state == "Running"}
    touch(found)
    return Response(status_code=200)


def _profile(attributes: Mapping[str, str]) -> str:
    text = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<publishProfile {text}><databases /></publishProfile>"
