"""A list of instances as Azure answered it, becoming rows: in batches, each in a transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Lower

from arm.errors import UnexpectedAnswer
from arm.resources import SignalRResource, UserAssignedIdentityResource
from arm.state import InstanceState
from arm.transport.raw_answers import Json
from identities.models import (
    ManagedIdentity,
    SignalRInstance,
    Subscription,
    UserAssignedIdentity,
)
from sync.desired.history import Author, record_desired
from sync.desired.rows import adopt
from sync.desired.state import desired_state
from sync.inventory.observations import (
    Sighting,
    is_overtaken,
    observe,
    observe_absence,
    save_observed,
    sighting,
)
from sync.inventory.user_assigned_identities import remember_identities
from sync.inventory.vault_grants import save_grants, save_vaults, take_over
from sync.inventory.vault_reader import Held, VaultReader, question, with_grants
from sync.planning.components import is_in_sync
from upstreams.key_vault_references import OPENING

_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What a listing of Azure led to: names of instances, and a sentence for each unreadable one.

    `updated` are those whose observed side, or with acceptance the desired side, is another now;
    `missing` those that Azure has no more and had at the last look.
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
    """One read of a subscription, asked for at `asked_at`, and how its answers become rows.

    `creates` says to take in instances that are new here, `accepts` to want of the known ones what
    Azure has, and `who` asked for either. `spares_paused` says to leave paused ones alone.
    """

    subscription: Subscription
    asked_at: datetime
    creates: bool
    accepts: bool
    who: str = "signalman"
    spares_paused: bool = False

    def write(self, answers: Iterable[Json], *, resource_group: str | None = None) -> ImportReport:
        """Write down the whole list, of the subscription or of one resource group.

        What it does not hold is gone from Azure.
        """
        resources, unreadable = _parse(answers)
        report = ImportReport(unreadable=tuple(unreadable.values()))
        reader = VaultReader(self.subscription.pk)
        for start in range(0, len(resources), _BATCH):
            report += self.write_batch(resources[start : start + _BATCH], reader)
        return report + self._write_missing(resource_group, except_for=unreadable)

    def write_batch(
        self, resources: Sequence[SignalRResource], reader: VaultReader | None = None
    ) -> ImportReport:
        """Write down some of the list, all of them or none.

        Of those whose templates name secrets, who may read them is asked with `reader`. Raises
        ArmError.
        """
        reader = reader or VaultReader(self.subscription.pk)
        identities = remember_identities(borrowed_identities(resources))
        rows = _naming_rows(resources)
        grants: dict[str, list[Held]] = {}
        seen: list[Sighting] = []
        for resource in resources:
            each = sighting(
                resource, at=self.asked_at, subscription=self.subscription, identities=identities
            )
            held = reader.held(question(resource, each.principal_id, rows.get(_key(each))))
            grants[_key(each)] = held
            seen.append(replace(each, resource=with_grants(resource, held)))
        return self._write_rows(seen, identities, reader, grants)

    @transaction.atomic
    def _write_rows(
        self,
        seen: Sequence[Sighting],
        identities: Mapping[str, UserAssignedIdentity],
        reader: VaultReader,
        grants: Mapping[str, Sequence[Held]],
    ) -> ImportReport:
        # Two imports of one subscription take turns; SQLite has one writer anyway.
        Subscription.objects.select_for_update().get(pk=self.subscription.pk)
        rows = _known_rows([each.resource for each in seen], locked=True)
        vaults = save_vaults(reader, at=self.asked_at)
        known = [
            (rows[key], each)
            for each in seen
            if (key := _key(each)) in rows and not self._spares(rows[key])
        ]
        new = [
            (SignalRInstance(name=each.resource.name), each)
            for each in seen
            if self.creates and _key(each) not in rows
        ]
        report = self._create(new, identities) + self._update(known, identities)
        held = {
            row: grants[_key(each)]
            for row, each in (*new, *known)
            if not is_overtaken(row, each.at)
        }
        save_grants(held, vaults, at=self.asked_at)
        return report

    def _create(
        self,
        new: Sequence[tuple[SignalRInstance, Sighting]],
        identities: Mapping[str, UserAssignedIdentity],
    ) -> ImportReport:
        rows = [row for row, _ in new]
        own = [ManagedIdentity(instance=row) for row in rows]
        for row, each in new:
            observe(row, each)
        # In bulk, so without save(): the identity's row, which that would add, is added here.
        SignalRInstance.objects.bulk_create(rows)
        ManagedIdentity.objects.bulk_create(own)
        adoptions = [(row, each.resource.state) for row, each in new]
        adopt(adoptions, identities)
        take_over(adoptions)
        record_desired([row.pk for row in rows], Author(self.who, "import"))
        return ImportReport(created=_names(rows))

    def _update(
        self,
        known: Sequence[tuple[SignalRInstance, Sighting]],
        identities: Mapping[str, UserAssignedIdentity],
    ) -> ImportReport:
        changed = {row.pk: row for row, each in known if observe(row, each)}
        save_observed(list(changed.values()), [row for row, _ in known if row.pk not in changed])
        accepted = [
            (row, each.resource.state)
            for row, each in known
            if self.accepts
            and not is_overtaken(row, each.at)
            and not is_in_sync(_of_its_own(row), each.resource.state)
        ]
        adopt(accepted, identities)
        take_over(accepted)
        record_desired([row.pk for row, _ in accepted], Author(self.who, "accept"))
        changed |= {row.pk: row for row, _ in accepted}
        return ImportReport(
            updated=_names(changed.values()),
            unchanged=_names(row for row, _ in known if row.pk not in changed),
        )

    def _spares(self, row: SignalRInstance) -> bool:
        return self.spares_paused and row.policy == SignalRInstance.Policy.PAUSE

    @transaction.atomic
    def _write_missing(
        self, resource_group: str | None, *, except_for: Iterable[str]
    ) -> ImportReport:
        """Mark the instances that the list should have held: those it did not touch."""
        untouched = Q(observed_at__isnull=True) | Q(observed_at__lt=self.asked_at)
        keyed = SignalRInstance.objects.annotate(key=Lower("name"))
        rows = keyed.filter(untouched, subscription=self.subscription)
        if resource_group is not None:
            rows = rows.filter(resource_group__iexact=resource_group)
        gone = [
            row
            for row in rows.select_related("identity").exclude(key__in=list(except_for))
            if not self._spares(row) and observe_absence(row, at=self.asked_at)
        ]
        save_observed(gone, [])
        save_grants(dict.fromkeys(gone, ()), {}, at=self.asked_at)
        return ImportReport(missing=_names(gone))


def _parse(answers: Iterable[Json]) -> tuple[list[SignalRResource], dict[str, str]]:
    """Return the instances, and by lower-case name why others cannot be read.

    One must not hide the rest.
    """
    resources: dict[str, SignalRResource] = {}
    unreadable: dict[str, str] = {}
    for answer in answers:
        try:
            resource = SignalRResource.from_arm(answer)
            # Pages overlap where the list changes while it is read.
            resources[resource.name.lower()] = resource
        except UnexpectedAnswer as error:
            unreadable[str(answer.get("name")).lower()] = str(error)
    return list(resources.values()), unreadable


def _known_rows(
    resources: Iterable[SignalRResource], *, locked: bool = False, **conditions: Any
) -> dict[str, SignalRInstance]:
    keys = [resource.name.lower() for resource in resources]
    rows = SignalRInstance.objects.with_desired().annotate(key=Lower("name"))
    if locked:
        # In one order, so that two lists never wait for each other.
        rows = rows.select_for_update(of=("self",)).order_by("pk")
    return {row.name.lower(): row for row in rows.filter(key__in=keys, **conditions)}


def _naming_rows(resources: Iterable[SignalRResource]) -> dict[str, SignalRInstance]:
    """Return the known instances whose wanted templates name secrets."""
    return _known_rows(resources, upstream_templates__url_template__contains=OPENING)


def _of_its_own(row: SignalRInstance) -> InstanceState:
    """Return what is wanted of an instance, without what is wanted of the apps that serve it."""
    return desired_state(row, apps=())


def _key(seen: Sighting) -> str:
    return seen.resource.name.lower()


def borrowed_identities(
    resources: Iterable[SignalRResource],
) -> Iterator[UserAssignedIdentityResource]:
    """Return the user-assigned identities that instances name, with what they say of them."""
    return (each.user_assigned for each in resources if each.user_assigned is not None)


def _names(rows: Iterable[SignalRInstance]) -> tuple[str, ...]:
    return tuple(row.name for row in rows)
