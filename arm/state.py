"""The managed part of a SignalR instance as one frozen value, whoever wrote it.

The same type describes what Signalman's rows want and what Azure answered, so that a plan is a
comparison of two equal things. `from_arm` normalises the ways in which ARM says the same thing twice.
Shapes: Microsoft.SignalRService/signalR, api-version 2023-02-01.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

IdentityType = Literal["None", "SystemAssigned", "UserAssigned"]
AuthType = Literal["None", "ManagedIdentity"]

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
            raise ValueError("A user-assigned identity, and only that, names an identity resource.")


@dataclass(frozen=True, slots=True)
class TemplateState:
    """One upstream template. `resource` is the audience asked for, and only set with auth on."""

    url_template: str
    hub_pattern: str = ANY
    category_pattern: str = ANY
    event_pattern: str = ANY
    auth_type: AuthType = "None"
    resource: str | None = None


@dataclass(frozen=True, slots=True)
class InstanceState:
    """What Signalman manages of one instance: its identity and its templates, in order."""

    identity: IdentityState = field(default_factory=IdentityState)
    templates: tuple[TemplateState, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the state as JSON values; `from_json` reads it back."""
        state = asdict(self)
        state["templates"] = list(state["templates"])
        return state

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> InstanceState:
        """Read what `to_json` wrote."""
        return cls(
            identity=IdentityState(**value["identity"]),
            templates=tuple(TemplateState(**template) for template in value["templates"]),
        )
