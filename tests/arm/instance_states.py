"""Hypothesis strategies for states as Azure can hold them."""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from arm.instance_state import IdentityState, InstanceState, TemplateState

_words: Final = st.text("abcxyz019-_", min_size=1, max_size=12)
_patterns: Final = st.one_of(st.just("*"), st.lists(_words, min_size=1, max_size=3).map(",".join))
_resources: Final = st.one_of(st.none(), st.uuids().map(str), _words.map("api://{}".format))

user_assigned_ids: Final = st.builds(
    "/subscriptions/{}/resourcegroups/{}/providers/microsoft.managedidentity"
    "/userassignedidentities/{}".format,
    st.uuids(),
    _words,
    _words,
)

identities: Final = st.one_of(
    st.just(IdentityState()),
    st.just(IdentityState("SystemAssigned")),
    st.builds(IdentityState, st.just("UserAssigned"), user_assigned_ids),
)

_unsigned: Final = st.builds(
    TemplateState,
    url_template=_words.map("https://example.com/{}".format),
    hub_pattern=_patterns,
    category_pattern=_patterns,
    event_pattern=_patterns,
)
_signed: Final = st.builds(
    TemplateState,
    url_template=_words.map("https://example.com/{}".format),
    hub_pattern=_patterns,
    category_pattern=_patterns,
    event_pattern=_patterns,
    auth_type=st.just("ManagedIdentity"),
    resource=_resources,
)
templates: Final = st.one_of(_unsigned, _signed)

instances: Final = st.builds(InstanceState, identities, st.lists(templates, max_size=4).map(tuple))
