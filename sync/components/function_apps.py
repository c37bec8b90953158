"""The Function Apps component: the authentication of apps that receive signed requests.

An app is shared: a plan adds to its settings what the instance needs. An app without authentication
is closed after the templates sign; any other is opened before they send what it refuses.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from django.db.models.functions import Lower

from arm.async_operations import LongRunning
from arm.function_apps.authentication import SIGN_IN, FunctionAppAuth, FunctionAppState
from arm.instance_state import InstanceState
from identities.models import SignalRInstance
from sync.components.component import Component, SharedRows, Write
from sync.components.function_app_targets import (
    desired_apps,
    observed_apps,
    serving_apps,
    set_app_policy,
)
from sync.planning.changes import Change, field_changes
from sync.planning.step_order import Order
from upstreams.models import FunctionApp

Apps = tuple[FunctionAppState, ...]
Pair = tuple[FunctionAppState, FunctionAppState]

# Requests that it takes to read one app's authentication.
_READS: Final = 2


class FunctionAppsComponent(Component):
    """Makes the Function Apps that signed templates send to accept the instance's tokens."""

    kind = "function_apps"

    def observed(self, instance: SignalRInstance, state: InstanceState, rows: SharedRows) -> Apps:
        """Return the serving apps as Azure last answered."""
        if rows.has_no_apps:
            return ()
        return observed_apps(serving_apps(instance, rows.templates_of(instance), rows.apps))

    def desired(self, instance: SignalRInstance, declared: InstanceState, rows: SharedRows) -> Apps:
        """Return the serving apps as the declared templates require them."""
        if rows.has_no_apps:
            return ()
        serving = serving_apps(instance, declared.templates, rows.apps)
        return desired_apps(instance, declared.templates, serving, rows.registrations)

    def complete(
        self,
        instance: SignalRInstance,
        observed: InstanceState,
        desired: InstanceState,
        selected: InstanceState,
    ) -> Apps:
        """Add what the selected templates require of the apps, unless the apps are selected."""
        is_selected = selected.function_apps != observed.function_apps
        if selected.templates == observed.templates or is_selected:
            return selected.function_apps
        serving = serving_apps(instance, desired.templates)
        return desired_apps(instance, selected.templates, serving)

    def before_deletion(self, instance: SignalRInstance, value: Apps) -> Apps:
        """Leave apps out of a deletion, even if they change meanwhile."""
        return ()

    def read_requests(self, value: Apps) -> int:
        """Return the requests for each app."""
        return _READS * len(value)

    def accept(
        self,
        instance: SignalRInstance,
        desired: InstanceState,
        accepted: InstanceState,
        *,
        who: str,
    ) -> None:
        """Stop managing the apps that differ and are accepted as they are."""
        left = {app.arm_id for app in {*desired.function_apps} - {*accepted.function_apps}}
        for app in FunctionApp.objects.annotate(key=Lower("arm_id")).filter(key__in=left):
            set_app_policy(app, FunctionApp.Policy.OBSERVE, who=who)

    def changes(self, before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
        """Return the settings that differ, app by app."""
        return tuple(
            change
            for old, new in _changed(before, after)
            for change in field_changes(
                f"function_apps[{new.name}]", old.auth.to_json(), new.auth.to_json()
            )
        )

    def order(self, before: InstanceState, after: InstanceState) -> Order:
        """Return a place before the templates, or after them for apps without authentication.

        An app without authentication accepts every request, signed or not. Turning it on first
        would refuse the events of templates that are not signed yet.
        """
        changed = _changed(before, after)
        was_open = bool(changed) and not any(app.auth.is_enabled for app, _ in changed)
        return Order.AFTER_TEMPLATES if was_open else Order.BEFORE_IDENTITY

    def explain(self, before: InstanceState, after: InstanceState) -> str:
        """Explain the place."""
        if self.order(before, after) == Order.BEFORE_IDENTITY:
            return "Before the templates, because the app refuses the new requests until then."
        return (
            "After the templates. If the app's authentication were turned on earlier, the app "
            "would refuse the requests that are not signed yet."
        )

    def title(self, before: InstanceState, after: InstanceState) -> str:
        """Return which apps are changed."""
        changed = _changed(before, after)
        which = changed[0][1].name if len(changed) == 1 else f"{len(changed)} Function Apps"
        return f"Make {which} accept the signed requests"

    def warnings(self, before: InstanceState, after: InstanceState) -> tuple[str, ...]:
        """Warn of other callers that the apps refuse afterwards."""
        return tuple(
            f"{new.name} {effect}"
            for old, new in _changed(before, after)
            for effect in _effects(old.auth, new.auth)
        )

    def relevant(self, found: Apps, desired: Apps) -> Apps:
        """Compare only the apps of the desired state."""
        ids = {app.arm_id for app in desired}
        return tuple(app for app in found if app.arm_id in ids)

    def matches(self, found: Apps, planned: Apps) -> bool:
        """Return whether all planned apps are as planned."""
        return set(planned) <= set(found)

    def can_continue(self, found: Apps, before: Apps, after: Apps) -> bool:
        """Return whether each app is as before or as after: an interrupted step wrote some."""
        passing = {*before, *after}
        ids = {app.arm_id for app in passing}
        return {app.arm_id for app in found if app in passing} == ids

    def write(self, write: Write) -> LongRunning:
        """Write the apps that differ one by one, so that an interrupted step can be repeated."""
        found = {app.arm_id: app for app in write.resource.state.function_apps}
        for app in write.after.function_apps:
            if app != found[app.arm_id]:
                write.client_of(app.arm_id).function_apps.write_auth(
                    app.arm_id,
                    before=found[app.arm_id].auth,
                    after=app.auth,
                    correlation_id=write.correlation_id,
                )
                write.sent.append(app.name)
        return LongRunning(done=True)


def _changed(before: InstanceState, after: InstanceState) -> list[Pair]:
    known = {app.arm_id: app for app in before.function_apps}
    return [
        (known[app.arm_id], app)
        for app in after.function_apps
        if app.arm_id in known and app != known[app.arm_id]
    ]


def _effects(before: FunctionAppAuth, after: FunctionAppAuth) -> Iterator[str]:
    """Yield what the change means for other callers."""
    if not before.is_enabled:
        yield "then refuses every request without a token, for all of its functions."
    elif before.unauthenticated_action == SIGN_IN != after.unauthenticated_action:
        yield "no longer redirects browsers to a sign-in page, and refuses their requests with 401."
    elif before.unauthenticated_action != after.unauthenticated_action:
        yield "then refuses requests without a token, for all of its functions."
    if before.is_enabled and before.issuer and before.issuer != after.issuer:
        yield f"then refuses tokens of {before.issuer}, which other callers may use."
