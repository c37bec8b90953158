"""What a declared fleet would change of the rows, and why some of it cannot be.

Everything is checked before anything is written. Azure is asked only whether the name of a new
instance is free, and only where nothing else is wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace

from django.core.exceptions import ValidationError
from django.db.models.functions import Lower

from arm.errors import ArmError
from arm.request_bodies import SERVICE_MODES, SKUS
from arm.state import ExistenceState, InstanceState, TemplateState
from identities.models import SignalRInstance
from identities.names import validate_instance_name, validate_resource_group
from sync.declarative.export import wanted_grants
from sync.declarative.fleet_documents import Declarations, DeclaredFunctionApp, DeclaredInstance
from sync.declarative.yaml_reader import Fault
from sync.desired.lifecycle import NotCreatable, Site, require_creatable
from sync.desired.state import existence_of, observed_state, row_state
from sync.inventory.user_assigned_identities import known_identities
from sync.planning.changes import Change
from sync.planning.components.vault_names import named_vaults
from sync.planning.errors import SyncError
from sync.planning.partial_plan import differences
from upstreams.models import FunctionApp, UpstreamTemplate
from upstreams.redaction import is_redacted, redact

_EXISTENCE_KEYS = {"location": "location", "sku": "sku", "serviceMode": "service_mode"}


class Undeclarable(SyncError):
    """Something is wrong with what was declared, so none of it is taken."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


@dataclass(frozen=True, slots=True)
class Intent:
    """What a document asks of an instance: `changes` of its rows, or of the rows that it gets.

    `instance` is its row as it was checked; None for one that is to be made.
    """

    declared: DeclaredInstance
    instance: SignalRInstance | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class AppIntent:
    """What a document asks of a Function App that is known: `changes` of its row."""

    declared: DeclaredFunctionApp
    app: FunctionApp
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Intents:
    """What all documents ask, by the names of the instances, and by the apps' ARM ids."""

    instances: tuple[Intent, ...]
    function_apps: tuple[AppIntent, ...]

    @property
    def is_empty(self) -> bool:
        """Whether the rows are as they are to be."""
        return not any(each.changes for each in self.instances) and not any(
            each.changes for each in self.function_apps
        )


def check(declared: Declarations, names: Collection[str] = ()) -> Intents:
    """Return what the documents ask; with `names`, those of these instances alone.

    Raises Undeclarable, with all that is wrong, and writes nothing that is wanted.
    """
    chosen = _chosen(declared, names)
    rows = _rows(chosen.instances)
    chosen = replace(chosen, instances=tuple(_whole(each, rows) for each in chosen.instances))
    borrowed = {
        arm_id for each in chosen.instances if (arm_id := each.state.identity.user_assigned_id)
    }
    identities = known_identities(borrowed) if borrowed else {}
    apps, faults = _check_apps(chosen.function_apps)
    for each in chosen.instances:
        faults += _check_instance(each, rows.get(each.name.lower()), identities)
    # Azure is asked last: what is wrong here needs no question.
    if not faults:
        faults = [fault for each in chosen.instances for fault in _check_new(each, rows)]
    if faults:
        raise Undeclarable(faults)
    intents = [_intent(each, rows.get(each.name.lower())) for each in chosen.instances]
    return Intents(
        tuple(sorted(intents, key=lambda each: each.declared.name.lower())),
        tuple(sorted(apps, key=lambda each: each.app.arm_id.lower())),
    )


def site_of(declared: DeclaredInstance) -> Site:
    """Return where the instance is, or is to be made."""
    return Site(declared.subscription_id, declared.resource_group)


def creation_of(declared: DeclaredInstance) -> ExistenceState:
    """Return how a new instance is to be made, with the defaults of `create_instance`."""
    said = declared.existence
    return replace(
        said, sku=said.sku or "Standard_S1", service_mode=said.service_mode or SERVICE_MODES[0]
    )


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
    """Return the document with the keys that an export hid, where the instance still has them."""
    row = rows.get(declared.name.lower())
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
) -> tuple[list[AppIntent], list[Fault]]:
    keys = [each.arm_id.lower() for each in declared]
    keyed = FunctionApp.objects.annotate(key=Lower("arm_id")).filter(key__in=keys)
    rows = {row.arm_id.lower(): row for row in keyed}
    faults = [
        each.fault("This Function App is not known here: run import_instances first.")
        for each in declared
        if each.arm_id.lower() not in rows
    ]
    if faults:
        return [], faults
    return [_app_intent(each, rows[each.arm_id.lower()]) for each in declared], []


def _app_intent(declared: DeclaredFunctionApp, row: FunctionApp) -> AppIntent:
    if row.policy == declared.policy:
        return AppIntent(declared, row, ())
    change = Change("app.policy", "update", row.policy, declared.policy)
    return AppIntent(declared, row, (change,))


def _check_instance(
    declared: DeclaredInstance, row: SignalRInstance | None, identities: Collection[str]
) -> Iterator[Fault]:
    yield from _check_known(declared, row) if row else _check_unknown(declared)
    borrowed = declared.state.identity.user_assigned_id
    if borrowed and borrowed not in identities:
        yield declared.fault(
            f"The user-assigned identity {borrowed} is not known here: import its subscription.",
            "identity",
        )
    yield from _check_grants(declared)
    kept = _kept(row) if row else frozenset()
    for position, template in enumerate(declared.state.templates):
        # What an import brought may stay as it is; only what is chosen anew is judged.
        if template not in kept:
            yield from _check_template(declared, position, template)


def _kept(row: SignalRInstance) -> frozenset[TemplateState]:
    """Return the templates that the instance has, here or in Azure."""
    observed = observed_state(row, apps=())
    return frozenset([*row_state(row).templates, *(observed.templates if observed else ())])


def _check_known(declared: DeclaredInstance, row: SignalRInstance) -> Iterator[Fault]:
    if row.subscription_id != declared.subscription_id:
        yield declared.fault(f"It is in the subscription {row.subscription_id}.", "subscription")
    if row.resource_group.lower() != declared.resource_group.lower():
        yield declared.fault(f"It is in {row.resource_group}.", "resourceGroup")
    said, found = asdict(declared.existence), asdict(existence_of(row))
    for key, name in _EXISTENCE_KEYS.items():
        if said[name] and found[name] and said[name].lower() != found[name].lower():
            yield declared.fault(
                f"It is {found[name]}, and an instance that is there is never made otherwise: "
                "write that, or leave this out.",
                key,
            )
        if declared.create_if_missing and not said[name] and not found[name]:
            yield declared.fault(f"Say {key}: it may have to be made.")


def _check_unknown(declared: DeclaredInstance) -> Iterator[Fault]:
    if not declared.create_if_missing:
        yield declared.fault(
            f"There is no instance {declared.name!r} here: run import_instances first, or write "
            "createIfMissing: true to have it made in Azure.",
            "name",
        )
        return
    if not declared.existence.location:
        yield declared.fault("Say in which location it is to be made.")
    for key, choices in (("sku", SKUS), ("serviceMode", SERVICE_MODES)):
        said = getattr(declared.existence, _EXISTENCE_KEYS[key])
        if said and said not in choices:
            yield declared.fault(f"It is to be made as one of {', '.join(choices)}.", key)
    for key, value, validate in (
        ("name", declared.name, validate_instance_name),
        ("resourceGroup", declared.resource_group, validate_resource_group),
    ):
        try:
            validate(value)
        except ValidationError as error:
            yield declared.fault(" ".join(error.messages), key)


def _check_grants(declared: DeclaredInstance) -> Iterator[Fault]:
    if declared.grants and declared.state.identity.holder is None:
        yield declared.fault("There is no identity that could be granted anything.", "grants")
    for name in declared.grants.keys() - {*named_vaults(declared.state.templates)}:
        yield declared.fault(f"No template names a secret of the vault {name}.", "grants")


def _check_template(
    declared: DeclaredInstance, position: int, template: TemplateState
) -> Iterator[Fault]:
    if is_redacted(template.url_template):
        yield declared.fault(
            "A key was hidden in its address, and the instance has no template with that key: name "
            "a secret of a vault in its place.",
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
        sentences = " ".join(
            f"{name}: {' '.join(messages)}" for name, messages in error.message_dict.items()
        )
        yield declared.fault(sentences, f"upstream[{position}]")


def _check_new(declared: DeclaredInstance, rows: Mapping[str, SignalRInstance]) -> Iterator[Fault]:
    if declared.name.lower() in rows:
        return
    try:
        require_creatable(declared.name, site_of(declared), creation_of(declared))
    except (NotCreatable, ArmError) as error:
        yield declared.fault(str(error))


def _intent(declared: DeclaredInstance, row: SignalRInstance | None) -> Intent:
    if row is None:
        created = Change("instance", "create", None, asdict(creation_of(declared)))
        found = differences(InstanceState(), declared.state)
        return Intent(declared, None, (created, *found))
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
    changes += differences(row_state(row), declared.state)
    return Intent(declared, row, (*changes, *_grant_changes(declared, row)))


def grants_of(declared: DeclaredInstance) -> dict[str, bool]:
    """Return of every vault that the templates name whether the identity is to be let in."""
    if declared.state.identity.holder is None:
        return {}
    return {
        name: declared.grants.get(name, True) for name in named_vaults(declared.state.templates)
    }


def _grant_changes(declared: DeclaredInstance, row: SignalRInstance) -> Iterator[Change]:
    before = wanted_grants(row)
    for name, after in grants_of(declared).items():
        if before.get(name, True) != after:
            yield Change(f"grants[{name}].wanted", "update", before.get(name, True), after)
