"""Calls to Azure about Function Apps, Web Apps and their slots, and their authentication settings.

Uses the operations of azure-mgmt-web with JSON, because its models drop unknown fields and these
documents are written whole.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final, cast
from uuid import UUID

from azure.mgmt.core.tools import parse_resource_id
from azure.mgmt.web import WebSiteManagementClient

from arm.errors import Conflict, Forbidden, unreadable
from arm.function_apps.authentication import (
    AuthVersion,
    FunctionAppAuth,
    read_auth,
    site_name,
    version_in_force,
    write_auth,
)
from arm.function_apps.http_functions import HttpFunction, http_functions
from arm.function_apps.site_access import SiteAccess
from arm.settings import ArmSettings
from arm.transport.credentials import credential
from arm.transport.error_translation import translated
from arm.transport.pipeline import pipeline
from arm.transport.raw_answers import Captured, Json

_KIND: Final = "functionapp"
_PARTS_OF_SLOT: Final = 3


class AuthForbidden(Forbidden):
    """The authentication settings of an app require more than reading the app."""

    summary = (
        "Signalman's credential may not access this app's authentication settings; assign it the "
        "role Website Contributor on the app."
    )


class AuthChanged(Conflict):
    """The authentication settings of an app are not those that the plan was made for."""

    summary = (
        "The authentication settings of the app were changed after the plan was made; refresh from "
        "Azure and plan again."
    )

    def __str__(self) -> str:
        """Return the summary: Azure did not refuse anything."""
        return self.summary


@dataclass(frozen=True, slots=True)
class FunctionAppResource:
    """A Function App, Web App or deployment slot as Azure returned it.

    `host_name` is its default one, `custom_host_names` are the others; all in lower case.
    """

    arm_id: str
    name: str
    location: str
    host_name: str
    custom_host_names: tuple[str, ...] = ()
    is_web_app: bool = False

    @classmethod
    def from_arm(cls, site: Mapping[str, Any]) -> FunctionAppResource:
        """Read a site. Raises UnexpectedAnswer for any other shape."""
        try:
            properties = site.get("properties") or {}
            default = (properties.get("defaultHostName") or "").lower()
            every = {name.lower() for name in properties.get("hostNames") or ()}
            return cls(
                arm_id=site["id"],
                name=site_name(site["id"]),
                location=site.get("location") or "",
                host_name=default,
                custom_host_names=tuple(sorted(every - {default})),
                is_web_app=_KIND not in str(site.get("kind") or "").lower().split(","),
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise unreadable(error, "a Function App") from error


class FunctionApps:
    """The Function Apps and Web Apps of one subscription. Safe to share between threads.

    A slot is an app of its own, whose ARM id ends in `/slots/<name>`.

    Every method raises ArmError, and nothing else, when a request fails.
    """

    def __init__(self, subscription_id: UUID | str, settings: ArmSettings) -> None:
        self._apps = WebSiteManagementClient(
            credential(settings),
            str(subscription_id),
            base_url=settings.endpoint,
            pipeline=pipeline(settings),
        ).web_apps

    def list(self) -> Iterator[FunctionAppResource]:
        """Read the subscription's Function Apps and Web Apps, page by page, without their slots."""
        captured = Captured()
        with translated():
            sites = captured.pages(self._apps.list(raw_response_hook=captured))
            yield from map(FunctionAppResource.from_arm, sites)

    def list_slots(self, arm_id: str) -> Iterator[FunctionAppResource]:
        """Read the deployment slots of an app, page by page."""
        captured = Captured()
        with translated():
            slots = self._call("list_slots", arm_id, raw_response_hook=captured)
            yield from map(FunctionAppResource.from_arm, captured.pages(slots))

    def read_access(self, arm_id: str) -> SiteAccess:
        """Read who may connect to an app. Raises NotFound where there is no such app."""
        site, configuration = Captured(), Captured()
        with translated():
            self._call("get", arm_id, raw_response_hook=site)
            self._call("get_configuration", arm_id, raw_response_hook=configuration)
        return SiteAccess.from_arm(site.json(), configuration.json())

    def read_functions(self, arm_id: str) -> tuple[HttpFunction, ...]:
        """Read the functions of an app that answer HTTP requests. Raises NotFound, as above."""
        captured = Captured()
        with translated():
            is_slot = len(_place(arm_id)) == _PARTS_OF_SLOT
            # The operation of slots has a name of its own.
            operation = "list_instance_functions" if is_slot else "list_functions"
            items = self._call(operation, arm_id, raw_response_hook=captured)
            return http_functions(captured.pages(items))

    def read_auth(self, arm_id: str) -> FunctionAppAuth:
        """Read an app's authentication settings. Raises NotFound where there is no such app."""
        version, document = self._read(arm_id)
        return _auth(version, document)

    def write_auth(
        self,
        arm_id: str,
        *,
        before: FunctionAppAuth,
        after: FunctionAppAuth,
        correlation_id: str | None = None,
    ) -> None:
        """Write the differences between `before` and `after` to the app's document, nothing else.

        Sends nothing where the app already has `after`. Raises Conflict where it has neither.
        """
        version, document = self._read(arm_id)
        found = _auth(version, document)
        if found == after:
            return
        if found != before:
            raise AuthChanged(code="AuthChanged")
        body = {**document, "properties": write_auth(_properties(document), after)}
        self._write(version, arm_id, body, correlation_id)

    def _read(self, arm_id: str) -> tuple[AuthVersion, Json]:
        """Return the whole document in force, and its version."""
        classic, v2 = Captured(), Captured()
        with _of_auth():
            self._call("get_auth_settings", arm_id, raw_response_hook=classic)
            version = version_in_force(_properties(classic.json()))
            if version == "classic":
                return version, classic.json()
            self._call("get_auth_settings_v2_without_secrets", arm_id, raw_response_hook=v2)
        return version, v2.json()

    def _write(
        self, version: AuthVersion, arm_id: str, body: Json, correlation_id: str | None
    ) -> None:
        named: dict[str, Any] = {"request_id": correlation_id} if correlation_id else {}
        # Bytes, not a model: a model drops the fields that it does not know.
        content = cast("IO[bytes]", json.dumps(body).encode())
        with _of_auth():
            if version == "classic":
                self._call("update_auth_settings", arm_id, content, **named)
            else:
                self._call("update_auth_settings_v2", arm_id, content, **named)

    def _call(self, operation: str, arm_id: str, *content: Any, **named: Any) -> Any:
        """Call the operation for an app, or its counterpart for a slot."""
        place = _place(arm_id)
        suffix = "_slot" if len(place) == _PARTS_OF_SLOT else ""
        return getattr(self._apps, f"{operation}{suffix}")(*place, *content, **named)


@contextmanager
def _of_auth() -> Iterator[None]:
    """Raise ArmError for what the SDK raises; a refusal names the role that is required."""
    try:
        with translated():
            yield
    except Forbidden as error:
        raise AuthForbidden(error.message, code=error.code, status=error.status) from error


def _place(arm_id: str) -> tuple[str, ...]:
    """Return the resource group and the name that an ARM id names, and the slot if it is one."""
    parts = parse_resource_id(arm_id)
    place = (str(parts["resource_group"]), str(parts["name"]))
    slot = parts.get("child_name_1")
    return (*place, str(slot)) if slot else place


def _auth(version: AuthVersion, document: Json) -> FunctionAppAuth:
    try:
        return read_auth(version, _properties(document))
    except (AttributeError, TypeError) as error:
        raise unreadable(error, "authentication settings") from error


def _properties(document: Json) -> Json:
    properties: Json = document.get("properties") or {}
    return properties
