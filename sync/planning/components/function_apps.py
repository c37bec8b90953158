"""The authentication of the Function Apps that an instance sends signed requests to.

An app is shared: what a plan wants of it is added to what others want. An app that lets everybody
in is closed after the templates sign, and any other opened before they ask for what it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator

from arm.async_operations import LongRunning
from arm.function_app_authentication import SIGN_IN, FunctionAppAuth, FunctionAppState
from arm.state import InstanceState
from sync.planning.changes import Change, field_changes
from sync.planning.components.component import Part, Place, Writing

Apps = tuple[FunctionAppState, ...]
Pair = tuple[FunctionAppState, FunctionAppState]


def _changed(before: InstanceState, after: InstanceState) -> list[Pair]:
    known = {app.arm_id: app for app in before.function_apps}
    return [
        (known[app.arm_id], app)
        for app in after.function_apps
        if app.arm_id in known and app != known[app.arm_id]
    ]


def _place(before: InstanceState, after: InstanceState) -> Place:
    """Open an app before it is asked; close one that was open to all after its callers sign.

    An app whose authentication is off takes every request, signed or not. To switch it on first
    would refuse the events of templates that are not signed yet.
    """
    changed = _changed(before, after)
    was_open = bool(changed) and not any(app.auth.is_enabled for app, _ in changed)
    return Place.AFTER_TEMPLATES if was_open else Place.BEFORE_IDENTITY


def _changes(before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
    return tuple(
        change
        for old, new in _changed(before, after)
        for change in field_changes(
            f"function_apps[{new.name}]", old.auth.to_json(), new.auth.to_json()
        )
    )


def _title(before: InstanceState, after: InstanceState) -> str:
    changed = _changed(before, after)
    which = changed[0][1].name if len(changed) == 1 else f"{len(changed)} Function Apps"
    return f"Let {which} accept the signed requests"


def _warnings(before: InstanceState, after: InstanceState) -> tuple[str, ...]:
    return tuple(
        f"{new.name} {loss}"
        for old, new in _changed(before, after)
        for loss in _losses(old.auth, new.auth)
    )


def _losses(before: FunctionAppAuth, after: FunctionAppAuth) -> Iterator[str]:
    """Say who else is shut out by the change."""
    if not before.is_enabled:
        yield "refuses every request without a token from then on, to all of its functions."
    elif before.unauthenticated_action == SIGN_IN != after.unauthenticated_action:
        yield "sends browsers to sign in no more, and answers them 401."
    elif before.unauthenticated_action != after.unauthenticated_action:
        yield "refuses requests without a token from then on, to all of its functions."
    if before.is_enabled and before.issuer and before.issuer != after.issuer:
        yield f"refuses from then on the tokens of {before.issuer}, with which others may call it."


def _relevant(found: Apps, wanted: Apps) -> Apps:
    ids = {app.arm_id for app in wanted}
    return tuple(app for app in found if app.arm_id in ids)


def _holds(found: Apps, planned: Apps) -> bool:
    return set(planned) <= set(found)


def _is_between(found: Apps, before: Apps, after: Apps) -> bool:
    """Tell whether each app is as before or as after: a step that was broken off wrote some."""
    passing = {*before, *after}
    ids = {app.arm_id for app in passing}
    return {app.arm_id for app in found if app in passing} == ids


def _write(writing: Writing) -> LongRunning:
    """Write app by app what differs: a step that was broken off carries on."""
    found = {app.arm_id: app for app in writing.resource.state.function_apps}
    for app in writing.after.function_apps:
        if app != found[app.arm_id]:
            writing.client_of(app.arm_id).function_apps.write_auth(
                app.arm_id,
                before=found[app.arm_id].auth,
                after=app.auth,
                correlation_id=writing.correlation_id,
            )
            writing.taken.append(app.name)
    return LongRunning(done=True)


PART = Part(
    "function_apps",
    _place,
    _changes,
    _title,
    _write,
    warnings=_warnings,
    relevant=_relevant,
    holds=_holds,
    between=_is_between,
)
