"""What another identity would lead to, from the plan that it would have."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from arm.state import InstanceState, TemplateState
from identities.models import ManagedIdentity, SignalRInstance, UserAssignedIdentity
from sync.desired.state import observed_state
from sync.operations.instance_plan import plan_instance
from sync.planning.errors import SyncError
from sync.planning.plan import InvalidDesired, Plan


@dataclass(frozen=True, slots=True)
class Consequences:
    """What saving an identity leads to, once the plan is applied.

    `refusal` says why there is no plan; then there is no `plan`. `losing` are the vaults that the
    present identity may read and the instance may not any more through it, `granted` those that the
    plan lets the next one into. `unsigned` says which templates are not signed, and until when.
    """

    kind: ManagedIdentity.Type
    borrowed: UserAssignedIdentity | None
    is_news: bool
    principal_before: str
    principal_after: str
    plan: Plan | None = None
    refusal: str = ""
    losing: tuple[str, ...] = ()
    granted: tuple[str, ...] = ()
    unsigned: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """The identity in words."""
        return f"{self.kind.label}: {self.borrowed}" if self.borrowed else str(self.kind.label)


def consequences(
    instance: SignalRInstance, kind: ManagedIdentity.Type, borrowed: UserAssignedIdentity | None
) -> Consequences:
    """Return what wanting that identity leads to. Nothing is written, and Azure is not asked."""
    row = SignalRInstance.objects.with_desired().get(pk=instance.pk)
    wanted_before = (row.identity.type, row.identity.user_assigned)
    # In memory alone: the plan is that of the row as it would be.
    row.identity.type, row.identity.user_assigned = kind, borrowed
    plan, refusal = _plan(row)
    present = observed_state(row) or InstanceState()
    changes_holder = plan is not None and plan.target.identity.holder != present.identity.holder
    return Consequences(
        kind,
        borrowed,
        is_news=wanted_before != (kind, borrowed),
        principal_before=_written(instance.identity.principal_id),
        principal_after=_principal_after(row, kind, borrowed, present),
        plan=plan,
        refusal=refusal,
        losing=_losing(present) if changes_holder else (),
        granted=_granted(plan) if plan else (),
        unsigned=tuple(_unsigned(plan)) if plan else (),
    )


def _plan(row: SignalRInstance) -> tuple[Plan | None, str]:
    try:
        return plan_instance(row), ""
    except (SyncError, InvalidDesired) as error:
        return None, str(error)


def _principal_after(
    row: SignalRInstance,
    kind: ManagedIdentity.Type,
    borrowed: UserAssignedIdentity | None,
    present: InstanceState,
) -> str:
    if borrowed is not None:
        return _written(borrowed.principal_id) or "not known yet"
    if kind == ManagedIdentity.Type.NONE:
        return ""
    if present.identity.type == kind.value:
        return _written(row.identity.principal_id)
    return "made by Azure, known after apply"


def _losing(present: InstanceState) -> tuple[str, ...]:
    holder = present.identity.holder
    return tuple(grant.vault for grant in present.grants if grant.identity == holder)


def _granted(plan: Plan) -> tuple[str, ...]:
    return tuple(each.vault for each in plan.target.grants if each not in plan.before.grants)


def _unsigned(plan: Plan) -> Iterator[str]:
    """Say of each template that is to be signed how long it takes until it is."""
    for index, template in enumerate(plan.target.templates):
        if template.auth_type == "None":
            continue
        signed = [_is_signed(template, state) for state in plan.states]
        first = signed.index(True)
        if first:
            yield (
                f"Template {index + 1}, {_name(template)}, is signed from step {first} on, and not "
                "before."
            )


def _is_signed(template: TemplateState, state: InstanceState) -> bool:
    return state.identity.type != "None" and template in state.templates


def _name(template: TemplateState) -> str:
    return f"{template.hub_pattern}/{template.category_pattern}/{template.event_pattern}"


def _written(value: object) -> str:
    return str(value) if value else ""
