"""Subscriptions, SignalR instances with their one identity, key vaults and grants on them."""

from __future__ import annotations

from identities.models.instances import (
    ManagedIdentity,
    SignalRInstance,
    SignalRInstanceQuerySet,
    Subscription,
    UserAssignedIdentity,
    UserAssignedIdentityQuerySet,
)
from identities.models.key_vaults import (
    KeyVault,
    KeyVaultQuerySet,
    VaultGrant,
    VaultGrantQuerySet,
    VaultSecret,
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
