"""Wanting what was declared: looked at first, as it would be, then all of it or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone

from arm.errors import ArmError
from identities.models import SignalRInstance
from sync.declarative.comparison import (
    AppIntent,
    Intent,
    Intents,
    Undeclarable,
    creation_of,
    grants_of,
    site_of,
)
from sync.declarative.yaml_reader import Fault
from sync.desired.history import Author, want_state
from sync.desired.lifecycle import make_if_missing, protect, save_new_instance
from sync.desired.management_policy import Policy, require_managed, set_policy
from sync.desired.state import known_vaults, needed_grants, row_state
from sync.errors import NotManaged, StalePlan
from sync.inventory.function_apps import refresh_function_app, set_app_policy
from sync.inventory.import_instances import refresh
from sync.inventory.vault_grants import choose_grants, save_vaults
from sync.inventory.vault_reader import VaultReader
from sync.models import Operation
from sync.operations.instance_plan import plan_instance
from sync.operations.lifecycle import start_apply
from sync.planning.components.vault_names import named_vaults
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired, Plan
from upstreams.function_app_authentication import host_of
from upstreams.models import FunctionApp


@dataclass(frozen=True, slots=True)
class Prospect:
    """What becomes of an instance: its plan once its document is wanted.

    `refusal` says why the plan could not be applied; None where it can be, or holds nothing.
    """

    intent: Intent
    plan: Plan
    refusal: str | None = None

    @property
    def is_empty(self) -> bool:
        """Whether rows and Azure are as declared."""
        return self.plan.is_empty and not self.intent.changes


def preview(intents: Intents, author: Author) -> list[Prospect]:
    """Return what an apply would do. What is wanted stays as it was.

    What Azure has to be asked for it is asked, and written down as Azure answered. Raises
    Undeclarable where a plan cannot be made.
    """
    _learn(intents)
    with transaction.atomic():
        rows = want(intents, author)
        prospects, faults = [], []
        for intent, row in zip(intents.instances, rows, strict=True):
            try:
                plan = plan_instance(row)
            except (SyncError, InvalidDesired) as error:
                faults.append(intent.declared.fault(str(error)))
            else:
                prospects.append(Prospect(intent, plan, _refusal(row, plan)))
        transaction.set_rollback(True)
    if faults:
        raise Undeclarable(faults)
    return prospects


def require_applicable(prospects: Sequence[Prospect]) -> None:
    """Raise Undeclarable where a plan could not be applied."""
    faults = [
        each.intent.declared.fault(each.refusal, "policy") for each in prospects if each.refusal
    ]
    if faults:
        raise Undeclarable(faults)


def want_and_apply(
    intents: Intents, prospects: Sequence[Prospect], author: Author
) -> list[Operation]:
    """Want what was declared and start an operation for each plan that was shown.

    All of it, or nothing. Raises Undeclarable where a plan is another one by now, where another
    operation is under way, or where a policy forbids it.
    """
    with transaction.atomic():
        rows = want(intents, author)
        operations, faults = [], []
        for prospect, row in zip(prospects, rows, strict=True):
            try:
                operations += _start(row, prospect.plan, author.who)
            except (SyncError, InvalidDesired) as error:
                faults.append(prospect.intent.declared.fault(str(error)))
        if faults:
            # Raised in the block, so that it leaves nothing behind.
            raise Undeclarable(faults)
    return operations


def _refusal(row: SignalRInstance, plan: Plan) -> str | None:
    if plan.is_empty:
        return None
    try:
        require_managed(row)
    except NotManaged:
        return (
            f"{row} is under the policy {row.policy}, so nothing is written to it: "
            "write `policy: manage`, or leave its document out."
        )
    return None


def _start(row: SignalRInstance, shown: Plan, who: str) -> list[Operation]:
    plan = plan_instance(row)
    if plan.digest != shown.digest:
        raise StalePlan(plan)
    if plan.is_empty:
        return []
    return [start_apply(row, digest=plan.digest, requested_by_name=who)]


def want(intents: Intents, author: Author) -> list[SignalRInstance]:
    """Write what is wanted, and return the rows of the instances in their order.

    Call it inside a transaction. Azure is not asked, and nothing is sent to it.
    """
    for app in intents.function_apps:
        _want_app(app, author)
    keys = [_want_instance(each, author) for each in intents.instances]
    rows = SignalRInstance.objects.with_desired().in_bulk(keys)
    return [rows[key] for key in keys]


def _want_app(intent: AppIntent, author: Author) -> None:
    if intent.changes:
        set_app_policy(intent.app, FunctionApp.Policy(intent.declared.policy), who=author.who)


def _want_instance(intent: Intent, author: Author) -> int:
    """Write what one document asks, and return the instance's key."""
    declared, row = intent.declared, intent.instance
    if row is None:
        row = save_new_instance(
            declared.name, site_of(declared), creation_of(declared), who=author.who
        )
    elif not intent.changes:
        return row.pk
    else:
        row = SignalRInstance.objects.with_desired().get(pk=row.pk)
    if declared.policy is not None:
        set_policy(row, Policy(declared.policy), who=author.who)
    if row_state(row) != declared.state:
        want_state(row, declared.state, author)
    choose_grants(row, grants_of(declared), who=author.who)
    if declared.is_protected is not None:
        protect(row, who=author.who, is_protected=declared.is_protected)
    if declared.create_if_missing is not None:
        make_if_missing(row, who=author.who, is_made=declared.create_if_missing)
    return row.pk


def _learn(intents: Intents) -> None:
    """Ask Azure what plans of these documents need and nobody asked yet.

    That is who may read the vaults that templates name from now on, and how Function Apps are that
    they send to from now on.
    """
    faults: list[Fault] = []
    for intent in intents.instances:
        if not intent.changes:
            continue
        try:
            _look_into_vaults(intent)
        except ArmError as error:
            faults.append(intent.declared.fault(str(error)))
    try:
        _read_apps(intents)
    except ArmError as error:
        faults += [each.declared.fault(str(error)) for each in intents.instances[:1]]
    if faults:
        raise Undeclarable(faults)


def _look_into_vaults(intent: Intent) -> None:
    state = intent.declared.state
    names = named_vaults(state.templates)
    if not names:
        return
    if {*names} - known_vaults(names).keys():
        reader = VaultReader(intent.declared.subscription_id)
        reader.look_for(names)
        save_vaults(reader, at=timezone.now())
    row = intent.instance
    if row is not None and row.observed is not None:
        refresh(row, grants=needed_grants(row, state))


def _read_apps(intents: Intents) -> None:
    """Read the apps that were never read and that signed templates send to."""
    templates = [each for intent in intents.instances for each in intent.declared.state.templates]
    hosts = {host_of(each.url_template) for each in templates if each.auth_type != "None"}
    unread = FunctionApp.objects.filter(
        observed__isnull=True, missing_since__isnull=True, host_name__in=hosts - {None}
    )
    for app in unread:
        try:
            refresh_function_app(app)
        except ArmError as error:
            # A lasting refusal is an answer, and stands on the app's row.
            if error.is_transient:
                raise
