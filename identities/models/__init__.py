"""Subscriptions, SignalR instances with their one identity, key vaults and grants on them."""

from __future__ import annotations

from identities.models.instances import (
    ManagedIdentity,
    SignalRInstance,
    SignalRInstanceQuerySet,
)
from identities.models.key_vaults import (
    KeyVault,
    KeyVaultQuerySet,
    VaultGrant,
    VaultGrantQuerySet,
    VaultSecret,
)
from identities.models.subscriptions import Subscription
from identities.models.user_assigned_identities import (
    UserAssignedIdentity,
    UserAssignedIdentityQuerySet,
)

__all__ = [
    "KeyVault",
    "KeyVaultQuerySet",
    "ManagedIdentity",
    "SignalRInstance",
    "SignalRInstanceQuerySet",
    "Subscription",
    "UserAssignedIdentity",
    "UserAssignedIdentityQuerySet",
    "VaultGrant",
    "VaultGrantQuerySet",
    "VaultSecret",
]
