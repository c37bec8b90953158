"""Whether Signalman is connected to Azure, and whether it may do there what it is for."""

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
    """What Signalman does, the built-in role that allows it, and the actions which that takes.

    Names of roles and actions: "Azure built-in roles",
    learn.microsoft.com/azure/role-based-access-control/built-in-roles.
    """

    purpose: str
    role: str
    actions: tuple[str, ...]


NEEDS: Final = (
    Need(
        "Read the fleet, compare it and show drift",
        "Reader",
        (
            "Microsoft.SignalRService/SignalR/read",
            "Microsoft.ManagedIdentity/userAssignedIdentities/read",
            "Microsoft.KeyVault/vaults/read",
            "Microsoft.Web/sites/read",
        ),
    ),
    Need(
        "Apply plans to instances, make and delete them",
        "SignalR/Web PubSub Contributor",
        (
            "Microsoft.SignalRService/SignalR/write",
            "Microsoft.SignalRService/SignalR/delete",
        ),
    ),
    Need(
        "Give an instance a user-assigned identity",
        "Managed Identity Operator",
        ("Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",),
    ),
    Need(
        "Make user-assigned identities",
        "Managed Identity Contributor",
        ("Microsoft.ManagedIdentity/userAssignedIdentities/write",),
    ),
    Need(
        "Let an identity into a vault that goes by access policies",
        "Key Vault Contributor",
        ("Microsoft.KeyVault/vaults/accessPolicies/write",),
    ),
    Need(
        "Let an identity into a vault that goes by roles",
        "Role Based Access Control Administrator",
        ("Microsoft.Authorization/roleAssignments/write",),
    ),
    Need(
        "Read and set the authentication of Function Apps",
        "Website Contributor",
        ("Microsoft.Web/sites/config/list/action", "Microsoft.Web/sites/config/write"),
    ),
)
# More are not looked at: the page is to come back soon.
_SUBSCRIPTIONS: Final = 10


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether one need is met; `problem` says in a sentence why that cannot be told."""

    need: Need
    missing: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the credential may do all of it."""
        return not self.missing and not self.problem


@dataclass(frozen=True, slots=True)
class Access:
    """What the credential may do in one subscription."""

    subscription: SubscriptionResource
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Connection:
    """What Azure answers to Signalman's credential.

    `problem` says why it answers nothing, and `graph_problem` why applications cannot be listed; in
    one sentence each, empty where all is well.
    """

    accesses: tuple[Access, ...] = ()
    problem: str = ""
    graph_problem: str = ""


def check_connection() -> Connection:
    """Ask Azure who is let in, and where to what. Reads only."""
    try:
        settings = arm_settings()
        found = list(islice(list_subscriptions(settings), _SUBSCRIPTIONS))
    except (ArmError, ImproperlyConfigured) as error:
        return Connection(problem=str(error))
    accesses = tuple(Access(each, _standings(each)) for each in found)
    return Connection(accesses, graph_problem=_graph_problem())


def _standings(subscription: SubscriptionResource) -> tuple[Standing, ...]:
    try:
        held = held_permissions(subscription.subscription_id, arm_settings())
    except ArmError as error:
        return tuple(Standing(need, problem=str(error)) for need in NEEDS)
    return tuple(Standing(need, _missing(need.actions, held)) for need in NEEDS)


def _missing(actions: Iterable[str], held: Sequence[Permission]) -> tuple[str, ...]:
    return tuple(action for action in actions if not any(each.allows(action) for each in held))


def _graph_problem() -> str:
    try:
        next(list_applications(graph_settings()), None)
    except (ArmError, ImproperlyConfigured) as error:
        return str(error)
    return ""
