"""Whether there is an instance at all. One that is there is never made otherwise."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from arm.state import ABSENT, ExistenceState, InstanceState
from sync.planning.changes import Change
from sync.planning.components.component import Part, Place, Writing

if TYPE_CHECKING:
    from arm.async_operations import LongRunning

Existence = ExistenceState | None


def _place(_before: InstanceState, _after: InstanceState) -> Place:
    return Place.EXISTENCE


def _changes(before: InstanceState, after: InstanceState) -> tuple[Change, ...]:
    if before.existence is None and after.existence is not None:
        return (Change("instance", "create", None, asdict(after.existence)),)
    if before.existence is not None and after.existence is None:
        return (Change("instance", "delete", asdict(before.existence), None),)
    return ()


def _title(_before: InstanceState, after: InstanceState) -> str:
    return "Delete the instance" if after.existence is None else "Create the instance"


def _warnings(_before: InstanceState, after: InstanceState) -> tuple[str, ...]:
    if after.existence is not None:
        return ()
    sentence = (
        "Its clients are cut off, its keys and its own identity are gone for good, and others may "
        "take its name."
    )
    return (sentence,)


def _problems(desired: InstanceState) -> tuple[str, ...]:
    if desired.existence is None and desired != ABSENT:
        return ("There is no instance to write to: choose the change `instance` with it.",)
    return ()


def _relevant(found: Existence, wanted: Existence) -> Existence:
    return found if found is None or wanted is None else wanted


def _holds(found: Existence, planned: Existence) -> bool:
    return (found is None) == (planned is None)


def _write(writing: Writing) -> LongRunning:
    group, name = writing.resource.resource_group, writing.resource.name
    named = writing.correlation_id
    if writing.after.existence is None:
        return writing.client.delete_instance(group, name, correlation_id=named)
    return writing.client.create_instance(
        group, name, writing.after.existence, correlation_id=named
    )


PART = Part(
    "existence",
    _place,
    _changes,
    _title,
    _write,
    warnings=_warnings,
    problems=_problems,
    relevant=_relevant,
    holds=_holds,
)
