"""Applying declarations: previewed first, then applied as a whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from accounts.actor import Actor
from arm.errors import ArmError
from arm.instance_state import InstanceState
from identities.models import SignalRInstance
from sync.components.function_app_targets import set_app_policy
from sync.components.grants import known_vaults, needed_grants
from sync.components.vault_names import named_vaults
from sync.declarative.check_fleet import (
    DeclaredAppChange,
    DeclaredChange,
    DeclaredChanges,
    InvalidDeclarations,
    creation_of,
    grants_of,
    site_of,
)
from sync.declarative.yaml_reader import Problem
from sync.desired.add_instance import save_new_instance, set_create_if_missing
from sync.desired.deletion_protection import protect
from sync.desired.grant_choices import choose_grants
from sync.desired.history import Author, set_desired_state
from sync.desired.management_policy import Policy, require_managed, set_policy
from sync.desired.senders import set_senders
from sync.desired.state import declared_state
from sync.errors import NotManaged, StalePlan
from sync.inventory.function_apps import refresh_function_app
from sync.inventory.key_vault.grant_reader import VaultReader
from sync.inventory.key_vault.vault_rows import save_vaults
from sync.inventory.refresh import refresh_compared
from sync.models import Operation
from sync.operations.plans.instance import plan_instance
from sync.operations.start import start_apply
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired, Plan
from upstreams.models import FunctionApp
from upstreams.url_templates.hosts import host_of


@dataclass(frozen=True, slots=True)
class Preview:
    """The plan of an instance once its document is the desired state.

    `refusal` says why the plan cannot be applied; None if it can be, or is empty.
    """

    difference: DeclaredChange
    plan: Plan
    refusal: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether rows and Azure already have the declared state."""
        return self.plan.is_empty and not self.difference.changes


def preview(declared_changes: DeclaredChanges, author: Author) -> list[Preview]:
    """Return what an apply would do. The desired state is not changed.

    Reads from Azure what the plans need and was never read, and stores the answers. Raises
    InvalidDeclarations if a plan cannot be made.
    """
    _read_needed(declared_changes)
    with transaction.atomic():
        rows = declare(declared_changes, author)
        previews, problems = [], []
        for difference, row in zip(declared_changes.instances, rows, strict=True):
            try:
                plan = plan_instance(row)
            except (SyncError, InvalidDesired) as error:
                problems.append(difference.declared.problem(str(error)))
            else:
                previews.append(Preview(difference, plan, _refusal(row, plan)))
        transaction.set_rollback(True)
    if problems:
        raise InvalidDeclarations(problems)
    return previews


def require_applicable(previews: Sequence[Preview]) -> None:
    """Raise InvalidDeclarations if a plan cannot be applied."""
    problems = [
        each.difference.declared.problem(each.refusal, "policy")
        for each in previews
        if each.refusal
    ]
    if problems:
        raise InvalidDeclarations(problems)


def declare_and_apply(
    declared_changes: DeclaredChanges,
    previews: Sequence[Preview],
    author: Author,
    *,
    confirm_destructive: bool = False,
) -> list[Operation]:
    """Make the declarations the desired state, and start an operation for each plan shown.

    All of it, or nothing. Raises InvalidDeclarations if a plan has changed, is destructive and not
    confirmed, another operation is in progress, or a policy forbids it.
    """
    with transaction.atomic():
        rows = declare(declared_changes, author)
        operations, problems = [], []
        for shown, row in zip(previews, rows, strict=True):
            try:
                operations += _start(row, shown.plan, author.who, confirm_destructive)
            except (SyncError, InvalidDesired) as error:
                problems.append(shown.difference.declared.problem(str(error)))
        if problems:
            # Raised inside the block, so that the transaction is rolled back.
            raise InvalidDeclarations(problems)
    return operations


def _refusal(row: SignalRInstance, plan: Plan) -> str | None:
    if plan.is_empty:
        return None
    try:
        require_managed(row)
    except NotManaged:
        return (
            f"The policy of {row} is {row.policy}, so Signalman does not write to it. Write "
            "`policy: manage`, or remove its document."
        )
    return None


def _start(
    row: SignalRInstance, shown: Plan, who: str, confirm_destructive: bool
) -> list[Operation]:
    plan = plan_instance(row)
    if plan.digest != shown.digest:
        raise StalePlan(plan)
    if plan.is_empty:
        return []
    return [
        start_apply(
            row, digest=plan.digest, actor=Actor(who), confirm_destructive=confirm_destructive
        )
    ]


def declare(declared_changes: DeclaredChanges, author: Author) -> list[SignalRInstance]:
    """Store the declared state, and return the rows of the instances in their order.

    Call it inside a transaction. Sends no request to Azure.
    """
    for app in declared_changes.function_apps:
        _declare_app(app, author)
    keys = [_declare_instance(each, author) for each in declared_changes.instances]
    rows = SignalRInstance.objects.with_desired().in_bulk(keys)
    return [rows[key] for key in keys]


def _declare_app(difference: DeclaredAppChange, author: Author) -> None:
    if difference.changes:
        set_app_policy(
            difference.app, FunctionApp.Policy(difference.declared.policy), who=author.who
        )


def _declare_instance(difference: DeclaredChange, author: Author) -> int:
    """Store the state of one document, and return the instance's primary key."""
    declared, row = difference.declared, difference.instance
    if row is None:
        row = save_new_instance(
            declared.name, site_of(declared), creation_of(declared), who=author.who
        )
    elif not difference.changes:
        return row.pk
    else:
        row = SignalRInstance.objects.with_desired().get(pk=row.pk)
    if declared.policy is not None:
        set_policy(row, Policy(declared.policy), who=author.who)
    if declared_state(row) != declared.state:
        set_desired_state(row, declared.state, author)
    choose_grants(row, grants_of(declared), who=author.who)
    if declared.senders is not None:
        set_senders(row, declared.senders, who=author.who)
    if declared.is_protected is not None:
        protect(row, who=author.who, is_protected=declared.is_protected)
    if declared.create_if_missing is not None:
        set_create_if_missing(row, who=author.who, create_if_missing=declared.create_if_missing)
    return row.pk


def _read_needed(declared_changes: DeclaredChanges) -> None:
    """Read from Azure what the plans of these documents need and was never read.

    These are the grants on vaults, and the settings of Function Apps, that new templates name.
    """
    problems: list[Problem] = []
    for difference in declared_changes.instances:
        if not difference.changes:
            continue
        try:
            _read_vaults(difference)
        except ArmError as error:
            problems.append(difference.declared.problem(str(error)))
    try:
        _read_apps(declared_changes)
    except ArmError as error:
        problems += [each.declared.problem(str(error)) for each in declared_changes.instances[:1]]
    if problems:
        raise InvalidDeclarations(problems)


def _read_vaults(difference: DeclaredChange) -> None:
    state = difference.declared.state
    names = named_vaults(state.templates)
    if not names:
        return
    if {*names} - known_vaults(names).keys():
        reader = VaultReader(difference.declared.subscription_id)
        reader.look_for(names)
        save_vaults(reader, at=timezone.now())
    row = difference.instance
    if row is not None and row.observed is not None:
        refresh_compared(row, planned=InstanceState(grants=needed_grants(row, state)))


def _read_apps(declared_changes: DeclaredChanges) -> None:
    """Read the apps that signed templates send to and that were never read."""
    templates = [
        each
        for difference in declared_changes.instances
        for each in difference.declared.state.templates
    ]
    hosts = {host_of(each.url_template) for each in templates if each.auth_type != "None"}
    unread = FunctionApp.objects.filter(
        observed__isnull=True, missing_since__isnull=True, host_name__in=hosts - {None}
    )
    for app in unread:
        try:
            refresh_function_app(app)
        except ArmError as error:
            # A permanent error is stored in the app's row.
            if error.is_transient:
                raise
