"""Generated states: small alphabets, so that two states often share or almost share a template."""

from __future__ import annotations

from hypothesis import strategies as st

from arm.state import IdentityState, InstanceState, TemplateState

IDENTITY_IDS = [
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/fleet/providers"
    f"/microsoft.managedidentity/userassignedidentities/{name}"
    for name in ("one", "two")
]

identities = st.one_of(
    st.just(IdentityState()),
    st.just(IdentityState("SystemAssigned")),
    st.sampled_from(IDENTITY_IDS).map(lambda arm_id: IdentityState("UserAssigned", arm_id)),
)

patterns = st.sampled_from(["*", "chat", "chat,game"])
urls = st.sampled_from(["https://a.example/{hub}", "https://b.example/api", "https://c.example/"])

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

# What Azure may answer, however it came about.
observed_states = st.builds(InstanceState, identities, template_lists)


def is_sound(state: InstanceState) -> bool:
    """Whether every signed template has an identity to be signed with."""
    is_signed = any(template.auth_type == "ManagedIdentity" for template in state.templates)
    return state.identity.type != "None" or not is_signed


sound_states = observed_states.filter(is_sound)
