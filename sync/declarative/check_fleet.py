"""Checking a declared fleet, and comparing it with the desired state in the rows.

Everything is checked before anything is written. Azure is asked only whether the name of a new
instance is available, and only if there is no other problem.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from arm.errors import ArmError
from arm.instance_state import ExistenceState, InstanceState, TemplateState
from arm.request_bodies import SERVERLESS, SERVICE_MODES, SKUS
from identities.models import SignalRInstance, UserAssignedIdentity
from identities.validators import validate_instance_name, validate_resource_group
from sync.components.component import SharedRows
from sync.components.creation_and_deletion import existence_of
from sync.components.registry import REGISTRY
from sync.components.senders import desired_senders
from sync.components.service_mode import mode_of, with_mode
from sync.components.vault_names import named_vaults
from sync.declarative.fleet_yaml import Declarations, DeclaredFunctionApp, DeclaredInstance
from sync.declarative.yaml_reader import Problem
from sync.desired.add_instance import NotCreatable, Site, require_creatable
from sync.desired.grant_choices import grant_choices
from sync.desired.senders import check_senders
from sync.desired.service_mode import settable_modes
from sync.desired.state import declared_state, observed_state
from sync.planning.changes import Change
from sync.planning.errors import SyncError
from upstreams.models import FunctionApp, UpstreamTemplate
from upstreams.url_templates.redaction import is_redacted, redact

_EXISTENCE_KEYS = ("location", "sku")


class InvalidDeclarations(SyncError):
    """The declarations have problems, so none of them is used."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


@dataclass(frozen=True, slots=True)
class DeclaredChange:
    """The changes that a document makes to an instance's desired state.

    `instance` is its row as it was checked; None for an instance to create.
    """

    declared: DeclaredInstance
    instance: SignalRInstance | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class DeclaredAppChange:
    """The changes that a document makes to the row of a known Function App."""

    declared: DeclaredFunctionApp
    app: FunctionApp
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class DeclaredChanges:
    """The changes of all documents, sorted by the instances' names and the apps' ARM ids."""

    instances: tuple[DeclaredChange, ...]
    function_apps: tuple[DeclaredAppChange, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the rows already have the declared state."""
        return not any(each.changes for each in self.instances) and not any(
            each.changes for each in self.function_apps
        )


def check(declared: Declarations, names: Collection[str] = ()) -> DeclaredChanges:
    """Return the changes of the documents; with `names`, only of these instances.

    Raises InvalidDeclarations with every problem. The desired state is not changed.
    """
    chosen = _chosen(declared, names)
    rows = _rows(chosen.instances)
    chosen = replace(chosen, instances=tuple(_whole(each, rows) for each in chosen.instances))
    assigned = {
        arm_id for each in chosen.instances if (arm_id := each.state.identity.user_assigned_id)
    }
    identities = UserAssignedIdentity.objects.by_arm_id(assigned) if assigned else {}
    apps, problems = _check_apps(chosen.function_apps)
    for each in chosen.instances:
        problems += _check_instance(each, rows.get(each.name.lower()), identities)
    # Azure is queried last, and only if there is no other problem.
    if not problems:
        problems = [problem for each in chosen.instances for problem in _check_new(each, rows)]
    if problems:
        raise InvalidDeclarations(problems)
    declared_changes = [_difference(each, rows.get(each.name.lower())) for each in chosen.instances]
    return DeclaredChanges(
        tuple(sorted(declared_changes, key=lambda each: each.declared.name.lower())),
        tuple(sorted(apps, key=lambda each: each.app.arm_id.lower())),
    )


def site_of(declared: DeclaredInstance) -> Site:
    """Return the place of the instance."""
    return Site(declared.subscription_id, declared.resource_group)


def creation_of(declared: DeclaredInstance) -> ExistenceState:
    """Return the properties to create an instance with, with the defaults of `create_instance`."""
    said = declared.existence
    return replace(said, sku=said.sku or "Standard_S1", service_mode=mode_of(declared.state))


def _chosen(declared: Declarations, names: Collection[str]) -> Declarations:
    if not names:
        return declared
    keys = {name.lower() for name in names}
    instances = tuple(each for each in declared.instances if each.name.lower() in keys)
    if missing := keys - {each.name.lower() for each in instances}:
        raise SyncError(f"No document is of {', '.join(sorted(missing))}.")
    return Declarations(instances)


def _rows(declared: Iterable[DeclaredInstance]) -> dict[str, SignalRInstance]:
    keys = [each.name.lower() for each in declared]
    keyed = SignalRInstance.objects.with_desired().annotate(key=Lower("name"))
    return {row.name.lower(): row for row in keyed.filter(key__in=keys)}


def _whole(declared: DeclaredInstance, rows: Mapping[str, SignalRInstance]) -> DeclaredInstance:
    """Return the document with what it leaves to the instance.

    These are the keys that an export redacted, if the instance has them, and the service mode.
    """
    row = rows.get(declared.name.lower())
    if not mode_of(declared.state):
        mode = row.desired_service_mode if row else SERVERLESS
        declared = replace(declared, state=with_mode(declared.state, mode))
    if row is None:
        return declared
    known = {redact(each.url_template): each.url_template for each in _kept(row)}
    templates = tuple(
        replace(each, url_template=known[each.url_template])
        if is_redacted(each.url_template) and each.url_template in known
        else each
        for each in declared.state.templates
    )
    return replace(declared, state=replace(declared.state, templates=templates))


def _check_apps(
    declared: Collection[DeclaredFunctionApp],
) -> tuple[list[DeclaredAppChange], list[Problem]]:
    keys = [each.arm_id.lower() for each in declared]
    keyed = FunctionApp.objects.annotate(key=Lower("arm_id")).filter(key__in=keys)
    rows = {row.arm_id.lower(): row for row in keyed}
    problems = [
        each.problem("Unknown Function App. Run `manage.py import_instances` first.")
        for each in declared
        if each.arm_id.lower() not in rows
    ]
    if problems:
        return [], problems
    return [_app_difference(each, rows[each.arm_id.lower()]) for each in declared], []


def _app_difference(declared: DeclaredFunctionApp, row: FunctionApp) -> DeclaredAppChange:
    if row.policy == declared.policy:
        return DeclaredAppChange(declared, row, ())
    change = Change("app.policy", "update", row.policy, declared.policy)
    return DeclaredAppChange(declared, row, (change,))


def _check_instance(
    declared: DeclaredInstance, row: SignalRInstance | None, identities: Collection[str]
) -> Iterator[Problem]:
    yield from _check_known(declared, row) if row else _check_unknown(declared)
    assigned = declared.state.identity.user_assigned_id
    if assigned and assigned not in identities:
        yield declared.problem(
            f"Unknown user-assigned identity {assigned}. Import its subscription first.",
            "identity",
        )
    yield from _check_grants(declared)
    yield from _check_senders(declared)
    kept = _kept(row) if row else frozenset()
    for position, template in enumerate(declared.state.templates):
        # An imported template may stay as it is; only new ones are validated.
        if template not in kept:
            yield from _check_template(declared, position, template)


def _kept(row: SignalRInstance) -> frozenset[TemplateState]:
    """Return the desired and observed templates of the instance."""
    observed = observed_state(row, SharedRows(apps=()))
    return frozenset([*declared_state(row).templates, *(observed.templates if observed else ())])


def _check_known(declared: DeclaredInstance, row: SignalRInstance) -> Iterator[Problem]:
    if row.subscription_id != declared.subscription_id:
        yield declared.problem(
            f"The instance is in the subscription {row.subscription_id}.", "subscription"
        )
    if row.resource_group.lower() != declared.resource_group.lower():
        yield declared.problem(
            f"The instance is in the resource group {row.resource_group}.", "resourceGroup"
        )
    said, found = asdict(declared.existence), asdict(existence_of(row))
    for key in _EXISTENCE_KEYS:
        if said[key] and found[key] and said[key].lower() != found[key].lower():
            yield declared.problem(
                f"The instance has {found[key]}, which cannot be changed. Write that value, or "
                "remove the key.",
                key,
            )
        if declared.create_if_missing and not said[key] and not found[key]:
            yield declared.problem(f"{key} is required with createIfMissing.")
    mode, modes = mode_of(declared.state), settable_modes(row)
    if mode and mode not in modes:
        yield _unknown_choice(declared, "serviceMode", modes)


def _check_unknown(declared: DeclaredInstance) -> Iterator[Problem]:
    if not declared.create_if_missing:
        yield declared.problem(
            f"Unknown instance {declared.name!r}. Run `manage.py import_instances` first, or write "
            "createIfMissing: true to create it in Azure.",
            "name",
        )
        return
    if not declared.existence.location:
        yield declared.problem("location is required to create the instance.")
    created = creation_of(declared)
    for key, said, choices in (
        ("sku", created.sku, SKUS),
        ("serviceMode", created.service_mode, SERVICE_MODES),
    ):
        if said not in choices:
            yield _unknown_choice(declared, key, choices)
    for key, value, validate in (
        ("name", declared.name, validate_instance_name),
        ("resourceGroup", declared.resource_group, validate_resource_group),
    ):
        try:
            validate(value)
        except ValidationError as error:
            yield declared.problem(" ".join(error.messages), key)


def _unknown_choice(declared: DeclaredInstance, key: str, choices: Iterable[str]) -> Problem:
    return declared.problem(f"The value must be one of {', '.join(choices)}.", key)


def _check_grants(declared: DeclaredInstance) -> Iterator[Problem]:
    if declared.grants and declared.state.identity.holder is None:
        yield declared.problem("grants needs an identity.", "grants")
    for name in declared.grants.keys() - {*named_vaults(declared.state.templates)}:
        yield declared.problem(f"No template names a secret of the vault {name}.", "grants")


def _check_senders(declared: DeclaredInstance) -> Iterator[Problem]:
    try:
        check_senders(declared.senders or ())
    except ValidationError as error:
        yield declared.problem(" ".join(error.messages), "senders")


def _check_template(
    declared: DeclaredInstance, position: int, template: TemplateState
) -> Iterator[Problem]:
    if is_redacted(template.url_template):
        yield declared.problem(
            "The key in this URL was redacted, and the instance has no template with that key. Use "
            "a Key Vault reference instead.",
            f"upstream[{position}]",
        )
        return
    row = UpstreamTemplate(
        hub_pattern=template.hub_pattern,
        category_pattern=template.category_pattern,
        event_pattern=template.event_pattern,
        url_template=template.url_template,
        auth_type=template.auth_type,
        resource=template.resource or "",
    )
    try:
        row.clean_fields(exclude=["instance"])
        row.clean()
    except ValidationError as error:
        messages = " ".join(
            f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()
        )
        yield declared.problem(messages, f"upstream[{position}]")


def _check_new(
    declared: DeclaredInstance, rows: Mapping[str, SignalRInstance]
) -> Iterator[Problem]:
    if declared.name.lower() in rows:
        return
    try:
        require_creatable(declared.name, site_of(declared), creation_of(declared))
    except (NotCreatable, ArmError) as error:
        yield declared.problem(str(error))


def _difference(declared: DeclaredInstance, row: SignalRInstance | None) -> DeclaredChange:
    if row is None:
        created = Change("instance", "create", None, asdict(creation_of(declared)))
        found = REGISTRY.differences(InstanceState(), with_mode(declared.state, ""))
        return DeclaredChange(declared, None, (created, *found))
    flags = (
        ("policy", row.policy, declared.policy),
        ("is_protected", row.is_protected, declared.is_protected),
        ("create_if_missing", row.create_if_missing, declared.create_if_missing),
    )
    changes = [
        Change(f"instance.{name}", "update", before, after)
        for name, before, after in flags
        if after is not None and before != after
    ]
    changes += REGISTRY.differences(declared_state(row), declared.state)
    changes += [*_grant_changes(declared, row), *_sender_changes(declared, row)]
    return DeclaredChange(declared, row, tuple(changes))


def grants_of(declared: DeclaredInstance) -> dict[str, bool]:
    """Return, for every vault that the templates name, whether its grant is desired."""
    if declared.state.identity.holder is None:
        return {}
    return {
        name: declared.grants.get(name, True) for name in named_vaults(declared.state.templates)
    }


def _grant_changes(declared: DeclaredInstance, row: SignalRInstance) -> Iterator[Change]:
    before = grant_choices(row)
    for name, after in grants_of(declared).items():
        if before.get(name, True) != after:
            yield Change(f"grants[{name}].desired", "update", before.get(name, True), after)


def _sender_changes(declared: DeclaredInstance, row: SignalRInstance) -> Iterator[Change]:
    """Yield the senders that the document adds, and those that it leaves out."""
    if declared.senders is None:
        return
    before = {each.principal_id: each.principal_type for each in desired_senders(row)}
    after = {each.principal_id: each.principal_type for each in declared.senders}
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield Change(f"senders[{key}].desired", "update", before.get(key), after.get(key))
