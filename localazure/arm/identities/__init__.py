"""Managed identities and their federated credentials (Microsoft.ManagedIdentity)."""
