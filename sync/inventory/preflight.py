"""Preflight: whether Signalman's credential works, and which permissions it has in Azure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.core.exceptions import ImproperlyConfigured

from arm.client import list_subscriptions
from arm.errors import ArmError
from arm.graph import list_applications
from arm.permissions import Permission, held_permissions
from arm.resources import SubscriptionResource
from sync.azure_client import arm_settings, graph_settings


@dataclass(frozen=True, slots=True)
class Need:
    """Something that Signalman does, the built-in role that allows it, and the actions it takes.

    Names of roles and actions: "Azure built-in roles",
    learn.microsoft.com/azure/role-based-access-control/built-in-roles.
    """

    purpose: str
    role: str
    actions: tuple[str, ...]


NEEDS: Final = (
    Need(
        "Read instances and compare them with the desired state",
        "Reader",
        (
            "Microsoft.SignalRService/SignalR/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.KeyVault/vaults/read",
            "Microsoft.Web/sites/read",
        ),
    ),
    Need(
        "Apply plans to instances, create and delete instances",
        "SignalR/Web PubSub Contributor",
        (
            "Microsoft.SignalRService/SignalR/write",
            "Microsoft.SignalRService/SignalR/delete",
        ),
    ),
    Need(
        "Assign a user-assigned identity to an instance",
        "Managed Identity Operator",
        ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",),
    ),
    Need(
        "Create user-assigned identities",
        "Managed Identity Contributor",
        ("Microsoft.ManagedIdentity/userAssignedIdentities/write",),
    ),
    Need(
        "Grant access to a vault that uses access policies",
        "Key Vault Contributor",
        ("Microsoft.KeyVault/vaults/accessPolicies/write",),
    ),
    Need(
        "Grant access to a vault that uses roles",
        "Role Based Access Control Administrator",
        ("Microsoft.Authorization/roleAssignments/write",),
    ),
    Need(
        "Read and change the authentication of Function Apps",
        "Website Contributor",
        ("Microsoft.Web/sites/config/list/action", "Microsoft.Web/sites/config/write"),
    ),
)
# More are not checked, so that the page loads in reasonable time.
_SUBSCRIPTIONS: Final = 10


@dataclass(frozen=True, slots=True)
class NeedStatus:
    """Whether the credential has the permissions of a need; `problem` says why that is unknown."""

    need: Need
    missing: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the credential has all permissions."""
        return not self.missing and not self.problem


@dataclass(frozen=True, slots=True)
class Access:
    """The permissions that the credential has in one subscription."""

    subscription: SubscriptionResource
    needs: tuple[NeedStatus, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """The result of the preflight.

    `problem` says why Azure cannot be reached, `graph_problem` why applications cannot be listed,
    each in one message and empty if there is no problem.
    """

    accesses: tuple[Access, ...] = ()
    problem: str = ""
    graph_problem: str = ""


def check_connection() -> Connection:
    """Read from Azure which subscriptions and permissions the credential has."""
    try:
        settings = arm_settings()
        found = list(islice(list_subscriptions(settings), _SUBSCRIPTIONS))
    except (ArmError, ImproperlyConfigured) as error:
        return Connection(problem=str(error))
    accesses = tuple(Access(each, _need_statuses(each)) for each in found)
    return Connection(accesses, graph_problem=_graph_problem())


def _need_statuses(subscription: SubscriptionResource) -> tuple[NeedStatus, ...]:
    try:
        held = held_permissions(subscription.subscription_id, arm_settings())
    except ArmError as error:
        return tuple(NeedStatus(need, problem=str(error)) for need in NEEDS)
    return tuple(NeedStatus(need, _missing(need.actions, held)) for need in NEEDS)


def _missing(actions: Iterable[str], held: Sequence[Permission]) -> tuple[str, ...]:
    return tuple(action for action in actions if not any(each.allows(action) for each in held))


def _graph_problem() -> str:
    try:
        next(list_applications(graph_settings()), None)
    except (ArmError, ImproperlyConfigured) as error:
        return str(error)
    return ""
