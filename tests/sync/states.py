"""Generated states: small alphabets, so that two states often share or almost share a template."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from arm.instance_state import (
    GrantMechanism,
    GrantState,
    IdentityState,
    InstanceState,
    TemplateState,
)
from sync.components.vault_names import named_vaults

IDENTITY_IDS = [
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/fleet/providers"
    f"/microsoft.managedidentity/userassignedidentities/{name}"
    for name in ("one", "two")
]

# The vaults that Signalman can read, and how each grants access. Templates name one more.
MECHANISMS: dict[str, GrantMechanism] = {"policies": "access_policy", "roles": "role_assignment"}


def grant(vault: str, identity: str) -> GrantState:
    """Return the grant by which the identity may read the vault's secrets."""
    arm_id = (
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/fleet/providers"
        f"/microsoft.keyvault/vaults/{vault}"
    )
    return GrantState(arm_id, identity, MECHANISMS[vault])


def reference(vault: str) -> str:
    """Return a reference to a secret of the vault, as in a URL template."""
    return f"{{@Microsoft.KeyVault(SecretUri=https://{vault}.vault.azure.net/secrets/code)}}"


identities = st.one_of(
    st.just(IdentityState()),
    st.just(IdentityState("SystemAssigned")),
    st.sampled_from(IDENTITY_IDS).map(lambda arm_id: IdentityState("UserAssigned", arm_id)),
)

patterns = st.sampled_from(["*", "chat", "chat,game"])
urls = st.sampled_from(
    [
        "https://a.example/{hub}",
        "https://b.example/api",
        "https://c.example/",
        f"https://a.example/?code={reference('policies')}",
        f"https://a.example/?code={reference('roles')}&more={reference('policies')}",
        f"https://b.example/?code={reference('elsewhere')}",
    ]
)

unsigned = st.builds(TemplateState, urls, patterns, patterns, patterns)
signed = st.builds(
    TemplateState,
    urls,
    patterns,
    patterns,
    patterns,
    st.just("ManagedIdentity"),
    st.sampled_from([None, "api://chat", "https://vault.azure.net"]),
)
template_lists = st.lists(st.one_of(unsigned, signed), max_size=6).map(tuple)


def needed_grants(state: InstanceState) -> tuple[GrantState, ...]:
    """Return the grants that the state's references need, of the vaults that can be read."""
    holder = state.identity.holder
    vaults = [vault for vault in named_vaults(state.templates) if vault in MECHANISMS]
    return tuple(sorted(grant(vault, holder) for vault in vaults if holder))


def held_grants(state: InstanceState) -> st.SearchStrategy[tuple[GrantState, ...]]:
    """Generate grants that may exist in Azure, of the identity in use or a user-assigned one."""
    holders = {*IDENTITY_IDS, state.identity.holder} - {None}
    possible = sorted(grant(vault, str(holder)) for vault in MECHANISMS for holder in holders)
    return st.sets(st.sampled_from(possible)).map(lambda held: tuple(sorted(held)))


def with_held_grants(state: InstanceState) -> st.SearchStrategy[InstanceState]:
    """Generate the state with grants that may exist in Azure."""
    return held_grants(state).map(lambda held: replace(state, grants=held))


def is_sound(state: InstanceState) -> bool:
    """Whether every signed template and every reference has an identity."""
    is_signed = any(template.auth_type == "ManagedIdentity" for template in state.templates)
    needs_identity = is_signed or bool(named_vaults(state.templates))
    return state.identity.type != "None" or not needs_identity


_without_grants = st.builds(InstanceState, identities, template_lists)

# Any state that Azure may return.
observed_states = _without_grants.flatmap(with_held_grants)
# Desired states that can work.
sound_states = _without_grants.filter(is_sound).map(
    lambda state: replace(state, grants=needed_grants(state))
)
