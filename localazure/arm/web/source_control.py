"""Source control settings of a site: stored and shown; nothing is fetched."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from localazure.arm import errors
from localazure.arm.resources import Resource
from localazure.arm.routing import Call, Provider
from localazure.arm.schema import ANYTHING
from localazure.arm.web import default_values
from localazure.arm.web.routing import serves, site_of
from localazure.arm.web.site_document import TYPE, WEB, displayed, touch

_KEY = "sourceControl"
_PATH = "/sourcecontrols/web"
_VALUES: dict[str, Any] = {
    "isGitHubAction": False,
    "deploymentRollbackEnabled": False,
    "isMercurial": False,
    "provisioningState": "Succeeded",
    "gitHubActionConfiguration": None,
}

source_control = Provider(
    TYPE, default_values.API_VERSIONS, headers=default_values.HEADERS, etag=default_values.ETAG
)


@serves(source_control, "GET", _PATH, action="sourcecontrols/read")
def get_source_control(call: Call) -> Response:
    """Read the settings. Raises NotFound."""
    found = site_of(call)
    if _KEY not in found.hidden:
        raise errors.NotFound(call.path)
    return _answer(call, found, 200, "Succeeded")


@serves(source_control, "PUT", _PATH, action="sourcecontrols/write")
def put_source_control(call: Call) -> Response:
    """Write the settings: 201, and a deployment that has ended at the first poll."""
    return _write(call, 201, "InProgress")


@serves(source_control, "PATCH", _PATH, action="sourcecontrols/write")
def patch_source_control(call: Call) -> Response:
    """Write the settings: 200."""
    return _write(call, 200, "Succeeded")


@serves(source_control, "DELETE", _PATH, action="sourcecontrols/delete")
def delete_source_control(call: Call) -> Response:
    """Disconnect the site from its source: 200."""
    found = site_of(call)
    found.hidden.pop(_KEY, None)
    found.hidden[WEB]["scmType"] = "None"
    touch(found)
    return Response(status_code=200)


def _write(call: Call, status: int, state: str) -> Response:
    shape = {**dict.fromkeys(("id", "name", "type", "kind"), str), "properties": ANYTHING}
    found = site_of(call)
    found.hidden[_KEY] = call.content(shape).get("properties") or {}
    found.hidden[WEB]["scmType"] = "ExternalGit"
    touch(found)
    return _answer(call, found, status, state)


def _answer(call: Call, found: Resource, status: int, state: str) -> Response:
    shown = {
        "id": f"{found.id}{_PATH}",
        "name": found.document["name"].split("/")[0],
        "type": f"{TYPE}/sourcecontrols",
        "location": displayed(found.document["location"]),
        "properties": _VALUES | found.hidden[_KEY] | {"provisioningState": state},
    }
    return call.json(shown, status)
