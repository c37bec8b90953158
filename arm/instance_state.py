"""The managed part of a SignalR instance as one frozen value.

The same type describes desired and observed state, so that a plan compares two values of one type.
`from_arm` normalises the several forms in which ARM returns the same state.
Shapes: Microsoft.SignalRService/signalR, api-version 2023-02-01.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from arm.function_apps.authentication import FunctionAppState

IdentityType = Literal["None", "SystemAssigned", "UserAssigned"]
AuthType = Literal["None", "ManagedIdentity"]
GrantMechanism = Literal["access_policy", "role_assignment"]

ANY: Final = "*"


@dataclass(frozen=True, slots=True)
class IdentityState:
    """The single managed identity of an instance.

    `user_assigned_id` is the ARM id of the user-assigned identity, lower case, and is set exactly
    when `type` is `UserAssigned`.
    """

    type: IdentityType = "None"
    user_assigned_id: str | None = None

    def __post_init__(self) -> None:
        if (self.type == "UserAssigned") != (self.user_assigned_id is not None):
            raise ValueError(
                "user_assigned_id must be set if the type is UserAssigned, and only then."
            )

    @property
    def holder(self) -> str | None:
        """The name of this identity in a grant; None where there is no identity."""
        return self.user_assigned_id or (None if self.type == "None" else self.type)

    @classmethod
    def from_arm(cls, identity: Mapping[str, Any] | None) -> IdentityState:
        """Read a resource's `identity`; a removed one is an absent key.

        Raises ValueError for what the api-version does not allow, such as two identities.
        """
        match identity:
            case None | {"type": "None" | None}:
                return cls()
            case {"type": "SystemAssigned"}:
                return cls("SystemAssigned")
            case {"type": "UserAssigned", "userAssignedIdentities": {**assigned}}:
                if len(assigned) != 1:
                    raise ValueError(
                        f"It has {len(assigned)} user-assigned identities instead of one."
                    )
                return cls("UserAssigned", str(*assigned).lower())
            case _:
                raise ValueError(f"The identity type {identity.get('type')!r} is not supported.")


@dataclass(frozen=True, slots=True)
class TemplateState:
    """One upstream template. `resource` is the requested audience, and only set with auth on."""

    url_template: str
    hub_pattern: str = ANY
    category_pattern: str = ANY
    event_pattern: str = ANY
    auth_type: AuthType = "None"
    resource: str | None = None

    @classmethod
    def from_arm(cls, template: Mapping[str, Any]) -> TemplateState:
        """Read one of `properties.upstream.templates`: unset patterns match anything.

        Raises ValueError for a kind of auth that the api-version does not have.
        """
        auth_type, resource = _auth_from_arm(template.get("auth") or {})
        return cls(
            url_template=template["urlTemplate"],
            hub_pattern=template.get("hubPattern") or ANY,
            category_pattern=template.get("categoryPattern") or ANY,
            event_pattern=template.get("eventPattern") or ANY,
            auth_type=auth_type,
            resource=resource,
        )


@dataclass(frozen=True, slots=True, order=True)
class GrantState:
    """Permission of an identity to read the secrets of a vault.

    `vault_id` is the vault's ARM id in lower case. `identity` is `SystemAssigned`, or the ARM id of
    a user-assigned identity in lower case: not a principal ID, which is unknown before the identity
    exists. `mechanism` depends on the vault's permission model.
    """

    vault_id: str
    identity: str
    mechanism: GrantMechanism

    @property
    def vault(self) -> str:
        """The vault's name, which is unique in all of Azure."""
        return self.vault_id.rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class ExistenceState:
    """Existence of an instance, and the settings of its creation. Empty fields are unknown."""

    location: str = ""
    sku: str = ""
    service_mode: str = ""


_NO_IDENTITY: Final = IdentityState()
# An existing instance whose creation settings are not compared.
EXISTS: Final = ExistenceState()


@dataclass(frozen=True, slots=True)
class InstanceState:
    """The managed part of one instance, one value per component.

    Grants and Function Apps are sorted. `extensions` holds the values of further components by
    kind, as JSON values and sorted; read and replace values by kind with `value` and `with_value`.
    """

    identity: IdentityState = _NO_IDENTITY
    templates: tuple[TemplateState, ...] = ()
    grants: tuple[GrantState, ...] = ()
    # None if there is no instance.
    existence: ExistenceState | None = EXISTS
    function_apps: tuple[FunctionAppState, ...] = ()
    extensions: tuple[tuple[str, Any], ...] = ()

    @property
    def is_absent(self) -> bool:
        """Whether there is no instance."""
        return self.existence is None

    def value(self, kind: str) -> Any:
        """Return the value of the component of that kind; None if the state has none."""
        if kind in _OWN_KINDS:
            return getattr(self, kind)
        # A few pairs: a dictionary of them would take longer to build than to look through.
        for name, value in self.extensions:
            if name == kind:
                return value
        return None

    def with_value(self, kind: str, value: Any) -> InstanceState:
        """Return this state with another value of the component of that kind."""
        return self.with_values({kind: value})

    def with_values(self, values: Mapping[str, Any]) -> InstanceState:
        """Return this state with other values of the components of those kinds.

        The same values cost nothing: most components leave most states as they are.
        """
        own: dict[str, Any] = {}
        others: dict[str, Any] = {}
        for kind, value in values.items():
            if kind in _OWN_KINDS:
                if getattr(self, kind) is not value:
                    own[kind] = value
            elif self.value(kind) != value:
                others[kind] = value
        if others:
            kept = dict(self.extensions) | others
            own["extensions"] = tuple(
                sorted((kind, value) for kind, value in kept.items() if value is not None)
            )
        if not own:
            return self
        # The new value of each field, or else the present one. `replace` looks up every field of
        # the class, which takes longer than all the rest.
        new_values: Iterable[Any] = map(own.get, _FIELDS, _field_values(self))
        return InstanceState(*new_values)

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON values; `from_json` reads it back."""
        existence = self.existence and _json(self.existence)
        return {
            "identity": _json(self.identity),
            "templates": list(map(_json, self.templates)),
            "grants": list(map(_json, self.grants)),
            "existence": existence and {name: said for name, said in existence.items() if said},
            "function_apps": [app.to_json() for app in self.function_apps],
            **dict(self.extensions),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> InstanceState:
        """Read what `to_json` wrote."""
        further = value.keys() - _OWN_KINDS
        return cls(
            identity=IdentityState(**value["identity"]),
            templates=tuple(TemplateState(**template) for template in value["templates"]),
            # Rows from before there were grants or Function Apps have none.
            grants=tuple(GrantState(**grant) for grant in value.get("grants", ())),
            existence=_existence_from_json(value.get("existence", {})),
            function_apps=tuple(map(FunctionAppState.from_json, value.get("function_apps", ()))),
            extensions=tuple((kind, value[kind]) for kind in sorted(further)),
        )

    @classmethod
    def from_arm(cls, resource: Mapping[str, Any]) -> InstanceState:
        """Read the managed part of a resource, normalised.

        An absent identity is None, absent or null templates are an empty list. Grants and Function
        Apps are not in the response of the resource. Raises ValueError, KeyError or TypeError for a
        resource that is not of the api-version's shape.
        """
        upstream = (resource.get("properties") or {}).get("upstream") or {}
        return cls(
            identity=IdentityState.from_arm(resource.get("identity")),
            templates=tuple(map(TemplateState.from_arm, upstream.get("templates") or ())),
        )


def _json(value: IdentityState | TemplateState | GrantState | ExistenceState) -> dict[str, Any]:
    """Return the fields, which are JSON values. `asdict` would copy each of them."""
    return {name: getattr(value, name) for name in value.__slots__}


_FIELDS: Final = tuple(each.name for each in fields(InstanceState))
_OWN_KINDS: Final = frozenset(_FIELDS) - {"extensions"}
_field_values: Final = operator.attrgetter(*_FIELDS)

# The state of an instance that does not exist.
ABSENT: Final = InstanceState(existence=None)


def _existence_from_json(value: dict[str, str] | None) -> ExistenceState | None:
    if value is None:
        return None
    return ExistenceState(**value) if value else EXISTS


def _auth_from_arm(auth: Mapping[str, Any]) -> tuple[AuthType, str | None]:
    match auth.get("type"):
        case None | "None":
            # ARM keeps a resource without the type that would use it (Terraform writes such).
            return "None", None
        case "ManagedIdentity":
            resource = (auth.get("managedIdentity") or {}).get("resource")
            return "ManagedIdentity", resource or None
        case other:
            raise ValueError(f"The auth type {other!r} of a template is not supported.")
