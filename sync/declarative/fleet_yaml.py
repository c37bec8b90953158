"""The YAML documents that declare a fleet: their keys and versions, parsing and writing.

    apiVersion: signalman/v1
    kind: SignalRInstance
    name: contoso-chat
    subscription: 00000000-0000-0000-0000-000000000000
    resourceGroup: rg-realtime
    policy: manage
    identity: {type: SystemAssigned}
    upstream:
    - {hubPattern: chat, urlTemplate: 'https://...'}

A document holds the whole desired state of its instance. Templates have the shape that `az signalr
upstream list` prints. `docs/how-to/automation.md` explains every key.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, cast, get_args
from uuid import UUID

import yaml

from arm.instance_state import (
    ANY,
    AuthType,
    ExistenceState,
    IdentityState,
    IdentityType,
    InstanceState,
    TemplateState,
)
from arm.role_assignments import PRINCIPAL_TYPES
from sync.components.senders import Sender
from sync.components.service_mode import mode_of, with_mode
from sync.declarative.yaml_reader import Entry, Location, Problem, read_entries

API_VERSION: Final = "signalman/v1"
INSTANCE: Final = "SignalRInstance"
FUNCTION_APP: Final = "FunctionApp"

_HEAD: Final = ("apiVersion", "kind")
_PATTERNS: Final = ("hubPattern", "categoryPattern", "eventPattern")
# Microsoft's page "Upstream endpoints" and the emulator write keys in Pascal case.
_TEMPLATE_ALIASES: Final = {
    "UrlTemplate": "urlTemplate",
    "HubPattern": "hubPattern",
    "CategoryPattern": "categoryPattern",
    "EventPattern": "eventPattern",
    "Auth": "auth",
}
_AUTH_ALIASES: Final = {
    "Type": "type",
    "ManagedIdentity": "managedIdentity",
    "Resource": "resource",
}
_POLICIES: Final = ("observe", "manage", "pause")
_APP_POLICIES: Final = ("observe", "manage")
# Lines are not folded, so that people can read and compare them.
_ENDLESS: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class DeclaredInstance:
    """The document of an instance. None, and empty values in `existence`, are not declared.

    `existence` has no service mode: a declared one is in `state`.

    `grants` holds, by vault, whether the identity is to be granted access; the default is yes.
    `places` are the locations of the document's values by their path.
    """

    name: str
    subscription_id: UUID
    resource_group: str
    state: InstanceState
    existence: ExistenceState = field(default_factory=ExistenceState)
    policy: str | None = None
    is_protected: bool | None = None
    create_if_missing: bool | None = None
    grants: Mapping[str, bool] = field(default_factory=dict)
    senders: tuple[Sender, ...] | None = None
    place: Location = field(default_factory=lambda: Location("", 0))
    places: Mapping[str, Location] = field(default_factory=dict, repr=False)

    def problem(self, message: str, path: str = "") -> Problem:
        """Return a problem at a path of the document, or of the whole document."""
        return Problem(self.places.get(path) or replace(self.place, path=path), message)

    def to_json(self) -> dict[str, Any]:
        """Return the document, its keys in their order."""
        optional = {
            "location": self.existence.location or None,
            "sku": self.existence.sku or None,
            "serviceMode": mode_of(self.state) or None,
            "policy": self.policy,
            "protected": self.is_protected,
            "createIfMissing": self.create_if_missing,
        }
        return {
            "apiVersion": API_VERSION,
            "kind": INSTANCE,
            "name": self.name,
            "subscription": str(self.subscription_id),
            "resourceGroup": self.resource_group,
            **{key: value for key, value in optional.items() if value is not None},
            "identity": _write_identity(self.state.identity),
            "upstream": [_write_template(each) for each in self.state.templates],
            **({"grants": dict(sorted(self.grants.items()))} if self.grants else {}),
            **({} if self.senders is None else {"senders": list(map(_write_sender, self.senders))}),
        }


@dataclass(frozen=True, slots=True)
class DeclaredFunctionApp:
    """The document of a Function App: whether plans may write its settings."""

    arm_id: str
    policy: str
    place: Location = field(default_factory=lambda: Location("", 0))

    def problem(self, message: str) -> Problem:
        """Return a problem of the document."""
        return Problem(self.place, message)

    def to_json(self) -> dict[str, Any]:
        """Return the document, its keys in their order."""
        return {
            "apiVersion": API_VERSION,
            "kind": FUNCTION_APP,
            "id": self.arm_id,
            "policy": self.policy,
        }


@dataclass(frozen=True, slots=True)
class Declarations:
    """The documents of files, in their order."""

    instances: tuple[DeclaredInstance, ...] = ()
    function_apps: tuple[DeclaredFunctionApp, ...] = ()


def write_documents(documents: Iterable[DeclaredInstance | DeclaredFunctionApp]) -> str:
    """Return the documents as YAML: the same documents always give the same bytes."""
    return yaml.safe_dump_all(
        (document.to_json() for document in documents),
        sort_keys=False,
        allow_unicode=True,
        explicit_start=True,
        width=_ENDLESS,
    )


def read_documents(texts: Iterable[tuple[str, str]]) -> tuple[Declarations, list[Problem]]:
    """Read the texts of files, each with its name; return the documents and every problem.

    If there is a problem, the documents are incomplete.
    """
    problems: list[Problem] = []
    found: dict[str, list[Any]] = {INSTANCE: [], FUNCTION_APP: []}
    seen: dict[tuple[str, str], Location] = {}
    for file, text in texts:
        for entry in read_entries(text, file, problems):
            kind = _read_head(entry)
            if kind is None:
                continue
            document = _READERS[kind](entry)
            key = (kind, document.arm_id if kind == FUNCTION_APP else document.name)
            _refuse_duplicate(entry, key, seen)
            found[kind].append(document)
    return Declarations(tuple(found[INSTANCE]), tuple(found[FUNCTION_APP])), problems


def _refuse_duplicate(
    entry: Entry, key: tuple[str, str], seen: dict[tuple[str, str], Location]
) -> None:
    """Add a problem if an earlier document describes the same resource."""
    kind, name = key
    if name and (first := seen.setdefault((kind, name.lower()), entry.place)) is not entry.place:
        entry.add_problem(f"{name} already has a document at {first}.")


def _read_head(entry: Entry) -> str | None:
    """Return the document's kind; None, and a problem, if it has none of this version."""
    if not isinstance(entry.node, yaml.MappingNode):
        entry.add_problem("A document is a mapping that starts with apiVersion and kind.")
        return None
    pairs = [(key.value, value.value) for key, value in entry.node.value]
    if ("apiVersion", API_VERSION) not in pairs:
        entry.add_problem(f"A document starts with `apiVersion: {API_VERSION}`.")
        return None
    kind = next((kind for kind in _READERS if ("kind", kind) in pairs), None)
    if kind is None:
        entry.add_problem(f"kind must be {' or '.join(_READERS)}.")
    return kind


def _read_instance(entry: Entry) -> DeclaredInstance:
    required = (*_HEAD, "name", "subscription", "resourceGroup", "identity", "upstream")
    creation = ("location", "sku", "serviceMode")
    optional = (*creation, "policy", "protected", "createIfMissing", "grants", "senders")
    found = entry.fields(required, optional)
    templates = _template_entries(found["upstream"]) if "upstream" in found else []
    location, sku, mode = (_text(found, key) for key in creation)
    identity = _read_identity(found.get("identity"))
    return DeclaredInstance(
        name=_text(found, "name"),
        subscription_id=_read_uuid(found.get("subscription")),
        resource_group=_text(found, "resourceGroup"),
        state=with_mode(InstanceState(identity, tuple(map(_read_template, templates))), mode),
        existence=ExistenceState(location, sku),
        policy=found["policy"].choice(_POLICIES) if "policy" in found else None,
        is_protected=_read_flag(found.get("protected")),
        create_if_missing=_read_flag(found.get("createIfMissing")),
        grants=_read_grants(found.get("grants")),
        senders=_read_senders(found.get("senders")),
        place=entry.place,
        places={each.place.path: each.place for each in (*found.values(), *templates)},
    )


def _read_function_app(entry: Entry) -> DeclaredFunctionApp:
    found = entry.fields((*_HEAD, "id", "policy"))
    return DeclaredFunctionApp(
        arm_id=_text(found, "id"),
        policy=found["policy"].choice(_APP_POLICIES) if "policy" in found else "",
        place=entry.place,
    )


_READERS: Final[dict[str, Callable[[Entry], Any]]] = {
    INSTANCE: _read_instance,
    FUNCTION_APP: _read_function_app,
}


def _text(found: Mapping[str, Entry], key: str) -> str:
    """Return a key's text; empty if the key is missing."""
    return found[key].text() if key in found else ""


def _read_uuid(entry: Entry | None) -> UUID:
    if entry is None:
        return UUID(int=0)
    try:
        return UUID(entry.text())
    except ValueError:
        entry.add_problem(
            "Write the subscription ID, for example 00000000-0000-0000-0000-000000000000."
        )
        return UUID(int=0)


def _read_flag(entry: Entry | None) -> bool | None:
    return None if entry is None else entry.flag()


def _read_grants(entry: Entry | None) -> dict[str, bool]:
    pairs = {} if entry is None else entry.pairs()
    return {name.lower(): value.flag() for name, value in pairs.items()}


def _read_senders(entry: Entry | None) -> tuple[Sender, ...] | None:
    return None if entry is None else tuple(map(_read_sender, entry.items()))


def _read_sender(entry: Entry) -> Sender:
    found = entry.fields(("principalId",), ("principalType",))
    kind = found["principalType"].choice(PRINCIPAL_TYPES) if "principalType" in found else ""
    return Sender(_text(found, "principalId").lower(), kind or PRINCIPAL_TYPES[0])


def _write_sender(sender: Sender) -> dict[str, str]:
    return {"principalId": sender.principal_id, "principalType": sender.principal_type}


def _read_identity(entry: Entry | None) -> IdentityState:
    if entry is None:
        return IdentityState()
    found = entry.fields(("type",), ("userAssigned",))
    kind = found["type"].choice(get_args(IdentityType)) if "type" in found else "None"
    assigned = found["userAssigned"].text().lower() if "userAssigned" in found else None
    if (kind == "UserAssigned") != bool(assigned):
        entry.add_problem(
            "userAssigned is the ARM id for the type UserAssigned, and omitted for other types."
        )
        return IdentityState()
    if kind not in get_args(IdentityType):
        return IdentityState()
    return IdentityState(cast("IdentityType", kind), assigned)


def _template_entries(entry: Entry) -> list[Entry]:
    """Return the templates of a list, or of an object with `templates` as `az` prints it."""
    if isinstance(entry.node, yaml.MappingNode):
        found = entry.fields(("templates",), aliases={"Templates": "templates"})
        return found["templates"].items() if "templates" in found else []
    return entry.items()


def _read_template(entry: Entry) -> TemplateState:
    found = entry.fields(("urlTemplate",), (*_PATTERNS, "auth"), aliases=_TEMPLATE_ALIASES)
    hub, category, event = (found[key].text() if key in found else ANY for key in _PATTERNS)
    kind, resource = _read_auth(found.get("auth"))
    return TemplateState(
        url_template=_text(found, "urlTemplate"),
        hub_pattern=hub,
        category_pattern=category,
        event_pattern=event,
        auth_type=kind,
        resource=resource or None,
    )


def _read_auth(entry: Entry | None) -> tuple[AuthType, str]:
    """Return the type and the resource; both empty for a template that is not signed."""
    if entry is None or entry.is_null:
        return "None", ""
    found = entry.fields(("type",), ("managedIdentity",), aliases=_AUTH_ALIASES)
    kind = found["type"].choice(get_args(AuthType)) if "type" in found else "None"
    signed = found.get("managedIdentity")
    if (kind == "ManagedIdentity") != (signed is not None):
        entry.add_problem(
            "managedIdentity is required for the type ManagedIdentity, and omitted for other types."
        )
    if signed is None or kind != "ManagedIdentity":
        return "None", ""
    resource = signed.fields(("resource",), aliases=_AUTH_ALIASES).get("resource")
    return "ManagedIdentity", resource.text() if resource else ""


def _write_identity(identity: IdentityState) -> dict[str, str]:
    if identity.user_assigned_id is None:
        return {"type": identity.type}
    return {"type": identity.type, "userAssigned": identity.user_assigned_id}


def _write_template(template: TemplateState) -> dict[str, Any]:
    patterns = (template.hub_pattern, template.category_pattern, template.event_pattern)
    document: dict[str, Any] = dict(zip(_PATTERNS, patterns, strict=True))
    document["urlTemplate"] = template.url_template
    if template.auth_type == "ManagedIdentity":
        identity = {"resource": template.resource or ""}
        document["auth"] = {"type": template.auth_type, "managedIdentity": identity}
    return document
