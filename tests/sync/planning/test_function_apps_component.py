"""Plans of the authentication of Function Apps, computed from states alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from arm.function_apps.authentication import FunctionAppAuth, FunctionAppState
from arm.instance_state import IdentityState, InstanceState, TemplateState
from sync.components.registry import REGISTRY
from sync.planning.plan import Plan
from upstreams.function_apps.authentication import desired_auth
from upstreams.function_apps.signed_requests import SignedRequests

ARM_ID = (
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/fleet/providers"
    "/microsoft.web/sites/{}"
)
SIGNED = TemplateState("https://one.example/", auth_type="ManagedIdentity", resource="api://chat")
ON = FunctionAppAuth(is_enabled=True, issuer="v2", unauthenticated_action="RedirectToLoginPage")
OFF = FunctionAppAuth()
DESIRED = FunctionAppAuth(
    is_enabled=True,
    issuer="v1",
    allowed_audiences=("api://chat",),
    unauthenticated_action="Return401",
)

auths = st.sampled_from([ON, OFF, DESIRED])
names = st.sampled_from(["one", "two", "three"])


def app(name: str, auth: FunctionAppAuth) -> FunctionAppState:
    return FunctionAppState(ARM_ID.format(name), auth)


def state(**apps: FunctionAppAuth) -> InstanceState:
    """Return an instance with an identity, and these apps."""
    return InstanceState(
        IdentityState("SystemAssigned"),
        function_apps=tuple(app(name, auth) for name, auth in sorted(apps.items())),
    )


apps_before_and_after = st.dictionaries(names, st.tuples(auths, auths)).map(
    lambda pairs: (
        state(**{name: pair[0] for name, pair in pairs.items()}),
        state(**{name: pair[1] for name, pair in pairs.items()}),
    )
)


def steps(desired: InstanceState, observed: InstanceState) -> list[str]:
    return [step.kind for step in REGISTRY.plan(desired, observed, instance="x").steps]


@given(apps_before_and_after)
def test_plan_brings_every_app_to_the_desired_state(
    states: tuple[InstanceState, InstanceState],
) -> None:
    before, after = states
    planned = REGISTRY.plan(after, before, instance="x")
    assert planned.target == after
    assert Plan.from_json(planned.to_json()) == planned
    assert {change.target for change in planned.changes} == {
        f"function_apps[{new.name}]"
        for old, new in zip(before.function_apps, after.function_apps, strict=True)
        if old != new
    }


@given(apps_before_and_after, st.data())
def test_interrupted_step_continues_from_any_point(
    states: tuple[InstanceState, InstanceState], data: st.DataObject
) -> None:
    before, after = states
    pairs = zip(before.function_apps, after.function_apps, strict=True)
    found = tuple(data.draw(st.sampled_from(pair)) for pair in pairs)
    assert REGISTRY.can_continue(replace(before, function_apps=found), before, after)


def test_step_does_not_continue_over_changes_made_elsewhere() -> None:
    before, after = state(one=ON), state(one=DESIRED)
    assert not REGISTRY.can_continue(state(one=OFF), before, after)
    assert not REGISTRY.can_continue(state(), before, after)


def test_app_without_desired_settings_is_left_unchanged() -> None:
    found = state(one=DESIRED, two=ON)
    assert REGISTRY.is_in_sync(state(one=DESIRED), found)
    assert REGISTRY.matches(found, state(one=DESIRED))
    assert not REGISTRY.matches(found, state(two=DESIRED))


def test_audience_is_allowed_before_a_template_requests_it() -> None:
    desired = replace(state(one=DESIRED), templates=(SIGNED,))
    assert steps(desired, state(one=ON)) == ["function_apps", "templates"]


def test_principal_is_allowed_before_the_identity_is_switched() -> None:
    identity = IdentityState("UserAssigned", "/subscriptions/s/one")
    desired = replace(state(one=DESIRED), identity=identity)
    assert steps(desired, state(one=ON)) == ["function_apps", "identity"]


def test_open_app_requires_authentication_once_its_callers_sign() -> None:
    unsigned = replace(SIGNED, auth_type="None", resource=None)
    observed = replace(state(one=OFF), templates=(unsigned,))
    desired = replace(state(one=DESIRED), templates=(SIGNED,))
    assert steps(desired, observed) == ["templates", "function_apps"]


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (OFF, "for all of its functions"),
        (replace(DESIRED, unauthenticated_action="AllowAnonymous"), "for all of its functions"),
        (
            replace(DESIRED, unauthenticated_action="RedirectToLoginPage"),
            "browsers to a sign-in page",
        ),
        (replace(DESIRED, issuer="v2"), "tokens of v2"),
    ],
)
def test_warns_of_callers_that_lose_access(before: FunctionAppAuth, words: str) -> None:
    (step,) = REGISTRY.plan(state(one=DESIRED), state(one=before), instance="x").steps
    (warning,) = step.warnings
    assert warning.startswith("one ")
    assert words in warning


def test_another_audience_excludes_no_caller() -> None:
    before = replace(DESIRED, allowed_audiences=())
    (step,) = REGISTRY.plan(state(one=DESIRED), state(one=before), instance="x").steps
    assert step.warnings == ()
    assert step.title == "Make one accept the signed requests"
    assert [change.path for change in step.changes] == ["function_apps[one].allowed_audiences"]


def test_reads_states_without_apps() -> None:
    written = InstanceState().to_json()
    del written["function_apps"]
    assert InstanceState.from_json(written) == InstanceState()


def test_component_is_found_by_its_kind() -> None:
    assert REGISTRY.__getitem__("function_apps").kind == "function_apps"


URL = "https://one.example/"
signed_templates = st.sampled_from(["api://chat", "api://game"]).map(
    lambda resource: TemplateState(URL, auth_type="ManagedIdentity", resource=resource)
)
some_auths = st.builds(
    FunctionAppAuth,
    is_enabled=st.booleans(),
    issuer=st.sampled_from(["v1", "v2"]),
    client_id=st.just("client"),
    allowed_audiences=st.sampled_from([(), ("api://chat",), ("api://game",)]),
    unauthenticated_action=st.sampled_from(["Return401", "RedirectToLoginPage"]),
)


def is_accepted(template: TemplateState, auth: FunctionAppAuth) -> bool:
    """Whether the app accepts the template's requests; without authentication it accepts all."""
    is_token_accepted = auth.issuer == "v1" and template.resource in auth.allowed_audiences
    return not auth.is_enabled or is_token_accepted


@given(signed_templates | st.just(TemplateState(URL)), signed_templates, some_auths)
def test_no_step_refuses_events_accepted_before_and_after(
    was: TemplateState, to_be: TemplateState, auth: FunctionAppAuth
) -> None:
    requests = SignedRequests("v1", (str(to_be.resource),), ())
    before = replace(state(one=auth), templates=(was,))
    after = replace(state(one=desired_auth(auth, requests)), templates=(to_be,))
    for each in REGISTRY.plan(after, before, instance="x").states:
        (template,), (serving,) = each.templates, each.function_apps
        assert is_accepted(template, serving.auth) or not is_accepted(was, auth)
