"""Creates and updates the rows of the instances that ARM lists, and marks those that are missing.

Imports and refreshes read the list and call this module. Each batch is a transaction.
`observed_fields` sets the fields of each row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import islice
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower

from arm.errors import UnexpectedAnswer
from arm.instance_state import InstanceState
from arm.resources import SignalRResource, UserAssignedIdentityResource
from arm.transport.raw_answers import Json
from identities.models import ManagedIdentity, SignalRInstance, Subscription
from sync.components.component import SharedRows
from sync.components.registry import REGISTRY
from sync.components.senders import with_senders
from sync.desired.history import Author, record_desired, record_states
from sync.desired.state import copied_state, desired_state
from sync.inventory.key_vault.grant_reader import (
    ObservedGrant,
    VaultReader,
    grant_query,
    with_grants,
)
from sync.inventory.key_vault.vault_rows import save_grants, save_vaults
from sync.inventory.observed_fields import (
    Observation,
    is_overtaken,
    observation_of,
    observe,
    observe_absence,
    save_observed,
)
from sync.inventory.user_assigned_identities import save_identities
from upstreams.url_templates.key_vault_references import OPENING

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class ImportReport:
    """The result of an import or refresh: names of instances, and messages for failed reads.

    `updated`: the observed state changed or, with acceptance, the desired state. `missing`: the
    instance no longer exists in Azure.
    """

    created: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()

    def __add__(self, other: ImportReport) -> ImportReport:
        """Return both reports as one."""
        return ImportReport(
            *(getattr(self, field.name) + getattr(other, field.name) for field in fields(self))
        )


@dataclass(frozen=True, slots=True)
class Listing:
    """One read of a subscription, requested at `asked_at`, and how its answers become rows.

    `creates`: add instances that are not known yet. `accepts`: accept Azure's current state of
    known ones. `who` requested it. `skips_paused`: leave paused instances alone.
    """

    subscription: Subscription
    asked_at: datetime
    creates: bool
    accepts: bool
    who: str = "signalman"
    skips_paused: bool = False

    def write(self, answers: Iterable[Json], *, resource_group: str | None = None) -> ImportReport:
        """Store the whole list of the subscription or of one resource group, as it is read.

        Known instances that are not in it are marked as missing, once it was read to its end.
        """
        report, unreadable, stored = ImportReport(), dict[str, str](), set[str]()
        reader = VaultReader(self.subscription.pk)
        for batch in _batches(answers):
            resources, failed = _parse(batch)
            unreadable |= failed
            # Pages overlap if the list changes while it is read.
            new = {key: each for key, each in resources.items() if key not in stored}
            stored |= new.keys()
            report += self.write_batch(list(new.values()), reader)
        report += ImportReport(unreadable=tuple(unreadable.values()))
        return report + self._write_missing(resource_group, except_for=unreadable)

    def write_batch(
        self, resources: Sequence[SignalRResource], reader: VaultReader | None = None
    ) -> ImportReport:
        """Store a part of the list, in one transaction.

        `reader` reads the grants of instances whose templates name secrets. Raises ArmError.
        """
        reader = reader or VaultReader(self.subscription.pk)
        resources = list(map(with_components, resources))
        identities = save_identities(assigned_identities(resources))
        rows = _rows_with_references(resources)
        grants: dict[str, list[ObservedGrant]] = {}
        seen: list[Observation] = []
        for resource in resources:
            each = observation_of(
                resource, at=self.asked_at, subscription=self.subscription, identities=identities
            )
            found = reader.grants(grant_query(resource, each.principal_id, rows.get(_key(each))))
            grants[_key(each)] = found
            seen.append(replace(each, resource=with_grants(resource, found)))
        return self._write_rows(seen, reader, grants)

    @transaction.atomic
    def _write_rows(
        self,
        seen: Sequence[Observation],
        reader: VaultReader,
        grants: Mapping[str, Sequence[ObservedGrant]],
    ) -> ImportReport:
        # Two imports of one subscription take turns; SQLite has one writer anyway.
        Subscription.objects.select_for_update().get(pk=self.subscription.pk)
        rows = _known_rows([each.resource for each in seen], locked=True)
        vaults = save_vaults(reader, at=self.asked_at)
        known = [
            (rows[key], each)
            for each in seen
            if (key := _key(each)) in rows and not self._skips(rows[key])
        ]
        new = [
            (SignalRInstance(name=each.resource.name, subscription=self.subscription), each)
            for each in seen
            if self.creates and _key(each) not in rows
        ]
        report = self._create(new) + self._update(known)
        stored = {
            row: grants[_key(each)]
            for row, each in (*new, *known)
            if not is_overtaken(row, each.at)
        }
        save_grants(stored, vaults, at=self.asked_at)
        return report

    def _create(self, new: Sequence[tuple[SignalRInstance, Observation]]) -> ImportReport:
        rows = [row for row, _ in new]
        for row, each in new:
            row.identity = ManagedIdentity(instance=row)
            observe(row, each)
        # In bulk, so without save(), which would add the identity's row: a component does.
        SignalRInstance.objects.bulk_create(rows)
        observed_states = [(row, each.resource.state) for row, each in new]
        _copy_observed(observed_states)
        # Not from the rows: reading them again would take a quarter of the time of an import.
        declared = [(row, copied_state(state)) for row, state in observed_states]
        record_states(declared, Author(self.who, "import"))
        return ImportReport(created=_names(rows))

    def _update(self, known: Sequence[tuple[SignalRInstance, Observation]]) -> ImportReport:
        changed = {row.pk: row for row, each in known if observe(row, each)}
        save_observed(list(changed.values()), [row for row, _ in known if row.pk not in changed])
        accepted = [
            (row, each.resource.state)
            for row, each in known
            if self.accepts
            and not is_overtaken(row, each.at)
            and not REGISTRY.is_in_sync(_in_answer(row), each.resource.state)
        ]
        _copy_observed(accepted)
        record_desired([row.pk for row, _ in accepted], Author(self.who, "accept"))
        changed |= {row.pk: row for row, _ in accepted}
        return ImportReport(
            updated=_names(changed.values()),
            unchanged=_names(row for row, _ in known if row.pk not in changed),
        )

    def _skips(self, row: SignalRInstance) -> bool:
        return self.skips_paused and row.policy == SignalRInstance.Policy.PAUSE

    @transaction.atomic
    def _write_missing(
        self, resource_group: str | None, *, except_for: Iterable[str]
    ) -> ImportReport:
        """Mark the instances that the list did not contain."""
        untouched = Q(observed_at__isnull=True) | Q(observed_at__lt=self.asked_at)
        keyed = SignalRInstance.objects.annotate(key=Lower("name"))
        rows = keyed.filter(untouched, subscription=self.subscription)
        if resource_group is not None:
            rows = rows.filter(resource_group__iexact=resource_group)
        gone = [
            row
            for row in rows.select_related("identity").exclude(key__in=list(except_for))
            if not self._skips(row) and observe_absence(row, at=self.asked_at)
        ]
        save_observed(gone, [])
        save_grants(dict.fromkeys(gone, ()), {}, at=self.asked_at)
        return ImportReport(missing=_names(gone))


def _batches(answers: Iterable[Json]) -> Iterator[list[Json]]:
    """Yield the answers in lists, so that only one of them is in memory."""
    remaining = iter(answers)
    while batch := list(islice(remaining, _BATCH)):
        yield batch


def _parse(answers: Iterable[Json]) -> tuple[dict[str, SignalRResource], dict[str, str]]:
    """Return the instances by lower-case name, and likewise why others cannot be read."""
    resources: dict[str, SignalRResource] = {}
    unreadable: dict[str, str] = {}
    for answer in answers:
        try:
            resource = SignalRResource.from_arm(answer)
            resources[resource.name.lower()] = resource
        except UnexpectedAnswer as error:
            unreadable[str(answer.get("name")).lower()] = str(error)
    return resources, unreadable


def _known_rows(
    resources: Iterable[SignalRResource], *, locked: bool = False, **conditions: Any
) -> dict[str, SignalRInstance]:
    keys = [resource.name.lower() for resource in resources]
    rows = SignalRInstance.objects.with_desired().annotate(key=Lower("name"))
    if locked:
        # In one order, so that two lists cannot deadlock.
        rows = rows.select_for_update(of=("self",)).order_by("pk")
    return {row.name.lower(): row for row in rows.filter(key__in=keys, **conditions)}


def _rows_with_references(resources: Iterable[SignalRResource]) -> dict[str, SignalRInstance]:
    """Return the known instances whose desired templates name secrets."""
    return _known_rows(resources, upstream_templates__url_template__contains=OPENING)


def _in_answer(row: SignalRInstance) -> InstanceState:
    """Return the part of the desired state that is in an answer about the instance.

    Function Apps and role assignments are not.
    """
    return with_senders(desired_state(row, SharedRows(apps=())), ())


def _key(observation: Observation) -> str:
    return observation.resource.name.lower()


def assigned_identities(
    resources: Iterable[SignalRResource],
) -> Iterator[UserAssignedIdentityResource]:
    """Return the user-assigned identities in instances' answers."""
    return (each.user_assigned for each in resources if each.user_assigned is not None)


def _names(rows: Iterable[SignalRInstance]) -> tuple[str, ...]:
    return tuple(row.name for row in rows)


def with_components(resource: SignalRResource) -> SignalRResource:
    """Return the instance with what each component reads from its answer."""
    values = {component.kind: component.read(resource) for component in REGISTRY}
    return replace(resource, state=resource.state.with_values(values))


def _copy_observed(observed_states: Sequence[tuple[SignalRInstance, InstanceState]]) -> None:
    for component in REGISTRY:
        component.copy_observed(observed_states)
