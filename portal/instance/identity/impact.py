"""The effect of switching an instance to another identity, from the plan that results."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from arm.instance_state import InstanceState, TemplateState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from sync.desired.state import observed_state
from sync.operations.plans.instance import plan_instance
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired, Plan


@dataclass(frozen=True, slots=True)
class IdentityImpact:
    """The effect of an identity, once the plan is applied.

    Where there is no `plan`, `refusal` says why. `lost_grants` are the vaults that only the current
    identity may read, `new_grants` those that the plan grants access to. `unsigned` names
    the templates that are temporarily not signed.
    """

    kind: ManagedIdentity.Type
    user_assigned: UserAssignedIdentity | None
    is_change: bool
    principal_before: str
    principal_after: str
    plan: Plan | None = None
    refusal: str = ""
    lost_grants: tuple[str, ...] = ()
    new_grants: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The type of the identity, and the name of a user-assigned one."""
        if self.user_assigned:
            return f"{self.kind.label}: {self.user_assigned}"
        return str(self.kind.label)


def identity_impact(
    instance: SignalRInstance,
    kind: ManagedIdentity.Type,
    user_assigned: UserAssignedIdentity | None,
) -> IdentityImpact:
    """Return the effect of an identity, without writing anything or sending requests to Azure."""
    row = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    before = (row.identity.type, row.identity.user_assigned)
    # Never saved: only the plan of the changed row is of interest.
    row.identity.type, row.identity.user_assigned = kind, user_assigned
    plan, refusal = _plan(row)
    observed = observed_state(row) or InstanceState()
    is_replaced = plan is not None and plan.target.identity.holder != observed.identity.holder
    return IdentityImpact(
        kind,
        user_assigned,
        is_change=before != (kind, user_assigned),
        principal_before=_text(instance.identity.principal_id),
        principal_after=_principal_after(row, observed),
        plan=plan,
        refusal=refusal,
        lost_grants=_grants_of_identity(observed) if is_replaced else (),
        new_grants=_new_grants(plan) if plan else (),
        unsigned=tuple(_unsigned_templates(plan)) if plan else (),
    )


def _plan(row: SignalRInstance) -> tuple[Plan | None, str]:
    try:
        return plan_instance(row), ""
    except (SyncError, InvalidDesired) as error:
        return None, str(error)


def _principal_after(row: SignalRInstance, observed: InstanceState) -> str:
    identity = row.identity
    if identity.user_assigned is not None:
        return _text(identity.user_assigned.principal_id) or "unknown"
    if identity.type == ManagedIdentity.Type.NONE:
        return ""
    if observed.identity.type == identity.type:
        return _text(identity.principal_id)
    return "known after apply"


def _grants_of_identity(observed: InstanceState) -> tuple[str, ...]:
    holder = observed.identity.holder
    return tuple(grant.vault for grant in observed.grants if grant.identity == holder)


def _new_grants(plan: Plan) -> tuple[str, ...]:
    return tuple(each.vault for each in plan.target.grants if each not in plan.before.grants)


def _unsigned_templates(plan: Plan) -> Iterator[str]:
    """Yield a message for each template that is not signed from the first state on."""
    for number, template in enumerate(plan.target.templates, 1):
        if template.auth_type == "None":
            continue
        first_signed = [_is_signed(template, state) for state in plan.states].index(True)
        if first_signed:
            name = _patterns(template)
            yield f"Template {number} ({name}) is not signed until step {first_signed}."


def _is_signed(template: TemplateState, state: InstanceState) -> bool:
    return state.identity.type != "None" and template in state.templates


def _patterns(template: TemplateState) -> str:
    return f"{template.hub_pattern}/{template.category_pattern}/{template.event_pattern}"


def _text(value: object) -> str:
    return str(value) if value else ""
