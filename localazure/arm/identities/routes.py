"""The routes of Microsoft.ManagedIdentity, by subject."""

from __future__ import annotations

from localazure.arm.identities.federated import federated_credentials
from localazure.arm.identities.operations import identity_operations
from localazure.arm.identities.system_assigned import system_identities
from localazure.arm.identities.user_assigned import identities

PROVIDERS = (identities, system_identities, federated_credentials, identity_operations)
