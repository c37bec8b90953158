"""Importing Function Apps, Web Apps and slots, and reading their authentication settings.

A subscription takes one paged list. An app takes five more requests, and only if a template points
at it: two for its authentication, two for its network settings and one for its functions.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from arm.errors import ArmError, NotFound
from arm.function_apps.authentication import FunctionAppState
from arm.function_apps.calls import FunctionAppResource, FunctionApps
from arm.instance_state import InstanceState
from identities.models import SignalRInstance, Subscription
from sync.azure_client import arm_client
from sync.components.function_app_targets import managed_apps, observed_apps, serving_apps
from sync.desired.state import declared_state, observed_state
from sync.inventory.client_ids import read_client_ids_for
from upstreams.models import FunctionApp, UpstreamTemplate

log = logging.getLogger(__name__)

_LEARNT: Final = ("location", "host_name", "custom_host_names", "is_web_app", "missing_since")
_BATCH: Final = 500


def import_function_apps(subscription: Subscription) -> list[str]:
    """Import the Function Apps of a subscription, and read those that templates point at.

    Returns a message for each read that failed and may succeed later. Raises ArmError if the apps
    cannot be listed.
    """
    asked_at = timezone.now()
    client = arm_client(subscription.pk).function_apps
    apps, hosts = list(client.list()), UpstreamTemplate.objects.hosts()
    slots = _slots_at(client, apps, hosts)
    with transaction.atomic():
        # Web Apps and slots that no template points at are of no interest.
        function_apps = [each for each in apps if not each.is_web_app]
        others = [each for each in (*apps, *slots) if _hosts_of(each) & hosts]
        _remember(subscription, (*function_apps, *others))
        _miss(subscription, {each.arm_id.lower() for each in (*apps, *slots)}, at=asked_at)
    return read_pointed_at(subscription)


def _slots_at(
    client: FunctionApps, apps: Collection[FunctionAppResource], hosts: Collection[str]
) -> list[FunctionAppResource]:
    """Return the slots of the apps that templates may point at: `<app>-<slot>.<domain>`.

    A subscription has no list of all slots, so that each of these apps takes a request.
    """
    unknown = set(hosts).difference(*map(_hosts_of, apps))
    slots: list[FunctionAppResource] = []
    for app in apps:
        name, _, domain = app.host_name.partition(".")
        if any(host.startswith(f"{name}-") and host.endswith(f".{domain}") for host in unknown):
            slots += client.list_slots(app.arm_id)
    return slots


def _hosts_of(app: FunctionAppResource) -> frozenset[str]:
    return frozenset({app.host_name, *app.custom_host_names})


def read_pointed_at(subscription: Subscription) -> list[str]:
    """Read the settings of the known apps that templates point at; return what failed.

    Reads the subscription's apps, and apps of other subscriptions that were never read: their
    templates may be new. A permanent error is stored in the app's row.
    """
    hosts = UpstreamTemplate.objects.hosts()
    asked = Q(subscription=subscription) | Q(observed__isnull=True)
    apps = FunctionApp.objects.filter(asked, missing_since__isnull=True)
    problems: list[str] = []
    for app in (app for app in apps if app.hosts & hosts):
        try:
            _refresh_if_possible(app)
        except ArmError as error:
            problems.append(f"Function App {app}: {error}")
    return problems


def refresh_serving(
    instance: SignalRInstance, planned: Iterable[FunctionAppState] = ()
) -> tuple[FunctionAppState, ...]:
    """Read the managed apps that the instance's desired templates send to; return their settings.

    Also reads the apps that are `planned`, whatever the templates now are. Raises an ArmError
    that is transient.
    """
    templates = declared_state(instance).templates
    signed = [each.url_template for each in templates if each.auth_type == "ManagedIdentity"]
    known = FunctionApp.objects.managed().select_related("subscription")
    ids = {app.arm_id for app in planned}
    asked = {app.pk: app for app in (known.serving(signed) if signed else ())}
    asked |= {app.pk: app for app in known.annotate(key=Lower("arm_id")).filter(key__in=ids)}
    for app in asked.values():
        # Plans compare the authentication only, and an apply reads it before each step.
        _refresh_if_possible(app, _refresh_auth)
    serving = serving_apps(instance, templates)
    also = [app for app in managed_apps() if app.arm_id.lower() in ids] if ids else []
    return observed_apps({app.pk: app for app in (*serving, *also)}.values())


def refresh_receivers(instance: SignalRInstance, since: datetime) -> None:
    """Read the apps that the instance's templates point at, desired or in Azure, signed or not.

    What was read after `since` is not read again, so that instances may share an app. Raises an
    ArmError that is transient; a permanent one is stored in the app's row.
    """
    states = (declared_state(instance), observed_state(instance) or InstanceState())
    urls = {each.url_template for state in states for each in state.templates}
    for app in FunctionApp.objects.serving(urls).select_related("subscription") if urls else ():
        if _is_older(app.access_observed_at, since):
            _refresh_access(app)
        if _is_older(app.observed_at, since):
            _refresh_if_possible(app, _refresh_auth)


def _is_older(read_at: datetime | None, moment: datetime) -> bool:
    return read_at is None or read_at < moment


def refresh_function_app(app: FunctionApp) -> None:
    """Read an app's network settings, functions and authentication; store them, in memory too.

    Raises ArmError, after storing it in the row.
    """
    _refresh_access(app)
    _refresh_auth(app)


def _refresh_access(app: FunctionApp) -> None:
    """Read network settings and functions. Raises a transient ArmError; others are stored."""
    asked_at = timezone.now()
    apps = arm_client(app.subscription_id).function_apps
    try:
        app.access, app.functions = None, None
        app.access = apps.read_access(app.arm_id).to_json()
        # A Web App has no functions.
        found = () if app.is_web_app else apps.read_functions(app.arm_id)
        app.functions = [each.to_json() for each in found]
    except ArmError as error:
        if error.is_transient:
            raise
        app.access_problem = str(error)
    else:
        app.access_problem = ""
    app.access_observed_at = asked_at
    app.save(update_fields=["access", "functions", "access_problem", "access_observed_at"])


def _refresh_auth(app: FunctionApp) -> None:
    """Read an app's authentication settings. Raises ArmError, after storing it in the row."""
    asked_at = timezone.now()
    try:
        auth = arm_client(app.subscription_id).function_apps.read_auth(app.arm_id)
    except NotFound:
        app.missing_since, app.observed = app.missing_since or asked_at, None
        app.save(update_fields=["missing_since", "observed"])
        raise
    except ArmError as error:
        app.problem = str(error)
        app.save(update_fields=["problem"])
        raise
    app.observed, app.observed_at, app.problem = auth.to_json(), asked_at, ""
    app.save(update_fields=["observed", "observed_at", "problem"])
    read_client_ids_for(app)


def _refresh_if_possible(
    app: FunctionApp, refresh: Callable[[FunctionApp], None] = refresh_function_app
) -> None:
    """Read an app. Raises a transient ArmError; a permanent one is stored in the row."""
    try:
        refresh(app)
    except ArmError as error:
        if error.is_transient:
            raise
        log.warning("Function App %s was not read. %s", app, error)


def _remember(subscription: Subscription, answers: Iterable[FunctionAppResource]) -> None:
    by_id = {answer.arm_id.lower(): answer for answer in answers}
    known = {
        row.arm_id.lower(): row
        for row in FunctionApp.objects.annotate(key=Lower("arm_id")).filter(key__in=by_id)
    }
    changed = [row for key, row in known.items() if _learn(row, by_id[key])]
    FunctionApp.objects.bulk_update(changed, _LEARNT, batch_size=_BATCH)
    new = [_row(subscription, answer) for key, answer in by_id.items() if key not in known]
    # Another process may have imported them since they were looked up.
    FunctionApp.objects.bulk_create(new, batch_size=_BATCH, ignore_conflicts=True)


def _miss(subscription: Subscription, there: Collection[str], *, at: datetime) -> None:
    """Mark the apps that are not listed as missing, and slots whose app is not listed."""
    known = subscription.function_apps.filter(missing_since__isnull=True)
    gone = [
        pk
        for pk, arm_id in known.values_list("pk", "arm_id")
        if arm_id.lower() not in there and arm_id.lower().partition("/slots/")[0] not in there
    ]
    subscription.function_apps.filter(pk__in=gone).update(
        missing_since=at, observed=None, access=None, functions=None
    )


def _row(subscription: Subscription, answer: FunctionAppResource) -> FunctionApp:
    row = FunctionApp(subscription=subscription, arm_id=answer.arm_id, name=answer.name)
    _learn(row, answer)
    return row


def _learn(row: FunctionApp, answer: FunctionAppResource) -> bool:
    """Store what `answer` says; return whether that changed the row."""
    before = [getattr(row, name) for name in _LEARNT]
    row.location, row.host_name, row.missing_since = answer.location, answer.host_name, None
    row.is_web_app = answer.is_web_app
    row.custom_host_names = "".join(f" {name} " for name in answer.custom_host_names)
    return before != [getattr(row, name) for name in _LEARNT]
